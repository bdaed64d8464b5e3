import type { SourceText } from './source-text.ts'

/** A range of a text and what it becomes. */
export interface TextEdit {
  start: number
  end: number
  from: string
  to: string
  /** from 1 */
  line: number
}

/** What comments beside a version may say of it. */
export interface RelatedFacts {
  /** versions of the chart before and after */
  chart?: { from: string; to: string }
  /** versions of the operator that they deploy */
  operator?: { from: string; to: string }
}

/** A comment that names what is no longer true. */
export interface StaleComment {
  line: number
  text: string
  /** the version it names */
  names: string
}

// our own form: `deploys CNPG 1.28.0`, `chart 0.27.0 deploys operator 1.28.0`
const OWN =
  /(?:\bchart (?<chart>\d+\.\d+\.\d+) )?\bdeploys (?:CNPG|CloudNativePG|operator) (?<operator>\d+\.\d+\.\d+)(?![\w.-]*\d)/dg

/**
 * The comments behind the edited values and in the lines right above them: those of our own form are corrected, others that
 * name an old version are reported. A comment about another chart than the one edited is about another chart.
 */
export function relatedComments(
  source: SourceText,
  edits: readonly TextEdit[],
  facts: RelatedFacts = {},
): { corrected: TextEdit[]; stale: StaleComment[] } {
  const corrected: TextEdit[] = []
  const stale: StaleComment[] = []
  const starts = lineStarts(source.text)
  const old = [facts.chart?.from, facts.operator?.from, ...edits.flatMap(({ from }) => versionsIn(from))]
  for (const line of commentLines(source, edits)) {
    const text = source.lines[line - 1] ?? ''
    const comment = commentStart(text)
    if (comment === undefined) continue
    const offset = starts[line - 1] ?? 0
    const mended = ownForm(text.slice(comment), facts).map(({ start, end, from, to }) => ({
      start: offset + comment + start,
      end: offset + comment + end,
      from,
      to,
      line,
    }))
    corrected.push(...mended)
    const rest = mended.reduce((left, { from }) => left.replace(from, ''), text.slice(comment))
    const named = old.find(version => version !== undefined && names(rest, version))
    if (named !== undefined) stale.push({ line, text: text.slice(comment).trim(), names: named })
  }
  return { corrected, stale }
}

/** What in a comment of our own form is to be corrected. */
function ownForm(comment: string, { chart, operator }: RelatedFacts): Omit<TextEdit, 'line'>[] {
  if (operator === undefined) return []
  return [...comment.matchAll(OWN)].flatMap(({ groups, indices }) => {
    const named = groups?.chart
    if (named !== undefined && named !== chart?.from) return []
    const edits: Omit<TextEdit, 'line'>[] = []
    const mend = (range: [number, number] | undefined, from: string | undefined, to: string | undefined) => {
      if (range !== undefined && from !== undefined && to !== undefined && from !== to)
        edits.push({ start: range[0], end: range[1], from, to })
    }
    mend(indices?.groups?.chart, named, chart?.to)
    mend(indices?.groups?.operator, groups?.operator, operator.to)
    return edits
  })
}

/** The lines of the edits, and those above each that hold nothing but comments. */
function commentLines({ lines }: SourceText, edits: readonly TextEdit[]): number[] {
  const found = new Set<number>()
  for (const { line } of edits) {
    found.add(line)
    for (let above = line - 1; above > 0 && /^\s*#/.test(lines[above - 1] ?? ''); above--) found.add(above)
  }
  return [...found].toSorted((a, b) => a - b)
}

function commentStart(line: string): number | undefined {
  const found = /(?:^|\s)#/.exec(line)
  return found === null ? undefined : found.index
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\r?\n/g)].map(({ index, 0: end }) => index + end.length)]
}

function versionsIn(text: string): string[] {
  return text.match(/\d+\.\d+(?:\.\d+)?/g) ?? []
}

function names(text: string, version: string): boolean {
  const quoted = version.replaceAll('.', String.raw`\.`)
  return new RegExp(`(?<![\\d.])${quoted}(?!\\d|\\.\\d)`).test(text)
}
