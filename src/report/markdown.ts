import type { Impact } from '../manifest/change.ts'
import type { Finding, Unjudged } from '../manifest/finding.ts'
import type { Json } from '../manifest/json.ts'
import type { Resource } from '../manifest/resource.ts'
import { changeSections } from './change-sections.ts'
import { code, html, inline, link } from './escape.ts'
import { footer, harm, headline, impactIcon, LEVEL_ICON, plural, revisionName } from './headline.ts'
import type { Review } from './review.ts'

/** What the sticky comment is found again by, beside its author. */
export const REVIEW_MARKER = '<!-- cnpg-steward:review -->'

/**
 * GitHub says 'maximum is 65536 characters'. Measured by others it counts code points (pull request bodies) or takes 262,144
 * bytes (comments); UTF-16 units are never fewer than code points, and 65,536 of them at most 196,608 bytes: safe either way.
 */
export const COMMENT_LIMIT = 65_536
/** A job summary holds 1 MiB of bytes a step; a UTF-16 unit takes up to three. */
export const SUMMARY_LIMIT = 1024 * 1024

export interface MarkdownOptions {
  /** the URL of a line at the head commit */
  linkTo?: (file: string, line?: number) => string | undefined
  /** where the whole report is, for what does not fit */
  summaryUrl?: string
  /** UTF-16 units */
  budget?: number
}

/** The sticky comment. Findings and impacts are never cut; diffs get what space is left. */
export function reviewComment(review: Review, options: MarkdownOptions = {}): string {
  return compose(review, options, options.budget ?? COMMENT_LIMIT)
}

/** The job summary: the same with more room. */
export function reviewSummary(review: Review, options: MarkdownOptions = {}): string {
  return compose(review, options, options.budget ?? Math.floor(SUMMARY_LIMIT / 3))
}

function compose(review: Review, options: MarkdownOptions, budget: number): string {
  const head = [REVIEW_MARKER, `## ${headline(review)}`, revisionLine(review)].join('\n')
  const foot = `<sub>${footer(review).map(html).join(' · ')}</sub>`
  const fixed = head.length + foot.length + 600
  const table = problems(review, options, budget - fixed)
  const unjudged = notJudged(
    review.incomplete,
    Math.max(1000, Math.min(budget / 4, budget - fixed - table.length)),
  )
  const { text, left } = changeSections(review.changes, budget - fixed - table.length - unjudged.length)
  const rest =
    left === 0
      ? ''
      : `${plural(left, 'change')} without diff here: the rest is in ${whole(options.summaryUrl)}.`
  return [head, table, text, unjudged, rest, foot].filter(part => part !== '').join('\n\n')
}

function whole(url: string | undefined): string {
  return url === undefined ? 'the job summary' : link('the job summary', url)
}

function revisionLine({ base, head, stats }: Review): string {
  const clusters = stats.clusters.map(text => {
    const [name = '', ...when] = text.split(' ')
    return `cluster **${html(name)}** ${html(when.join(' '))}`.trim()
  })
  return [
    `${code(revisionName(base))} → ${code(revisionName(head))}`,
    ...(clusters.length > 0 ? [clusters.join(', ')] : []),
  ].join(' · ')
}

interface Row {
  rank: number
  icon: string
  object: string
  what: string
  where: string[]
}

/** The table of findings and impacts, the worst first; equal problems of several objects share a row when space is short. */
function problems(review: Review, options: MarkdownOptions, room: number): string {
  const rows = [
    ...review.findings.map(finding => findingRow(finding, options)),
    ...review.impacts.filter(({ impact }) => impact !== 'none').map(impact => impactRow(impact, options)),
  ].toSorted((a, b) => a.rank - b.rank)
  if (rows.length === 0) return ''
  const full = tableOf(rows)
  if (full.length <= room) return full
  const joined = tableOf(joinRows(rows))
  if (joined.length <= room) return joined
  // far more than a person reads: every rule with its number, everything else where there is room for it
  const byRule = Map.groupBy(review.findings, ({ level, ruleId }) => `${LEVEL_ICON[level]} ${code(ruleId)}`)
  const byImpact = Map.groupBy(review.impacts, ({ impact }) => `${impactIcon(impact)} ${impact}`)
  const lines = [...byRule, ...byImpact].map(([name, list]) => `- ${name}: ${list.length}`)
  const kept = fitting(lines, room - 200)
  return [
    `${plural(rows.length, 'problem')}, too many to list here; each with its line is in ${whole(options.summaryUrl)}.`,
    '',
    ...kept,
    ...(kept.length < lines.length ? [`- and ${lines.length - kept.length} more rules`] : []),
  ].join('\n')
}

