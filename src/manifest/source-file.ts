import { Composer, Parser, type Document, type YAMLError } from 'yaml'
import type { Finding } from './finding.ts'
import { MAX_DEPTH, MAX_NODES, readNodes, Refusal } from './go-nodes.ts'
import type { Json } from './json.ts'
import { locateIn, type Located } from './locate.ts'
import { identify, isManifest, type Resource } from './resource.ts'
import { readSimpleYaml, type SimpleDocument } from './simple-yaml.ts'
import { readIgnores, type Ignore } from './ignores.ts'

/** Larger files are not read: no manifest is, and the parser takes its time. */
export const MAX_SOURCE_BYTES = 10 * 1024 * 1024

/** A YAML file of the user's tree. */
export interface SourceFile {
  file: string
  /** in order; without empty ones and those that could not be read */
  documents: SourceDocument[]
  findings: Finding[]
  ignores: Ignore[]
}

export interface SourceDocument {
  /** as kustomize reads it (see Dialect v3): `off` and `yes` are texts */
  value: Json
  /** first and last line of its content, from 1 */
  line: number
  endLine: number
  /** present where the document can be an object of Kubernetes */
  resource?: Resource
  /**
   * The place of a field, written as the API server does: spec.tablespaces[0].name, metadata.annotations[foo.io/bar].
   * @returns the field's key where there is one, else its nearest ancestor with `exact: false`; lines count in the file
   */
  locate(fieldPath: string): Located
}

/**
 * Reads a source file with positions.
 * @param file path from the root of the tree, for the findings
 * @returns problems as findings with a line: `parse-yaml`, `parse-duplicate-key`, `parse-encoding`, `parse-limit`,
 *   `config-ignore-reason`. A document that is no map is no problem here: the caller knows what is expected
 */
export function readSource(file: string, bytes: Uint8Array): SourceFile {
  const source: SourceFile = { file, documents: [], findings: [], ignores: [] }
  const decoded = decode(file, bytes)
  if (typeof decoded !== 'string') {
    source.findings.push(decoded)
    return source
  }
  const text = decoded
  const lines = new Lines(text)
  const simple = simpleDocuments(text)
  if (simple === undefined) readInFull(source, text, lines)
  else
    source.documents = simple.map(({ document, start, end }) =>
      sourceDocument(document, [start, end], text, lines),
    )
  source.ignores = readIgnores(text)
  for (const ignore of source.ignores) {
    if (ignore.problem !== undefined)
      source.findings.push({
        ruleId: 'config-ignore-reason',
        level: 'warning',
        message: ignore.problem,
        repair: 'Write: # cnpg-steward: ignore RULE the reason in your own words',
        file,
        line: ignore.commentLine,
      })
  }
  return source
}

