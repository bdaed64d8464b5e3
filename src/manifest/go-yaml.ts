import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Parser,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { define, keyText, resolvePlain, resolveTagged, type GoScalar } from './go-scalar.ts'
import { readPrintedYaml } from './go-printed-yaml.ts'
import type { Json, JsonObject } from './json.ts'

/** `line` counts from 1 in the text given. */
export type GoYaml<T> = ({ ok: true } & T) | { ok: false; message: string; line: number }

/** How many nodes a document may have once its aliases are expanded. */
export const MAX_NODES = 4_000_000
/** libyaml in go-yaml stops at 10,000 (scannerc.go max_flow_level, max_indents); ours must fit our stack. */
export const MAX_DEPTH = 1000

/**
 * Reads one YAML document into the JSON that sigs.k8s.io/yaml v1.6.0 YAMLToJSON (go.yaml.in/yaml/v2 v2.4.2) makes of it: what Flux
 * does with the text of an object after substitution. As there, later documents of the text are not read, of equal keys the last
 * wins, and a merge key overrides what stands before it.
 * @returns the message names the problem in one sentence; an empty text is null
 */
export function parseGoYamlDocument(text: string): GoYaml<{ document: Json }> {
  const problem = unreadable(text)
  if (problem !== undefined) return problem
  const printed = readPrintedYaml(text)
  if (printed !== undefined) return { ok: true, ...printed }
  const composer = new Composer({
    schema: 'failsafe',
    resolveKnownTags: false,
    // libyaml is as lenient: indentation of flow collections, comments without a space before them
    strict: false,
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  for (const document of composer.compose(new Parser().parse(text), false)) return convert(document, text)
  for (const document of composer.end(true, text.length)) return convert(document, text)
  return { ok: true, document: null }
}

/**
 * Reads a stream of documents as fluxcd/pkg/ssa v0.83.0 utils.ReadObjects does the output of kustomize: cut at lines of
 * `---` (k8s.io/apimachinery util/yaml YAMLReader), each part read by `parseGoYamlDocument`. Empty parts are left out.
 */
export function parseGoYaml(text: string): GoYaml<{ documents: Json[] }> {
  const documents: Json[] = []
  for (const part of splitDocuments(text)) {
    const read = parseGoYamlDocument(part.text)
    if (!read.ok) return { ...read, line: read.line + part.line - 1 }
    if (read.document !== null) documents.push(read.document)
  }
  return { ok: true, documents }
}

/** The parts of a stream between lines of `---`, a comment behind it or not, with the line each starts at. */
export function splitDocuments(text: string): { text: string; line: number }[] {
  const parts: { text: string; line: number }[] = []
  let start = 0
  let line = 1
  for (const separator of text.matchAll(/^---[ \t\r]*(?:#.*)?(?:\n|$)/gm)) {
    const part = text.slice(start, separator.index)
    if (part !== '') parts.push({ text: part, line })
    line += countLines(part) + 1
    start = separator.index + separator[0].length
  }
  if (start < text.length) parts.push({ text: text.slice(start), line })
  return parts
}

function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}

function failure(
  message: string,
  text: string,
  offset: number,
): { ok: false; message: string; line: number } {
  return { ok: false, message, line: countLines(text.slice(0, offset)) + 1 }
}

// readerc.go: what libyaml takes as characters
// oxlint-disable-next-line no-control-regex
const CONTROL = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

// the same for texts without characters beyond U+FFFF, ten times faster
// oxlint-disable-next-line no-control-regex
const MAYBE_CONTROL = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd]/

function unreadable(text: string): { ok: false; message: string; line: number } | undefined {
  if (!MAYBE_CONTROL.test(text)) return undefined
  const control = CONTROL.exec(text)
  return control === null ? undefined : failure('control characters are not allowed', text, control.index)
}

/** A problem of the document: carried out of the walk by throw, never out of this file. */
class Refusal extends Error {
  readonly offset: number
  constructor(message: string, node: Node | undefined) {
    super(message)
    this.offset = node?.range?.[0] ?? 0
  }
}

function convert(document: Document.Parsed, text: string): GoYaml<{ document: Json }> {
  const [error] = document.errors
  if (error !== undefined) return failure(error.message, text, error.pos[0])
  if (document.contents === null) return { ok: true, document: null }
  try {
    return { ok: true, document: new Walk(document.contents, text).value(document.contents) }
  } catch (problem) {
    if (problem instanceof Refusal) return failure(problem.message, text, problem.offset)
    // the library recurses as well
    if (problem instanceof RangeError) return failure('nested too deeply', text, 0)
    throw problem
  }
}

/** One document, from nodes to JSON. */
class Walk {
  private readonly targets = new Map<Node, Node>()
  private readonly open = new Set<Node>()
  private nodes = 0
  private depth = 0

  private readonly text: string

  constructor(root: Node, text: string) {
    this.text = text
    this.bind(root, new Map(), 0)
  }

  /** An alias means the last anchor of its name before it. */
  private bind(node: unknown, anchors: Map<string, Node>, depth: number): void {
    if (depth > MAX_DEPTH) throw new Refusal('nested too deeply', undefined)
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target === undefined) throw new Refusal(`unknown anchor '${node.source}' referenced`, node)
      this.targets.set(node, target)
      return
    }
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
      if (isMap(node)) {
        for (const pair of node.items) {
          this.bind(pair.key, anchors, depth + 1)
          this.bind(pair.value, anchors, depth + 1)
        }
      } else if (isSeq(node)) for (const item of node.items) this.bind(item, anchors, depth + 1)
    }
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

  /** scannerc.go where it differs from the library: YAML 1.1 and libyaml's habits. */
  private read(node: Scalar): GoScalar {
    const [start, end] = node.range ?? [0, 0]
    if (node.type === 'QUOTE_DOUBLE') {
      const escape = /(?<!\\)(?:\\\\)*(\\\/|\\u[dD][89a-fA-F])/.exec(this.text.slice(start, end))?.[1]
      if (escape === '\\/') throw new Refusal('found unknown escape character', node)
      if (escape !== undefined) throw new Refusal('found invalid Unicode character escape code', node)
    }
    const scalar = scalarValue(node)
    const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
    // a block scalar whose last line is not ended has no line break at its end, whatever its header says
    if (isBlock && end >= this.text.length && !this.text.endsWith('\n') && typeof scalar.value === 'string')
      return { ...scalar, value: scalar.value.replace(/\n$/, '') }
    return scalar
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
    for (const { key, value } of node.items) {
      if (isMergeKey(key)) this.merge(value, into)
      else define(into, this.key(key), this.value(value))
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

function isMergeKey(node: unknown): boolean {
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

function scalarValue(node: Scalar): GoScalar {
  const text = textOf(node)
  if (node.tag === undefined) return node.type === 'PLAIN' ? resolvePlain(text) : { type: 'str', value: text }
  const name = tagName(node)
  if (name === undefined) return { type: 'str', value: text }
  const read = resolveTagged(name, text)
  if (!read.ok) throw new Refusal(read.message, node)
  return { type: typeof read.value === 'string' ? 'str' : resolvePlain(text).type, value: read.value }
}