function tableOf(rows: readonly Row[]): string {
  return [
    '| | object | what merging does | where |',
    '|---|---|---|---|',
    ...rows.map(({ icon, object, what, where }) => `| ${icon} | ${object} | ${what} | ${where.join(', ')} |`),
  ].join('\n')
}

function joinRows(rows: readonly Row[]): Row[] {
  const joined = new Map<string, { row: Row; objects: Set<string> }>()
  for (const row of rows) {
    const known = joined.get(`${row.icon}${row.what}`)
    if (known === undefined)
      joined.set(`${row.icon}${row.what}`, { row: { ...row }, objects: new Set([row.object]) })
    else {
      known.objects.add(row.object)
      known.row.where = [...new Set([...known.row.where, ...row.where])]
    }
  }
  return [...joined.values()].map(({ row, objects }) => ({
    ...row,
    object: objects.size === 1 ? row.object : `${objects.size} objects: ${[...objects].join(', ')}`,
  }))
}

function findingRow(finding: Finding, options: MarkdownOptions): Row {
  const { level, message, repair, resource } = finding
  return {
    rank: level === 'error' ? 0 : level === 'warning' ? 20 : 40,
    icon: LEVEL_ICON[level],
    object: resource === undefined ? '' : objectCell(resource),
    what: `${inline(message)}${repair === undefined ? '' : `<br>${inline(repair)}`}`,
    where: whereOf(finding, options),
  }
}

function impactRow(impact: Impact, options: MarkdownOptions): Row {
  const values =
    impact.from === undefined && impact.to === undefined
      ? ''
      : `${value(impact.from)} → ${value(impact.to)}: `
  return {
    rank:
      (impact.impact === 'data-loss' ? 1 : impactIcon(impact.impact) === 'ℹ️' ? 30 : 10) +
      harm(impact.impact) / 100,
    icon: impactIcon(impact.impact),
    object: objectCell(impact.resource),
    what: `${values}${inline(impact.reason)}`,
    where: whereOf(impact, options),
  }
}

function value(json: Json | undefined): string {
  if (json === undefined) return 'unset'
  const text = typeof json === 'string' ? json : JSON.stringify(json)
  return code(text.length > 80 ? `${text.slice(0, 79)}…` : text)
}

function objectCell({ kind, namespace, name }: Resource): string {
  return `${html(kind)} ${code(namespace === '' ? name : `${namespace}/${name}`)}`
}

function whereOf({ file, line }: { file?: string; line?: number }, options: MarkdownOptions): string[] {
  if (file === undefined) return []
  const name = file.slice(file.lastIndexOf('/') + 1)
  return [link(line === undefined ? name : `${name}:${line}`, options.linkTo?.(file, line))]
}

function notJudged(entries: readonly Unjudged[], room: number): string {
  if (entries.length === 0) return ''
  const lines = entries.map(({ message, repair, affected, cluster }) => {
    const names = affected.slice(0, 10).map(code).join(', ')
    const more = affected.length > 10 ? ` and ${affected.length - 10} more` : ''
    const where = cluster === undefined ? '' : ` (cluster ${html(cluster)})`
    return `- ${inline(message)}${where}${names === '' ? '' : `: ${names}${more}`}${repair === undefined ? '' : `. ${inline(repair)}`}`
  })
  const kept = fitting(lines, room - 150)
  const rest = kept.length < lines.length ? [`- and ${lines.length - kept.length} more`] : []
  return `<details><summary>Not judged (${entries.length})</summary>\n\n${[...kept, ...rest].join('\n')}\n\n</details>`
}

function fitting(lines: readonly string[], room: number): string[] {
  let used = 0
  return lines.filter(line => (used += line.length + 1) <= room)
}
