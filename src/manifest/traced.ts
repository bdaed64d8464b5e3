import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml'
import { isMergeKey, MAX_DEPTH, readScalar, Refusal } from './go-nodes.ts'
import type { Json, JsonObject } from './json.ts'
import { compose, Lines } from './source-file.ts'

/** A larger document is not traced: places take more memory than values, and no manifest is that large. */
const MAX_TRACED = 500_000

/** By which of kustomize's and Flux's ways a field got its value. */
export type Mechanism = 'base' | 'patch' | 'component' | 'generator' | 'values' | 'variable' | 'transformer'

/** A place in a source file, and what the text there is. */
export interface Spot {
  file: string
  line: number
  column: number
  mechanism: Mechanism
}

/**
 * A value of YAML that knows where it was written. `spot` is where the value itself begins (behind an alias: at its
 * anchor); a map's entries and a list's items know where their key or dash stands. A missing spot: not known.
 */
export type Traced = TracedScalar | TracedMap | TracedList

export interface TracedScalar {
  kind: 'scalar'
  value: null | boolean | number | string
  spot?: Spot | undefined
  /** of a block literal: where its first line of text stands; line n of the value is n lines below */
  block?: { line: number; column: number } | undefined
  /** its text goes over several lines of the file, which are not its own lines */
  folded?: true
  /** names of the substitution variables in the text, once they are substituted */
  variables?: readonly string[]
}

export interface TracedMap {
  kind: 'map'
  entries: Map<string, { key: Spot | undefined; node: Traced }>
  spot?: Spot | undefined
}

export interface TracedList {
  kind: 'list'
  items: Traced[]
  spot?: Spot | undefined
}

/** How lines and columns of a text that is embedded in a file count in that file; undefined: not known. */
export type Placing = (line: number, column: number) => { line: number; column: number } | undefined

/**
 * Reads the documents of a text with places, as kustomize reads them. Empty ones are left out.
 * @param placing for a text that stands inside another file (a patch in a block literal)
 * @returns nothing for what is no YAML: who renders it says so
 */
export function traceYaml(
  text: string,
  source: { file: string; mechanism: Mechanism },
  placing: Placing = (line, column) => ({ line, column }),
): Traced[] {
  const lines = new Lines(text)
  const spotAt = (offset: number): Spot | undefined => {
    const { line, column } = lines.place(offset)
    const at = placing(line, column)
    return at === undefined ? undefined : { ...source, ...at }
  }
  const traced: Traced[] = []
  try {
    for (const { contents, errors } of compose(text)) {
      if (errors.length > 0) return []
      if (contents === null) continue
      const node = new Tracer(contents, text, spotAt, placing, lines).trace(contents)
      if (node.kind !== 'scalar' || node.value !== null) traced.push(node)
    }
  } catch (problem) {
    if (problem instanceof Refusal || problem instanceof RangeError) return []
    throw problem
  }
  return traced
}

/** How the lines of a text that is a scalar's value count in the scalar's file. */
export function placingIn({ spot, block, folded }: TracedScalar): Placing {
  if (spot === undefined || folded === true) return () => undefined
  if (block !== undefined)
    return (line, column) => ({ line: block.line + line - 1, column: block.column + column - 1 })
  // all of it stands on one line of the file, whatever line breaks are written into it
  return (line, column) => ({ line: spot.line, column: line === 1 ? spot.column + column - 1 : spot.column })
}

/** One document, from nodes to traced values. Aliases and merges are expanded as go-yaml v3 does. */
class Tracer {
  readonly #text: string
  readonly #spotAt: (offset: number) => Spot | undefined
  readonly #placing: Placing
  readonly #lines: Lines
  readonly #targets = new Map<Node, Node>()
  #nodes = 0
  #depth = 0

  constructor(
    root: Node,
    text: string,
    spotAt: (offset: number) => Spot | undefined,
    placing: Placing,
    lines: Lines,
  ) {
    this.#text = text
    this.#spotAt = spotAt
    this.#placing = placing
    this.#lines = lines
    this.#bind(root, new Map(), 0)
  }

