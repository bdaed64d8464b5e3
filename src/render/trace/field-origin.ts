import { resolvePlain } from '../../manifest/go-scalar.ts'
import { canonicalJson, isObject, textAt, type Json } from '../../manifest/json.ts'
import type { Manifest } from '../../manifest/resource.ts'
import {
  childAt,
  valueOf,
  type Mechanism,
  type Spot,
  type Traced,
  type TracedMap,
  type TracedScalar,
} from '../../manifest/traced.ts'
import { readAgain } from './substituted-object.ts'

/** Where a field of a rendered object was written. Lines and columns count from 1. */
export interface FieldOrigin {
  file: string
  /** of the field's key, or of the list item */
  line: number
  column: number
  mechanism: Mechanism
  /** where the value itself begins: elsewhere than the key behind an alias */
  value: Spot
  /** names of the substitution variables in its text */
  variables: readonly string[]
}

/**
 * The place of a field in a traced object, if what is written there gives the value that was rendered.
 * @param path names of fields and indexes of list items
 * @param names of the objects that the Kustomization applies: references to them change with them
 * @returns undefined where no place is known for sure
 */
export function fieldOrigin(
  traced: TracedMap,
  manifest: Manifest,
  path: readonly (string | number)[],
  names: ReadonlySet<string>,
): FieldOrigin | undefined {
  let node: Traced = traced
  let value: Json = manifest
  let key: Spot | undefined = traced.spot
  for (const step of path) {
    const below = childOf(value, step)
    const here: Traced | undefined =
      node.kind === 'scalar' && node.variables !== undefined ? readAgain(node) : node
    const next: Below | undefined =
      here === undefined || below === undefined ? undefined : descend(here, value, step, below)
    if (next === undefined || below === undefined) return undefined
    value = below
    node = next.node
    key = next.key ?? node.spot
  }
  const referred = renamedNamespace(traced, path, value, node)
  if (referred !== undefined) return originOf(referred.spot, referred)
  if (!gives(node, value, { path, names, kind: textAt(manifest, 'kind') ?? '' })) return undefined
  return originOf(
    key,
    node,
    textAt(manifest, 'kind') === 'HelmRelease' && path[0] === 'spec' && path[1] === 'values',
  )
}

interface Below {
  node: Traced
  key: Spot | undefined
}

function originOf(key: Spot | undefined, node: Traced, isValue = false): FieldOrigin | undefined {
  const value = node.spot ?? key
  if (key === undefined || value === undefined) return undefined
  const told = node.kind === 'scalar' ? value.mechanism : key.mechanism
  return {
    file: key.file,
    line: key.line,
    column: key.column,
    mechanism: isValue && (told === 'base' || told === 'component') ? 'values' : told,
    value,
    variables: node.kind === 'scalar' ? (node.variables ?? []) : [],
  }
}

function childOf(value: Json, step: string | number): Json | undefined {
  if (Array.isArray(value)) return value[Number(step)]
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

function descend(node: Traced, value: Json, step: string | number, below: Json): Below | undefined {
  if (node.kind === 'map') return node.entries.get(String(step))
  if (node.kind !== 'list' || !Array.isArray(value)) return undefined
  // a list that came out otherwise: only an item that is the same, and the only one
  const same = node.items.filter(item => canonicalJson(valueOf(item)) === canonicalJson(below))
  const item =
    node.items.length === value.length ? node.items[Number(step)] : same.length === 1 ? same[0] : undefined
  if (item === undefined) return undefined
  // of a map in a list, the first key
  const first = item.kind === 'map' ? [...item.entries.values()][0]?.key : undefined
  return { node: item, key: first ?? item.spot }
}

interface Expected {
  path: readonly (string | number)[]
  names: ReadonlySet<string>
  kind: string
}

/** Whether what is written gives the value. */
function gives(node: Traced, value: Json, expected: Expected): boolean {
  if (Array.isArray(value)) return node.kind === 'list' && node.items.length === value.length
  if (isObject(value)) return node.kind === 'map'
  if (node.kind !== 'scalar') return false
  if (node.value === value) return true
  if (typeof node.value === 'string' && resolvePlain(node.value).value === value) return true
  if (typeof value !== 'string') return false
  const text = String(node.value)
  // a folded text: the same words on the same lines of the file
  return (
    text === value ||
    words(text) === words(value) ||
    isRenamed(node, value, expected) ||
    isEncoded(node, value, expected)
  )
}

function words(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

/** A name that the build changed, or a reference to it. */
function isRenamed({ value }: TracedScalar, rendered: string, { names }: Expected): boolean {
  return typeof value === 'string' && value !== '' && names.has(rendered) && rendered.includes(value)
}

/** secretGenerator writes base64, in lines of 70 characters. */
function isEncoded({ value }: TracedScalar, rendered: string, { path, kind }: Expected): boolean {
  if (kind !== 'Secret' || path[0] !== 'data' || typeof value !== 'string') return false
  return Buffer.from(value).toString('base64') === rendered.replaceAll(/\s/g, '')
}

/** A reference's namespace that followed the object it refers to into the namespace that a kustomization sets. */
function renamedNamespace(
  traced: TracedMap,
  path: readonly (string | number)[],
  value: Json,
  node: Traced,
): TracedScalar | undefined {
  if (path.at(-1) !== 'namespace' || path.length < 3 || node.kind !== 'scalar' || node.value === value)
    return undefined
  const own = childAt(traced, 'metadata', 'namespace')
  return own?.kind === 'scalar' && own.value === value && own.spot?.mechanism === 'transformer'
    ? own
    : undefined
}
