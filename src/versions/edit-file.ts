import { isScalar, type Scalar } from 'yaml'
import { relatedComments, type RelatedFacts, type StaleComment, type TextEdit } from './comment-facts.ts'
import type { Obstacle, Pointer } from './reference.ts'
import { obstacleOf, readSourceDocuments, type SourceText } from './source-text.ts'
import { pointerText, scalarText, type Found } from './yaml-nodes.ts'

/** One value of a file that is to become another. */
export interface FieldEdit {
  document: number
  pointer: Pointer
  /** what stands there, as it reads without quotes */
  from: string
  to: string
}

/** Why a file was not edited, and the way out. Both one sentence. */
export interface Refusal {
  kind: Obstacle['kind'] | 'unreadable' | 'moved' | 'unproven'
  field?: string
  message: string
  repair: string
}

export type EditedFile =
  | {
      ok: true
      bytes: Uint8Array
      /** fields that change along, because they are aliases of a map or list that was edited */
      along: readonly string[]
      /** comments of our own form that were corrected along */
      corrected: readonly TextEdit[]
      /** comments that name what is no longer true */
      stale: readonly StaleComment[]
    }
  | { ok: false; refusal: Refusal }

/**
 * Edits values where they stand in the text; nothing is printed again. Before the result is given it is proven: every byte outside the
 * edited ranges is as before, and read again the file differs in exactly the intended values.
 * All edits or none. An edit below the anchor of a map changes what its aliases read, too; that is named.
 * @param facts what comments beside the values may say of them
 */
export function editFile(
  file: string,
  bytes: Uint8Array,
  edits: readonly FieldEdit[],
  facts?: RelatedFacts,
): EditedFile {
  const text = Buffer.from(bytes).toString('utf8')
  if (!Buffer.from(text, 'utf8').equals(bytes))
    return refuse('unreadable', `${file} is not UTF-8 text.`, 'Save it as UTF-8.')
  const source = readSourceDocuments(file, text)
  if (source.problem !== undefined)
    return refuse('unreadable', `${file}: ${source.problem}.`, 'Mend the file first.')
  const ranges: TextEdit[] = []
  for (const edit of edits) {
    const range = rangeOf(source, edit)
    if ('refusal' in range) return { ok: false, refusal: range.refusal }
    ranges.push(range)
  }
  const { corrected, stale } = relatedComments(source, ranges, facts)
  const all = [...ranges, ...corrected].toSorted((a, b) => a.start - b.start)
  const after = apply(text, all)
  const along = after === undefined ? undefined : prove(source, after, edits, all)
  if (after === undefined || along === undefined)
    return refuse(
      'unproven',
      `An edit of ${file} could not be proven to change nothing else.`,
      'Edit it by hand, and please report the file.',
    )
  return { ok: true, bytes: Buffer.from(after, 'utf8'), along, corrected, stale }
}

function rangeOf(source: SourceText, edit: FieldEdit): TextEdit | { refusal: Refusal } {
  const field = pointerText(edit.pointer)
  const document = source.documents.find(({ index }) => index === edit.document)
  const found = document?.reader.at(document.reader.root, ...edit.pointer)
  if (
    document === undefined ||
    found === undefined ||
    !isScalar(found.node) ||
    scalarText(found.node) !== edit.from
  )
    return refused(
      'moved',
      field,
      `${source.file} no longer says ${JSON.stringify(edit.from)} in ${field}.`,
      'Look for updates again: the file was edited meanwhile.',
    )
  const obstacle = obstacleOf(source, document, found)
  if (obstacle !== undefined) return refused(obstacle.kind, field, obstacle.message, obstacle.repair)
  const [start = 0, end = 0] = found.node.range ?? []
  const written = source.text.slice(start, end)
  const to = writtenAs(found.node, written, edit)
  if (to === undefined)
    return refused(
      'embedded-yaml',
      field,
      `The value is written in a way that is not edited: ${JSON.stringify(written)}.`,
      'Write it on one line, plain or in quotes.',
    )
  return { start, end, from: written, to, line: source.place(start).line }
}

