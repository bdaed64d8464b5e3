import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { define, keyText, resolvePlain, resolvePlainV3, resolveTagged, type GoScalar } from './go-scalar.ts'
import type { Json, JsonObject } from './json.ts'

/** How many nodes a document may have once its aliases are expanded. */
export const MAX_NODES = 4_000_000
/** libyaml in go-yaml stops at 10,000 (scannerc.go max_flow_level, max_indents); ours must fit our stack. */
export const MAX_DEPTH = 1000

/**
 * v2: go.yaml.in/yaml/v2, behind sigs.k8s.io/yaml: what Flux and kubectl read.
 * v3: go.yaml.in/yaml/v3, behind kyaml: what kustomize reads of a source file.
 */
export type Dialect = 'v2' | 'v3'

export interface NodeOptions {
  dialect: Dialect
  /** called for a key that its map has already; the last wins */
  onDuplicate?: (key: string, node: Node) => void
}

/**
 * The nodes of one document, parsed with the schema `failsafe`, as JSON.
 * @param text of the whole file that the ranges of the nodes count in
 * @throws Refusal
 */
export function readNodes(root: Node, text: string, options: NodeOptions = { dialect: 'v2' }): Json {
  return new Walk(root, text, options).value(root)
}

/** A problem of the document: carried out of the walk by throw, never out of the readers. */
export class Refusal extends Error {
  readonly offset: number
  constructor(message: string, node: Node | undefined) {
    super(message)
    this.offset = node?.range?.[0] ?? 0
  }
}

/** One document, from nodes to JSON. */
class Walk {
  private readonly targets = new Map<Node, Node>()
  /** nodes that have an anchor → how many nodes they come to */
  private readonly sizes = new Map<Node, number>()
  private readonly open = new Set<Node>()
  private nodes = 0
  private depth = 0

  private readonly text: string
  private readonly options: NodeOptions

  constructor(root: Node, text: string, options: NodeOptions) {
    this.text = text
    this.options = options
    // far beyond the limit nothing is written out to find that out; what is near it is counted on the way
    if (this.bind(root, new Map(), 0) > 2 * MAX_NODES)
      throw new Refusal('document contains excessive aliasing', undefined)
  }

  /**
   * An alias means the last anchor of its name before it.
   * @returns how many nodes it comes to with its aliases written out
   */
  private bind(node: unknown, anchors: Map<string, Node>, depth: number): number {
    if (depth > MAX_DEPTH) throw new Refusal('nested too deeply', undefined)
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target === undefined) throw new Refusal(`unknown anchor '${node.source}' referenced`, node)
      this.targets.set(node, target)
      return 1 + (this.sizes.get(target) ?? 0)
    }
    let size = 1
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
      if (isMap(node)) {
        for (const pair of node.items) {
          size += this.bind(pair.key, anchors, depth + 1)
          size += this.bind(pair.value, anchors, depth + 1)
        }
      } else if (isSeq(node)) for (const item of node.items) size += this.bind(item, anchors, depth + 1)
      if (node.anchor !== undefined) this.sizes.set(node, size)
    }
    return size
  }

  value(node: unknown): Json {
    if (++this.nodes > MAX_NODES) throw new Refusal('document contains excessive aliasing', undefined)
    if (isScalar(node)) return this.scalar(node)
    if (isMap(node)) return this.map(node, {})
    if (isSeq(node)) return node.items.map(item => this.value(item))
    if (isAlias(node)) return this.expand(node, target => this.value(target))
    return null
  }

  private scalar(node: Scalar): Json {
    const { value } = this.read(node)
    // encoding/json refuses them
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new Refusal(`unsupported value: ${textOf(node)}`, node)
    return value
  }

  private read(node: Scalar): GoScalar {
    return readScalar(node, this.text, this.options.dialect)
  }

  private expand<T>(alias: Node & { source: string }, read: (target: Node) => T): T {
    const target = this.targets.get(alias)
    if (target === undefined) throw new Refusal(`unknown anchor '${alias.source}' referenced`, alias)
    if (this.open.has(alias) || ++this.depth > MAX_DEPTH)
      throw new Refusal(`anchor '${alias.source}' value contains itself`, alias)
    this.open.add(alias)
    const value = read(target)
    this.open.delete(alias)
    this.depth--
    return value
  }

  private map(node: YAMLMap, into: JsonObject): JsonObject {
    const own = new Set<string>()
    for (const { key, value } of node.items) {
      if (isMergeKey(key)) {
        const before = this.options.dialect === 'v3' ? { ...into } : {}
        this.merge(value, into)
        // v2 lets a merge override what stands before it, v3 does not
        for (const name of own) if (Object.hasOwn(before, name)) define(into, name, before[name] ?? null)
        continue
      }
      const name = this.key(key)
      if (own.has(name) && isNode(key)) this.options.onDuplicate?.(name, key)
      own.add(name)
      define(into, name, this.value(value))
    }
    return into
  }

  private key(node: unknown): string {
    if (isAlias(node)) return this.expand(node, target => this.key(target))
    if (isMap(node) || isSeq(node)) throw new Refusal('invalid map key: a map or list', node)
    const scalar: GoScalar = isScalar(node) ? this.read(node) : { type: 'null', value: null }
    const text = keyText(scalar)
    if (text === undefined)
      throw new Refusal(`unsupported map key: ${String(scalar.value)}`, isScalar(node) ? node : undefined)
    return text
  }

  /** decode.go merge: a map, an alias of one, or a list of these; the first of a list wins. */
  private merge(node: unknown, into: JsonObject): void {
    const maps: unknown[] = isSeq(node) ? node.items.toReversed() : [node]
    for (const item of maps) {
      const target = isAlias(item) ? this.targets.get(item) : item
      if (!isMap(target))
        throw new Refusal(
          'map merge requires map or sequence of maps as the value',
          isScalar(node) ? node : undefined,
        )
      if (isAlias(item)) this.expand(item, () => this.map(target, into))
      else this.map(target, into)
      this.nodes++
    }
  }
}

