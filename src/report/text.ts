import { groupEqual, type ChangeGroup } from '../diff/group-equal.ts'
import type { Change, Impact } from '../manifest/change.ts'
import type { Finding, Unjudged } from '../manifest/finding.ts'
import type { Json } from '../manifest/json.ts'
import type { RenderedHelmRelease, RenderedKustomization, RenderedTree } from '../manifest/rendered.ts'
import { resourceLabel } from '../manifest/resource.ts'
import { folds, namesOf, numbersOf, sentence, standing, withoutStop } from './affected.ts'
import { clip, noCommands, oneLine, visible } from './escape.ts'
import { equalFindings } from './equal-findings.ts'
import { footer, harm, headline, impactIcon, LEVEL_ICON, plural, revisionName } from './headline.ts'
import { unjudgedNow, withoutOnlyCluster, type Review, type Verdict } from './review.ts'
import { unitTitle } from './unit-title.ts'
import { findingCounts, scopeParts, type ValidationScope } from './validation.ts'

export interface TextOptions {
  /** with escape codes for a terminal */
  colour?: boolean
}

type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold'
const CODES: Record<Colour, number> = { red: 31, yellow: 33, green: 32, cyan: 36, dim: 2, bold: 1 }

const VERDICT_COLOURS: Record<Verdict, Colour> = {
  blocked: 'red',
  attention: 'yellow',
  incomplete: 'yellow',
  ready: 'green',
}
const DIFF_COLOURS = new Map<string, Colour>([
  ['+', 'green'],
  ['-', 'red'],
  ['@', 'cyan'],
])

/** A review for a terminal: verdict, problems with file and line, diffs, what was not judged. Ends in a line feed. */
export function reviewText(review: Review, options: TextOptions = {}): string {
  const paint = painter(options)
  const { changes, incomplete } = withoutOnlyCluster(review)
  return join([
    paint(VERDICT_COLOURS[review.verdict], headline(review)),
    `${oneLine(revisionName(review.base))} → ${oneLine(revisionName(review.head))}`,
    [...findingLines(review.findings, paint), ...impactLines(review.impacts, paint)].join('\n'),
    changeLines(changes, paint),
    unjudged(incomplete),
    paint('dim', footer(review).map(oneLine).join(' · ')),
  ])
}

/** The verdict of a review with its findings and impacts, a line each, no diffs: what stands below a proposed update. */
export function verdictLines(review: Review, options: TextOptions = {}): string[] {
  const paint = painter(options)
  const lines = [
    paint(VERDICT_COLOURS[review.verdict], headline(review)),
    ...findingLines(review.findings, paint),
    ...impactLines(review.impacts, paint),
    unjudged(unjudgedNow(review)),
  ]
  return lines.filter(line => line !== '').flatMap(line => line.split('\n'))
}

/** The findings of `validate` for a terminal. */
export function findingsText(
  findings: readonly Finding[],
  incomplete: readonly Unjudged[],
  options: TextOptions & { scope?: ValidationScope } = {},
): string {
  const paint = painter(options)
  return join([
    findingLines(findings, paint).join('\n'),
    unjudged(incomplete),
    findingCounts(findings, incomplete),
    options.scope === undefined ? '' : paint('dim', scopeParts(options.scope).map(oneLine).join(' · ')),
  ])
}

/** The same effect in several clusters is one line that names them. */
function impactLines(impacts: readonly Impact[], paint: Paint): string[] {
  const said = Map.groupBy(
    impacts
      .filter(({ impact }) => impact !== 'none')
      .toSorted((a, b) => harm(a.impact) - harm(b.impact))
      .map(impact => ({ cluster: impact.cluster, line: impactLine(impact, paint) })),
    ({ line }) => line,
  )
  return [...said].map(([line, same]) => {
    const clusters = [...new Set(same.map(({ cluster }) => cluster))].filter(cluster => cluster !== '')
    return same.length > 1 ? `${line} ${paint('dim', `in ${oneLine(clusters.join(', '))}`)}` : line
  })
}

function impactLine({ impact, resource, reason, file, line, from, to }: Impact, paint: Paint): string {
  const values = from === undefined && to === undefined ? '' : `${value(from)} → ${value(to)}: `
  return `${impactIcon(impact)} ${place(file, line)}${oneLine(`${resourceLabel(resource)}: ${values}${reason}`)} ${paint('dim', `[${impact}]`)}`
}

function value(json: Json | undefined): string {
  if (json === undefined) return 'unset'
  return clip(typeof json === 'string' ? json : JSON.stringify(json), 80)
}

/** The changes of each Kustomization; equal ones of several in one place, with all their names. */
function changeLines(changes: readonly Change[], paint: Paint): string {
  return [...Map.groupBy(groupEqual(changes), group => unitTitle(group, oneLine))]
    .map(([unit, groups]) =>
      [paint('bold', unit), ...groups.map(group => changeBlock(group, paint))].join('\n'),
    )
    .join('\n\n')
}

function changeBlock(group: ChangeGroup, paint: Paint): string {
  const [first] = group
  const state = first.orphaned ? ', left running (prune is off)' : ''
  const names = group.map(({ resource, renamedFrom, helmRelease }) => {
    const from = renamedFrom === undefined ? '' : `${resourceLabel(renamedFrom)} → `
    return `${from}${resourceLabel(resource)}${helmRelease === undefined ? '' : ` (HelmRelease ${helmRelease})`}`
  })
  const heading = oneLine(`${first.change}${state}: ${[...new Set(names)].join(', ')}`)
  return `  ${heading}\n${diffLines(first.diff, paint)}`
}

