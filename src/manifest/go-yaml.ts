import { Composer, Parser, type Document } from 'yaml'
import { readNodes, Refusal } from './go-nodes.ts'
import { readSimpleYaml } from './simple-yaml.ts'
import type { Json } from './json.ts'

/** `line` counts from 1 in the text given. */
export type GoYaml<T> = ({ ok: true } & T) | { ok: false; message: string; line: number }

/**
 * Reads one YAML document into the JSON that sigs.k8s.io/yaml v1.6.0 YAMLToJSON (go.yaml.in/yaml/v2 v2.4.2) makes of it: what Flux
 * does with the text of an object after substitution. As there, later documents of the text are not read, of equal keys the last
 * wins, and a merge key overrides what stands before it.
 * @returns the message names the problem in one sentence; an empty text is null
 */
export function parseGoYamlDocument(text: string): GoYaml<{ document: Json }> {
  const problem = unreadable(text)
  if (problem !== undefined) return problem
  // the line that opens most files; one behind it, another document, is left to the full parser
  const simple = readSimpleYaml(text.startsWith('---\n') ? text.slice(4) : text)
  if (simple !== undefined) return { ok: true, document: simple.document }
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

function convert(document: Document.Parsed, text: string): GoYaml<{ document: Json }> {
  const [error] = document.errors
  if (error !== undefined) return failure(error.message, text, error.pos[0])
  if (document.contents === null) return { ok: true, document: null }
  try {
    return { ok: true, document: readNodes(document.contents, text) }
  } catch (problem) {
    if (problem instanceof Refusal) return failure(problem.message, text, problem.offset)
    // the library recurses as well
    if (problem instanceof RangeError) return failure('nested too deeply', text, 0)
    throw problem
  }
}