/**
 * One scalar, as go-yaml reads it: scannerc.go where it differs from the library, YAML 1.1 and libyaml's habits.
 * @param text that the ranges of the node count in
 * @throws Refusal
 */
export function readScalar(node: Scalar, text: string, dialect: Dialect): GoScalar {
  const [start, end] = node.range ?? [0, 0]
  if (node.type === 'QUOTE_DOUBLE') {
    const escape = /(?<!\\)(?:\\\\)*(\\\/|\\u[dD][89a-fA-F])/.exec(text.slice(start, end))?.[1]
    if (escape === '\\/') throw new Refusal('found unknown escape character', node)
    if (escape !== undefined) throw new Refusal('found invalid Unicode character escape code', node)
  }
  const scalar = scalarValue(node, dialect)
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
  // a block scalar whose last line is not ended has no line break at its end, whatever its header says
  if (isBlock && end >= text.length && !text.endsWith('\n') && typeof scalar.value === 'string')
    return { ...scalar, value: scalar.value.replace(/\n$/, '') }
  return scalar
}

export function isMergeKey(node: unknown): boolean {
  return (
    isScalar(node) &&
    textOf(node) === '<<' &&
    ((node.tag === undefined && node.type === 'PLAIN') || tagName(node) === 'merge')
  )
}

function textOf(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : (node.source ?? '')
}

const PREFIX = 'tag:yaml.org,2002:'

/** 'int' for !!int; `undefined` for tags of others */
function tagName(node: Scalar | YAMLMap | YAMLSeq): string | undefined {
  return node.tag?.startsWith(PREFIX) === true ? node.tag.slice(PREFIX.length) : undefined
}

function scalarValue(node: Scalar, dialect: Dialect): GoScalar {
  const text = textOf(node)
  const resolve = dialect === 'v2' ? resolvePlain : resolvePlainV3
  if (node.tag === undefined) return node.type === 'PLAIN' ? resolve(text) : { type: 'str', value: text }
  const name = tagName(node)
  if (name === undefined) return { type: 'str', value: text }
  const read = resolveTagged(name, text)
  if (!read.ok) throw new Refusal(read.message, node)
  return { type: typeof read.value === 'string' ? 'str' : resolvePlain(text).type, value: read.value }
}
