import type { Impact } from '../manifest/change.ts'
import type { Finding } from '../manifest/finding.ts'
import type { Json } from '../manifest/json.ts'
import { resourceLabel, type Resource } from '../manifest/resource.ts'
import { clip, code, html, inline, link } from './escape.ts'
import { harm, impactIcon, LEVEL_ICON, plural } from './headline.ts'

/** The URL of a line at the head commit. */
export type LinkTo = (file: string, line?: number) => string | undefined

/** The page that explains a rule. */
export type RuleUrl = (ruleId: string) => string | undefined

/** What the table is made of. */
interface Problems {
  findings: readonly Finding[]
  impacts: readonly Impact[]
}

/** How much a row says of its problem. */
interface Detail {
  linkTo: LinkTo | undefined
  ruleUrl?: RuleUrl | undefined
  repair: boolean
  /** characters a message, a name or a value may take */
  message: number
  name: number
}

const FULL = { repair: true, message: 4000, name: 260 }
const SHORT: Detail = { linkTo: undefined, repair: false, message: 240, name: 100 }

interface Row {
  rank: number
  icon: string
  /** '' where the name says it */
  kind: string
  name: string
  what: string
  where: string[]
  cluster: string
}

/**
 * Findings and impacts, the worst first; what is said of several objects at one place is one row. Short of room the table says less of each, and only then leaves some out: first
 * equal problems share a row, then repairs and links go, then a list has each with its rule and line; last come numbers.
 * @param room characters (UTF-16) the text may take
 * @param column the heading over what is said of each
 * @param whole where all of it is, as Markdown
 */
export function problems(
  review: Problems,
  {
    room,
    whole,
    linkTo,
    ruleUrl,
    column,
  }: {
    room: number
    whole: string
    linkTo: LinkTo | undefined
    ruleUrl: RuleUrl | undefined
    column: string
  },
): string {
  const rows = rowsOf(review, { ...FULL, linkTo, ruleUrl })
  if (rows.length === 0) return ''
  const shapes = [
    () =>
      tableOf(
        column,
        joinRows(rows, row => [
          ...(row.where.length === 0 ? [row.kind, row.name] : []),
          row.what,
          ...row.where,
        ]),
      ),
    () =>
      tableOf(
        column,
        joinRows(rows, row => [row.what]),
      ),
    () =>
      tableOf(
        column,
        joinRows(rowsOf(review, SHORT), row => [row.what]),
      ),
    () => placesOf(review),
  ]
  for (const shape of shapes) {
    const text = shape()
    if (text.length <= room) return text
  }
  return numbersOf(review, rows.length, whole, room)
}

function rowsOf(review: Problems, detail: Detail): Row[] {
  return [
    ...review.findings.map(finding => findingRow(finding, detail)),
    ...impactsOf(review).map(impact => impactRow(impact, detail)),
  ].toSorted((a, b) => a.rank - b.rank)
}

function impactsOf({ impacts }: Problems): Impact[] {
  return impacts.filter(({ impact }) => impact !== 'none')
}

/** As many rows as a person looks through; the others, where there are more than a few, are folded below. */
const SEEN = 20
const FEW = 5

function tableOf(column: string, rows: readonly Row[]): string {
  const seen = rows.length > SEEN + FEW ? SEEN : rows.length
  const rest = rows.slice(seen)
  if (rest.length === 0) return markdownTable(column, rows)
  const kinds = [...Map.groupBy(rest, ({ icon }) => icon)].map(([icon, { length }]) => `${length} ${icon}`)
  return [
    markdownTable(column, rows.slice(0, seen)),
    `<details><summary>${rest.length} more: ${kinds.join(', ')}</summary>`,
    markdownTable(column, rest),
    '</details>',
  ].join('\n\n')
}

function markdownTable(column: string, rows: readonly Row[]): string {
  return [
    `| | object | ${column} | where |`,
    '|---|---|---|---|',
    ...rows.map(
      ({ icon, kind, name, what, where }) =>
        `| ${icon} | ${`${kind} ${name}`.trim()} | ${what} | ${folded(where, `${where.length} places`)} |`,
    ),
  ].join('\n')
}

/** A list in a cell: more than a few would push everything else out of sight. */
function folded(list: readonly string[], title: string): string {
  const text = list.join(', ')
  return list.length > FEW ? fold(title, text) : text
}

function fold(title: string, text: string): string {
  return `<details><summary>${title}</summary>${text}</details>`
}

/** Rows that agree in their icon and `same` become one, with every object, cluster and place of theirs. */
function joinRows(rows: readonly Row[], same: (row: Row) => string[]): Row[] {
  return [...Map.groupBy(rows, row => JSON.stringify([row.icon, ...same(row)])).values()].flatMap(group => {
    const objects = new Map(group.map(row => [`${row.kind} ${row.name}`.trim(), row]))
    const clusters = [...new Set(group.map(({ cluster }) => cluster))].filter(name => name !== '')
    const all = namesOf(objects)
    const name = clusters.length > 1 ? `${all} (${clusters.map(html).join(', ')})` : all
    const where = [...new Set(group.flatMap(row => row.where))]
    return group.slice(0, 1).map(first => ({ ...first, kind: '', name, where }))
  })
}

/** @param objects what is said of each → its row */
function namesOf(objects: ReadonlyMap<string, Row>): string {
  const names = [...objects.keys()]
  if (names.length <= FEW)
    return names.length === 1 ? names.join('') : `${names.length} objects: ${names.join(', ')}`
  const kinds = [...Map.groupBy(objects.values(), ({ kind }) => kind)]
  const title = kinds.map(([kind, { length }]) => `${length} × ${kind === '' ? 'object' : kind}`)
  const lists = kinds.map(([kind, rows]) => {
    const list = rows.map(({ name }) => name).join(', ')
    return kinds.length === 1 ? list : `${kind} ${list}`.trim()
  })
  return fold(title.join(', '), lists.join('; '))
}