/** What `render` did: each unit with its state and number of objects, and why one did not render. */
export function renderText(tree: RenderedTree, options: TextOptions = {}): string {
  const paint = painter(options)
  const units = [
    ...tree.kustomizations.map(unit => ({ kind: 'Kustomization', from: unit.path, ...unit })),
    ...tree.helmReleases.map(unit => ({ kind: 'HelmRelease', from: unit.chart, ...unit })),
  ]
  const clusters = [...Map.groupBy(units, ({ cluster }) => cluster)].map(([cluster, inCluster]) =>
    [
      ...(cluster === '' ? [] : [paint('bold', oneLine(`cluster ${cluster}`))]),
      ...unitLines(inCluster, paint),
    ].join('\n'),
  )
  const objects = units.reduce((sum, unit) => sum + unit.objects.length, 0)
  const rendered = units.filter(({ status }) => status === 'rendered').length
  return join([
    ...clusters,
    findingLines(tree.findings, paint).join('\n'),
    unjudged(tree.incomplete),
    `${plural(objects, 'object')}; ${rendered} of ${units.length} Kustomizations and HelmReleases rendered`,
  ])
}

type NamedUnit = (RenderedKustomization | RenderedHelmRelease) & { kind: string; from: string }

function unitLines(units: readonly NamedUnit[], paint: Paint): string[] {
  const rows = units.map(unit => ({ ...unit, label: oneLine(`${unit.kind} ${unit.namespace}/${unit.name}`) }))
  // one very long name does not push the columns of all others away
  const width = Math.min(60, Math.max(...rows.map(({ label }) => label.length)))
  return rows.map(({ status, label, objects, from, error }) => {
    const colour = status === 'failed' ? 'red' : status === 'skipped' ? 'yellow' : 'green'
    const count = status === 'rendered' ? plural(objects.length, 'object') : ''
    const line = `${paint(colour, status.padEnd(8))}  ${label.padEnd(width)}  ${count.padEnd(12)}  ${oneLine(from)}`
    if (error === undefined) return line.trimEnd()
    const repair = error.repair === undefined ? '' : `\n   ${oneLine(error.repair)}`
    return `${line.trimEnd()}\n   ${place(error.file, error.line)}${oneLine(error.message)}${repair}`
  })
}

function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  const order = { error: 0, warning: 1, note: 2 }
  return equalFindings(findings.toSorted((a, b) => order[a.level] - order[b.level])).map(
    ({ finding: { level, ruleId, message, repair, file, line }, objects }) => {
      const subject = objects === '' ? '' : `${oneLine(objects)}: `
      const colour = level === 'error' ? 'red' : level === 'warning' ? 'yellow' : 'cyan'
      const next = repair === undefined ? '' : `\n   ${oneLine(repair)}`
      return `${LEVEL_ICON[level]} ${place(file, line)}${paint(colour, subject + oneLine(message))} ${paint('dim', `[${oneLine(ruleId)}]`)}${next}`
    },
  )
}

function unjudged(entries: readonly Unjudged[]): string {
  if (entries.length === 0) return ''
  const fresh = entries.filter(({ existing }) => existing !== true)
  const before = entries.filter(({ existing }) => existing === true)
  const lines = folds(fresh).flatMap(({ common, entries: group }) =>
    common === undefined
      ? group.map(entry => `❔ ${unjudgedLine(entry)}`)
      : [
          `❔ ${oneLine(common.title)}${common.repair === undefined ? '' : `\n   ${oneLine(sentence(common.repair))}`}`,
          ...group.map(entry => `   - ${unjudgedLine(entry)}`),
        ],
  )
  const short = standing(before).map(({ message, affected }) => {
    const names = numbersOf(affected, name => name)
    return `   as before: ${oneLine(`${message}${names === '' ? '' : `: ${names}`}`)}`
  })
  const count = [
    ...(fresh.length > 0 ? [String(fresh.length)] : []),
    ...(short.length > 0 ? [`${short.length} as before`] : []),
  ]
  return [`Not judged (${count.join(', ')})`, ...lines, ...short].join('\n')
}

function unjudgedLine(entry: Unjudged): string {
  const { message, repair, cluster, file, line } = entry
  const names = namesOf(entry, name => name)
  const where = cluster === undefined ? '' : `${cluster}: `
  const said = `${where}${withoutStop(message)}${names === '' ? '' : `: ${names}`}`
  return `${place(file, line)}${oneLine(said)}${repair === undefined ? '' : `\n   ${oneLine(sentence(repair))}`}`
}

function diffLines(diff: string, paint: Paint): string {
  return visible(diff)
    .split('\n')
    .map(line => {
      const colour = DIFF_COLOURS.get(line[0] ?? '')
      return `    ${colour === undefined ? line : paint(colour, line)}`
    })
    .join('\n')
}

function place(file: string | undefined, line: number | undefined): string {
  if (file === undefined) return ''
  return `${oneLine(file)}${line === undefined ? '' : `:${line}`}: `
}

type Paint = (colour: Colour, text: string) => string

function painter({ colour = false }: TextOptions): Paint {
  return colour ? (name, text) => `\u001b[${CODES[name]}m${text}\u001b[0m` : (_name, text) => text
}

/** The parts, an empty line between; no line of the text of others is a command where this is the log of a workflow. */
function join(parts: readonly string[]): string {
  return `${noCommands(parts.filter(part => part !== '').join('\n\n'))}\n`
}