  /** An alias means the last anchor of its name before it. */
  #bind(node: unknown, anchors: Map<string, Node>, depth: number): void {
    if (depth > MAX_DEPTH) throw new Refusal('nested too deeply', undefined)
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target !== undefined) this.#targets.set(node, target)
      return
    }
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
    if (isMap(node))
      for (const pair of node.items) {
        this.#bind(pair.key, anchors, depth + 1)
        this.#bind(pair.value, anchors, depth + 1)
      }
    else if (isSeq(node)) for (const item of node.items) this.#bind(item, anchors, depth + 1)
  }

  trace(node: unknown): Traced {
    if (++this.#nodes > MAX_TRACED) throw new Refusal('document contains excessive aliasing', undefined)
    if (isAlias(node)) {
      if (++this.#depth > MAX_DEPTH) throw new Refusal('nested too deeply', node)
      const traced = this.trace(this.#targets.get(node))
      this.#depth--
      return traced
    }
    if (isMap(node)) return this.#map(node)
    if (isSeq(node))
      return { kind: 'list', items: node.items.map(item => this.trace(item)), spot: this.#spot(node) }
    if (isScalar(node)) return this.#scalar(node)
    return { kind: 'scalar', value: null }
  }

  #scalar(node: Scalar): TracedScalar {
    const { value } = readScalar(node, this.#text, 'v3')
    const block = node.type === 'BLOCK_LITERAL' ? this.#block(node) : undefined
    const scalar: TracedScalar = { kind: 'scalar', value, spot: this.#spot(node) }
    if (block !== undefined) return { ...scalar, block }
    const [start, end] = node.range ?? [0, 0]
    return this.#text.slice(start, end).trimEnd().includes('\n') ? { ...scalar, folded: true } : scalar
  }

  /** Where the text of a block literal begins: the line after its header, at its indentation. */
  #block(node: Scalar): { line: number; column: number } | undefined {
    const [start, end] = node.range ?? [0, 0]
    const source = this.#text.slice(start, end).split('\n').slice(1)
    const value = (typeof node.value === 'string' ? node.value : '').split('\n')
    const index = value.findIndex(line => line.trim() !== '')
    const indent = Math.max(0, (source[index] ?? '').replace(/\r$/, '').length - (value[index] ?? '').length)
    return this.#placing(this.#lines.at(start) + 1, indent + 1)
  }

  #map(node: YAMLMap): TracedMap {
    const entries: TracedMap['entries'] = new Map()
    const merged: unknown[] = []
    for (const { key, value } of node.items) {
      if (isMergeKey(key)) merged.push(...(isSeq(value) ? value.items : [value]))
      else {
        const name = this.#key(key)
        if (name !== undefined) entries.set(name, { key: this.#spot(key), node: this.trace(value) })
      }
    }
    // what is written out wins over what is merged, the first merged over the later
    for (const item of merged) {
      const target = this.trace(item)
      if (target.kind !== 'map') continue
      for (const [name, entry] of target.entries) if (!entries.has(name)) entries.set(name, entry)
    }
    return { kind: 'map', entries, spot: this.#spot(node) }
  }

  #key(node: unknown): string | undefined {
    const target = isAlias(node) ? this.#targets.get(node) : node
    if (!isScalar(target)) return undefined
    return typeof target.value === 'string' ? target.value : (target.source ?? '')
  }

  #spot(node: unknown): Spot | undefined {
    const isPlaced = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)
    return isPlaced && node.range ? this.#spotAt(node.range[0]) : undefined
  }
}

/** The value without its places. */
export function valueOf(node: Traced): Json {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(valueOf)
  const value: JsonObject = Object.create(null)
  for (const [key, { node: child }] of node.entries) value[key] = valueOf(child)
  return value
}

/** A value without places, as a traced one. */
export function untraced(value: Json, spot?: Spot): Traced {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(item => untraced(item, spot)), spot }
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', value, spot }
  const entries = new Map(
    Object.entries(value).map(([key, child]) => [key, { key: spot, node: untraced(child, spot) }] as const),
  )
  return { kind: 'map', entries, spot }
}

/** A copy that can be changed; scalars and spots are shared, nobody changes them. */
export function copyOf(node: Traced): Traced {
  if (node.kind === 'scalar') return node
  if (node.kind === 'list') return { ...node, items: node.items.map(copyOf) }
  const entries = new Map(
    [...node.entries].map(([key, entry]) => [key, { ...entry, node: copyOf(entry.node) }]),
  )
  return { ...node, entries }
}

/** The value below `node` at names and indexes. */
export function childAt(node: Traced | undefined, ...path: (string | number)[]): Traced | undefined {
  let here = node
  for (const step of path) {
    if (here?.kind === 'map') here = here.entries.get(String(step))?.node
    else if (here?.kind === 'list') here = here.items[Number(step)]
    else return undefined
  }
  return here
}

export function textIn(node: Traced | undefined, ...path: (string | number)[]): string | undefined {
  const found = childAt(node, ...path)
  return found?.kind === 'scalar' && typeof found.value === 'string' ? found.value : undefined
}

/** The items of a list; none where there is no list. */
export function itemsIn(node: Traced | undefined, ...path: (string | number)[]): readonly Traced[] {
  const found = childAt(node, ...path)
  return found?.kind === 'list' ? found.items : []
}

/** The entries of a map; none where there is no map. */
export function entriesIn(
  node: Traced | undefined,
  ...path: (string | number)[]
): readonly [string, { key: Spot | undefined; node: Traced }][] {
  const found = childAt(node, ...path)
  return found?.kind === 'map' ? [...found.entries] : []
}