function findingRow(finding: Finding, detail: Detail): Row {
  const { level, repair, resource, cluster, kustomization } = finding
  // what the column of objects says is not said again
  const unit = resource === undefined ? kustomization : undefined
  const said = ` This stops Kustomization ${unit ?? ''}.`
  const message = finding.message.endsWith(said) ? finding.message.slice(0, -said.length) : finding.message
  const next = repair === undefined || !detail.repair ? '' : `<br>${inline(clip(repair, detail.message))}`
  return {
    rank: level === 'error' ? 0 : level === 'warning' ? 20 : 40,
    icon: LEVEL_ICON[level],
    ...(resource !== undefined
      ? objectCell(resource, detail)
      : {
          kind: unit === undefined ? '' : 'Kustomization',
          name: unit === undefined ? '' : code(clip(unit, detail.name * 2)),
        }),
    what: `${inline(clip(message, detail.message))}${ruleLink(finding, detail)}${next}`,
    where: whereOf(finding, detail),
    cluster: cluster ?? '',
  }
}

/** The name of the rule, where a page explains it. */
function ruleLink({ ruleId }: Finding, { ruleUrl }: Detail): string {
  const url = ruleUrl?.(ruleId)
  return url === undefined ? '' : ` <sub>${link(ruleId, url)}</sub>`
}

function impactRow(impact: Impact, detail: Detail): Row {
  const values =
    impact.from === undefined && impact.to === undefined
      ? ''
      : `${valueCell(impact.from)} → ${valueCell(impact.to)}: `
  return {
    rank:
      (impact.impact === 'data-loss' ? 1 : impactIcon(impact.impact) === 'ℹ️' ? 30 : 10) +
      harm(impact.impact) / 100,
    icon: impactIcon(impact.impact),
    ...objectCell(impact.resource, detail),
    what: `${values}${inline(clip(impact.reason, detail.message))}`,
    where: whereOf(impact, detail),
    cluster: impact.cluster,
  }
}

function valueCell(json: Json | undefined): string {
  if (json === undefined) return 'unset'
  return code(clip(typeof json === 'string' ? json : JSON.stringify(json), 80))
}

function objectCell({ kind, namespace, name }: Resource, detail: Detail): Pick<Row, 'kind' | 'name'> {
  return {
    kind: html(clip(kind, detail.name)),
    name: code(clip(namespace === '' ? name : `${namespace}/${name}`, detail.name * 2)),
  }
}

function whereOf({ file, line }: { file?: string; line?: number }, { linkTo, name }: Detail): string[] {
  if (file === undefined) return []
  const base = clip(file.slice(file.lastIndexOf('/') + 1), name)
  return [link(line === undefined ? base : `${base}:${line}`, linkTo?.(file, line))]
}

/** Every problem with its rule, file, line and object, and nothing more. */
function placesOf(review: Problems): string {
  const places = [
    ...review.findings.map(({ level, ruleId, file, line, resource }) => ({
      rule: `${LEVEL_ICON[level]} ${code(clip(ruleId, 100))}`,
      rank: level === 'error' ? 0 : level === 'warning' ? 2 : 4,
      file: file ?? '',
      name: `${line ?? ''} ${resource === undefined ? '' : code(clip(resource.name, 100))}`.trim(),
    })),
    ...impactsOf(review).map(({ impact, file, line, resource }) => ({
      rule: `${impactIcon(impact)} ${impact.replaceAll('-', ' ')}`,
      rank: impact === 'data-loss' ? 1 : 3,
      file: file ?? '',
      name: `${line ?? ''} ${code(clip(resourceLabel(resource), 100))}`.trim(),
    })),
  ].toSorted((a, b) => a.rank - b.rank)
  return [...Map.groupBy(places, ({ rule }) => rule)]
    .flatMap(([rule, list]) => [
      `- ${rule}: ${list.length}`,
      ...[...Map.groupBy(list, ({ file }) => file)].map(([file, inFile]) => {
        const names = [...new Set(inFile.map(({ name }) => name))].filter(name => name !== '')
        return `  - ${[file === '' ? 'no file' : code(clip(file, 200)), ...(names.length > 0 ? [names.join(', ')] : [])].join(': ')}`
      }),
    ])
    .join('\n')
}

/** Far more than a person reads: every rule with its number, where there is room for it. */
function numbersOf(review: Problems, count: number, whole: string, room: number): string {
  const byRule = Map.groupBy(
    review.findings,
    ({ level, ruleId }) => `${LEVEL_ICON[level]} ${code(clip(ruleId, 100))}`,
  )
  const byImpact = Map.groupBy(impactsOf(review), ({ impact }) => `${impactIcon(impact)} ${impact}`)
  const lines = [...byRule, ...byImpact].map(([name, list]) => `- ${name}: ${list.length}`)
  const head = `${plural(count, 'problem')}, too many to list here; each with its line is in ${whole}.`
  const kept = fitting(lines, room - head.length - 50)
  const more = kept.length < lines.length ? [`- and ${plural(lines.length - kept.length, 'more rule')}`] : []
  return [head, '', ...kept, ...more].join('\n')
}

/** Those lines that fit, in their order; one that is too long does not keep out those after it. */
export function fitting(lines: readonly string[], room: number): string[] {
  let left = room
  return lines.filter(line => {
    if (line.length + 1 > left) return false
    left -= line.length + 1
    return true
  })
}
