import type { Finding, Unjudged } from '../manifest/finding.ts'
import type { RenderedTree } from '../manifest/rendered.ts'
import { resourceLabel } from '../manifest/resource.ts'
import { groupEqual } from '../diff/group-equal.ts'
import { oneLine, visible } from './escape.ts'
import { footer, harm, headline, impactIcon, LEVEL_ICON, plural, revisionName } from './headline.ts'
import type { Review } from './review.ts'

export interface TextOptions {
  /** with escape codes for a terminal */
  colour?: boolean
}

type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold'
const CODES: Record<Colour, number> = { red: 31, yellow: 33, green: 32, cyan: 36, dim: 2, bold: 1 }

const DIFF_COLOURS = new Map<string, Colour>([
  ['+', 'green'],
  ['-', 'red'],
  ['@', 'cyan'],
])

/** A review for a terminal: verdict, problems with file and line, diffs, what was not judged. Ends in a line feed. */
export function reviewText(review: Review, options: TextOptions = {}): string {
  const paint = painter(options)
  const impacts = review.impacts
    .filter(({ impact }) => impact !== 'none')
    .toSorted((a, b) => harm(a.impact) - harm(b.impact))
    .map(
      ({ impact, resource, reason, file, line }) =>
        `${impactIcon(impact)} ${place(file, line)}${oneLine(resourceLabel(resource))}: ${oneLine(reason)} ${paint('dim', `[${impact}]`)}`,
    )
  const changes = groupEqual(review.changes).map(group => {
    const [first] = group
    const names = group.map(
      ({ resource, renamedFrom }) =>
        `${renamedFrom === undefined ? '' : `${oneLine(resourceLabel(renamedFrom))} → `}${oneLine(resourceLabel(resource))}`,
    )
    const state = first.orphaned ? ', left running (prune is off)' : ''
    const heading = paint('bold', `${first.change}${state}: ${[...new Set(names)].join(', ')}`)
    return `${heading} ${paint('dim', oneLine(`(${[...new Set(group.map(({ cluster }) => cluster))].join(', ')} ${first.kustomization})`))}\n${diffLines(first.diff, paint)}`
  })
  return join([
    headline(review),
    `${oneLine(revisionName(review.base))} → ${oneLine(revisionName(review.head))}`,
    [...findingLines(review.findings, paint), ...impacts].join('\n'),
    changes.join('\n\n'),
    unjudged(review.incomplete),
    paint('dim', footer(review).map(oneLine).join(' · ')),
  ])
}

/** The findings of `validate` for a terminal. */
export function findingsText(
  findings: readonly Finding[],
  incomplete: readonly Unjudged[],
  options: TextOptions = {},
): string {
  const paint = painter(options)
  const errors = findings.filter(({ level }) => level === 'error').length
  const warnings = findings.filter(({ level }) => level === 'warning').length
  return join([
    findingLines(findings, paint).join('\n'),
    unjudged(incomplete),
    `${plural(errors, 'error')}, ${plural(warnings, 'warning')}, ${incomplete.length} not judged`,
  ])
}

/** What `render` did, one line a unit that did not render and one in all. */
export function renderText(tree: RenderedTree, options: TextOptions = {}): string {
  const paint = painter(options)
  const units = [
    ...tree.kustomizations.map(unit => ({ kind: 'Kustomization', ...unit })),
    ...tree.helmReleases.map(unit => ({ kind: 'HelmRelease', ...unit })),
  ]
  const failed = units
    .filter(({ status }) => status !== 'rendered')
    .map(({ kind, cluster, namespace, name, status, error }) => {
      const reason = error === undefined ? '' : `: ${place(error.file, error.line)}${error.message}`
      return `${paint(status === 'failed' ? 'red' : 'yellow', status)} ${oneLine(`${kind} ${namespace}/${name} (${cluster})${reason}`)}`
    })
  const objects = units.reduce((sum, unit) => sum + unit.objects.length, 0)
  const rendered = units.length - failed.length
  return join([
    failed.join('\n'),
    findingLines(tree.findings, paint).join('\n'),
    unjudged(tree.incomplete),
    `${plural(objects, 'object')}; ${rendered} of ${units.length} Kustomizations and HelmReleases rendered`,
  ])
}

function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  const order = { error: 0, warning: 1, note: 2 }
  return findings
    .toSorted((a, b) => order[a.level] - order[b.level])
    .map(({ level, ruleId, message, repair, resource, file, line }) => {
      const subject = resource === undefined ? '' : `${oneLine(resourceLabel(resource))}: `
      const colour = level === 'error' ? 'red' : level === 'warning' ? 'yellow' : 'cyan'
      const next = repair === undefined ? '' : `\n   ${oneLine(repair)}`
      return `${LEVEL_ICON[level]} ${place(file, line)}${paint(colour, subject + oneLine(message))} ${paint('dim', `[${oneLine(ruleId)}]`)}${next}`
    })
}

function unjudged(entries: readonly Unjudged[]): string {
  if (entries.length === 0) return ''
  const lines = entries.map(({ message, repair, affected, cluster, file, line }) => {
    const names =
      affected.length === 0
        ? ''
        : ` (${affected.slice(0, 10).join(', ')}${affected.length > 10 ? `, ${affected.length - 10} more` : ''})`
    const where = cluster === undefined ? '' : `${cluster}: `
    return `❔ ${place(file, line)}${oneLine(where + message + names)}${repair === undefined ? '' : `\n   ${oneLine(repair)}`}`
  })
  return [`Not judged (${entries.length})`, ...lines].join('\n')
}

function diffLines(diff: string, paint: Paint): string {
  return visible(diff)
    .split('\n')
    .map(line => {
      const colour = DIFF_COLOURS.get(line[0] ?? '')
      return `  ${colour === undefined ? line : paint(colour, line)}`
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

function join(parts: readonly string[]): string {
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}