/** The new text in the style of the old one; quoted where it would read as a number, a date or a truth. */
function writtenAs(node: Scalar, written: string, { from, to }: FieldEdit): string | undefined {
  if (!/^[\w][\w.+:@/-]*$/.test(to)) return undefined
  if (node.type === 'QUOTE_DOUBLE' && written === `"${from}"`) return `"${to}"`
  if (node.type === 'QUOTE_SINGLE' && written === `'${from}'`) return `'${to}'`
  if (node.type === 'PLAIN' && written === from) return readsAsText(to) ? to : `"${to}"`
  return undefined
}

// what some reader of YAML 1.1 or 1.2 takes for no text
const NO_TEXT =
  /^(?:[-+]?[\d_]+(?:\.[\d_]*)?(?:e[-+]?\d+)?|0[xob][\da-f_]+|[-+]?\d+(?::[0-5]?\d)+(?:\.\d*)?|\d{4}-\d{1,2}-\d{1,2}.*|y|n|yes|no|on|off|true|false|null|~)$/i

function readsAsText(text: string): boolean {
  return !NO_TEXT.test(text)
}

/** @returns undefined where two edits overlap */
function apply(text: string, edits: readonly TextEdit[]): string | undefined {
  let at = 0
  let result = ''
  for (const { start, end, to } of edits) {
    if (start < at) return undefined
    result += text.slice(at, start) + to
    at = end
  }
  return result + text.slice(at)
}

/**
 * Proves that the new text is the old one but for the ranges, and reads as the old one but for the fields.
 * @returns the fields that change along; undefined: not proven
 */
function prove(
  source: SourceText,
  after: string,
  edits: readonly FieldEdit[],
  ranges: readonly TextEdit[],
): string[] | undefined {
  // undone, it is the old text
  let shift = 0
  const undo = ranges.map(({ start, end, from, to }): TextEdit => {
    const at = start + shift
    shift += to.length - (end - start)
    return { start: at, end: at + to.length, from: to, to: from, line: 0 }
  })
  if (undo.some(({ start, end, from }) => after.slice(start, end) !== from)) return undefined
  if (apply(after, undo) !== source.text) return undefined
  const again = readSourceDocuments(source.file, after)
  if (again.problem !== undefined) return undefined
  const wanted = valuesOf(source)
  const found = valuesOf(again)
  const along: string[] = []
  for (const { document, pointer, to } of edits) {
    const edited = wanted.get(valueKey(document, pointer))?.node
    for (const [key, value] of wanted) {
      if (value.node !== edited) continue
      value.text = to
      if (key !== valueKey(document, pointer)) along.push(pointerText(value.pointer))
    }
  }
  const same =
    found.size === wanted.size && [...wanted].every(([key, { text }]) => found.get(key)?.text === text)
  return same ? along : undefined
}

interface Value {
  text: string
  node: unknown
  pointer: Pointer
}

/** Every scalar of a file as it reads, aliases followed; of maps and lists their keys and lengths. */
function valuesOf({ documents }: SourceText): Map<string, Value> {
  const values = new Map<string, Value>()
  for (const { index, reader } of documents) {
    const walk = (found: Found, depth: number): void => {
      const { node, pointer } = found
      const key = valueKey(index, pointer)
      const text = reader.text(found)
      // aliases may lead in circles
      if (text !== undefined || depth > 64 || values.size > 1_000_000) {
        values.set(key, { text: text ?? '', node, pointer })
        return
      }
      const fields = reader.fields(found)
      const items = reader.items(found)
      values.set(key, { text: `${fields.map(([name]) => name).join('\0')} ${items.length}`, node, pointer })
      for (const [, value] of fields) walk(value, depth + 1)
      for (const item of items) walk(item, depth + 1)
    }
    if (reader.root !== undefined) walk(reader.root, 0)
  }
  return values
}

function valueKey(document: number, pointer: Pointer): string {
  return JSON.stringify([document, ...pointer])
}

function refused(
  kind: Refusal['kind'],
  field: string,
  message: string,
  repair: string,
): { refusal: Refusal } {
  return { refusal: { kind, field, message, repair } }
}

function refuse(kind: Refusal['kind'], message: string, repair: string): EditedFile {
  return { ok: false, refusal: { kind, message, repair } }
}