/** The documents of a text all of which are of the simple form; `undefined` where one is not. */
function simpleDocuments(text: string): SimpleDocument[] | undefined {
  const found: SimpleDocument[] = []
  let start = 0
  for (const end of documentEnds(text)) {
    const part = text.slice(start, end)
    const read = readSimpleYaml(part, 'v3')
    if (read !== undefined)
      found.push({ document: read.document, start: start + read.start, end: start + read.end })
    else if (!/^(?: *(?:#.*)?\n)*$/.test(part)) return undefined
    start = text.indexOf('\n', end) + 1
    if (start === 0) break
  }
  return found
}

/** Where the lines of `---` begin, and the end of the text. */
function documentEnds(text: string): number[] {
  if (!text.includes('---')) return [text.length]
  return [...[...text.matchAll(/^---(?: *| +#.*)$/gm)].map(({ index }) => index), text.length]
}

/** Reads what is not of the simple form, with whatever is wrong with it. */
function readInFull(source: SourceFile, text: string, lines: Lines): void {
  const report = (finding: Pick<Finding, 'ruleId' | 'message' | 'repair'>, offset: number) =>
    source.findings.push({ ...finding, level: 'error', file: source.file, line: lines.at(offset) })
  try {
    for (const { contents, errors } of compose(text)) {
      const [error] = errors
      if (error?.code === 'RESOURCE_EXHAUSTION') report(TOO_DEEP, error.pos[0])
      else if (error !== undefined)
        // what is missing at the end is missing in the last line
        report(
          { ruleId: 'parse-yaml', ...inPlainWords(error) },
          Math.min(error.pos[0], text.trimEnd().length),
        )
      if (error !== undefined || contents === null) continue
      const value = readNodes(contents, text, {
        dialect: 'v3',
        onDuplicate: (key, node) =>
          report(
            {
              ruleId: 'parse-duplicate-key',
              message: `The key ${JSON.stringify(key)} is set twice in the same map.`,
              repair: 'Remove one of the two; kustomize refuses the file.',
            },
            node.range?.[0] ?? 0,
          ),
      })
      // comments only
      if (value === null) continue
      const [start, end] = contents.range
      source.documents.push(sourceDocument(value, [start, end], text, lines))
    }
  } catch (problem) {
    const limit = limitFinding(problem)
    report(limit, problem instanceof Refusal ? problem.offset : 0)
  }
}

/** @param range where its content begins and ends in the text */
function sourceDocument(
  value: Json,
  [start, end]: readonly [number, number],
  text: string,
  lines: Lines,
): SourceDocument {
  const line = lines.at(start)
  // parsed again only for a file that is asked for places: trees of nodes of a whole repository would fill the memory
  let again: Document.Parsed | undefined
  return {
    value,
    line,
    endLine: lines.at(Math.max(start, end - 1)),
    ...(isManifest(value) ? { resource: identify(value) } : {}),
    locate: fieldPath => {
      again ??= compose(text).find(({ contents }) => contents?.range[0] === start)
      return again === undefined
        ? { line, column: 1, exact: false }
        : locateIn(again, fieldPath, offset => lines.place(offset))
    },
  }
}

/** The documents of a text with the nodes as they are written: nothing is resolved, merged or refused. */
export function compose(text: string): Document.Parsed[] {
  const composer = new Composer({
    schema: 'failsafe',
    resolveKnownTags: false,
    strict: false,
    merge: false,
    // checked while reading: the library compares every key with every other
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  return [...composer.compose(new Parser().parse(text), false, text.length)]
}

const TOO_DEEP = {
  ruleId: 'parse-limit',
  message: `The file is nested more than ${MAX_DEPTH} levels deep.`,
  repair: 'Flatten it.',
}

function limitFinding(problem: unknown): Pick<Finding, 'ruleId' | 'message' | 'repair'> {
  const isAlias = problem instanceof Refusal && problem.message === 'document contains excessive aliasing'
  if (isAlias)
    return {
      ruleId: 'parse-limit',
      message: `The aliases of this file expand to more than ${MAX_NODES} values.`,
      repair: 'Write out what the aliases stand for, or split the file.',
    }
  // the library's own recursion ends in a RangeError
  if (
    problem instanceof RangeError ||
    (problem instanceof Refusal && problem.message === 'nested too deeply')
  )
    return TOO_DEEP
  if (problem instanceof Refusal)
    return { ruleId: 'parse-yaml', message: `This is no valid YAML: ${problem.message}.` }
  throw problem
}

function decode(file: string, bytes: Uint8Array): string | Finding {
  const problem = (ruleId: string, message: string, repair: string, line = 1): Finding => ({
    ruleId,
    level: 'error',
    message,
    repair,
    file,
    line,
  })
  const utf8 = 'Save it as UTF-8 text, or give it another extension.'
  if (bytes.byteLength > MAX_SOURCE_BYTES)
    return problem(
      'parse-limit',
      `The file is larger than ${MAX_SOURCE_BYTES} bytes and was not read.`,
      'Split it.',
    )
  const nul = bytes.indexOf(0)
  if (nul !== -1)
    return problem(
      'parse-encoding',
      'The file is binary or UTF-16, not UTF-8 text.',
      utf8,
      lineOfByte(bytes, nul),
    )
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const lossy = new TextDecoder('utf-8').decode(bytes)
    return problem(
      'parse-encoding',
      'The file is not UTF-8 text.',
      utf8,
      new Lines(lossy).at(lossy.indexOf('\ufffd')),
    )
  }
}

function lineOfByte(bytes: Uint8Array, end: number): number {
  let line = 1
  for (let at = 0; at < end; at++) if (bytes[at] === 0x0a) line++
  return line
}

/** Lines of offsets; found out when asked for the first time. */
export class Lines {
  private readonly text: string
  private starts: number[] | undefined

  constructor(text: string) {
    this.text = text
  }

  at(offset: number): number {
    return this.place(offset).line
  }

  place(offset: number): { line: number; column: number } {
    this.starts ??= startsOfLines(this.text)
    let low = 0
    let high = this.starts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((this.starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.starts[low] ?? 0) + 1 }
  }
}

function startsOfLines(text: string): number[] {
  const starts = [0]
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
  return starts
}

/** What the codes of the library mean to somebody who wrote the file. */
const PLAIN_WORDS: Readonly<Record<string, [message: string, repair: string]>> = {
  TAB_AS_INDENT: ['A tab is used for indentation.', 'Indent with spaces.'],
  BAD_INDENT: ['The indentation does not fit the lines around.', 'Align the line with its siblings.'],
  BLOCK_AS_IMPLICIT_KEY: [
    "A value holds ': ' and is not quoted, or the line before is not indented as it should be.",
    'Quote the value, or indent the line.',
  ],
  MISSING_CHAR: ['A quote, bracket, comma or colon is missing.', 'Add it; the place is where it was missed.'],
  BAD_SCALAR_START: [
    'A value begins with a character that YAML keeps for itself (@ or `).',
    'Quote the value.',
  ],
  UNEXPECTED_TOKEN: [
    'Something stands here that does not belong to the line.',
    'Check quotes and indentation.',
  ],
  IMPOSSIBLE: ['This is no valid YAML.', 'Check quotes and indentation.'],
  BAD_ALIAS: ['A value begins with * and is not quoted: YAML takes it for an alias.', 'Quote the value.'],
  BAD_DQ_ESCAPE: [
    'A text in double quotes holds a backslash that begins no escape.',
    'Use single quotes, or write \\\\.',
  ],
}

function inPlainWords(error: YAMLError): { message: string; repair: string } {
  // the library calls it a matter of indentation
  const open = /^Flow (?:map|sequence) .* end with a ([}\]])$/.exec(error.message)?.[1]
  if (open !== undefined)
    return { message: `A bracket is not closed: ${open} is missing.`, repair: `Close it with ${open}.` }
  const [message, repair] = PLAIN_WORDS[error.code] ?? [
    `This is no valid YAML: ${error.message}.`,
    'Check quotes and indentation.',
  ]
  return { message, repair }
}
