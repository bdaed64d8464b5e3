import { compare, minor, valid } from 'semver'
import type { Level } from '../../manifest/finding.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf } from '../../manifest/resource.ts'
import { operandOf } from '../operand.ts'
import {
  chartOf,
  lineOf,
  openAdvisories,
  OPERATOR_FACTS,
  type OperatorFacts,
  type ReleaseLine,
} from './release-facts.ts'
import { supportedPostgres } from './supported-postgres.ts'
import { stepsBetween } from './upgrade-steps.ts'

export interface ReleaseRequest {
  /** the operator that runs after the change: '1.28.0' */
  version: string
  /** the one before, where the change gives another */
  from?: string
  /** ISO date */
  today: string
  /** '1.35' or '1.35.0'; absent: nobody said */
  kubernetes?: string
  /** everything the Kubernetes cluster is given */
  objects: readonly RenderedObject[]
  facts?: OperatorFacts
}

/** What is to be said about a release; `object` absent: about the operator, at the line of its version. */
export interface ReleaseProblem {
  ruleId: string
  level: Level
  message: string
  repair: string
  object?: RenderedObject
  field: string
}

const OPERATOR = 'CloudNativePG'

/** What the project says about the release that a cluster runs, and about the way to it. */
export function releaseProblems(request: ReleaseRequest): ReleaseProblem[] {
  const { version, facts = OPERATOR_FACTS } = request
  if (valid(version) === null) return []
  const line = facts.lines[lineOf(version)]
  return [
    ...(line === undefined ? [] : endOfLife(request, line, facts)),
    ...advisories(request, facts),
    ...(line === undefined ? [] : kubernetes(request, line)),
    ...postgres(request, facts),
    ...wayThere(request, facts),
  ]
}

/** Notes about what runs anyway; a change that leads there is warned of. */
function levelOf({ from }: ReleaseRequest): Level {
  return from === undefined ? 'note' : 'warning'
}

function endOfLife(request: ReleaseRequest, line: ReleaseLine, facts: OperatorFacts): ReleaseProblem[] {
  const { version, today } = request
  if (line.endOfLife >= today) return []
  const supported = Object.entries(facts.lines).filter(([, other]) => other.endOfLife >= today)
  const [name, next] = supported.at(-1) ?? []
  const instead =
    name === undefined || next === undefined
      ? 'No release that is known here is supported any more.'
      : `${name} is supported until ${next.estimated === true ? 'about ' : ''}${next.endOfLife}.`
  return [
    ofOperator({
      ruleId: 'operator-end-of-life',
      level: levelOf(request),
      message: `${OPERATOR} ${version}: ${lineOf(version)} reached its end of life on ${line.endOfLife}; nothing is mended in it any more, security included. ${instead}`,
      repair:
        name === undefined
          ? 'Look for a newer release; this tool knows none that is supported.'
          : `Update minor by minor to ${name}${inChart(newestWithChart(name))}.`,
    }),
  ]
}

function advisories(request: ReleaseRequest, facts: OperatorFacts): ReleaseProblem[] {
  const open = openAdvisories(request.version, facts)
  if (open.length === 0) return []
  const names = open.map(({ ids, title, fixedIn }) => `${ids[0] ?? title} (fixed in ${fixedIn.join(', ')})`)
  const newest = Object.keys(facts.releases).findLast(
    version => openAdvisories(version, facts).length === 0 && lineOf(version) === lineOf(request.version),
  )
  const fixed =
    newest ?? Object.keys(facts.releases).findLast(version => openAdvisories(version, facts).length === 0)
  return [
    ofOperator({
      ruleId: 'operator-advisories',
      level: levelOf(request),
      message: `${OPERATOR} ${request.version} lacks what later releases mend: ${names.join('; ')}.`,
      repair:
        fixed === undefined
          ? 'Update to the newest release of a supported minor.'
          : `Update ${lineOf(fixed) === lineOf(request.version) ? '' : 'minor by minor '}to ${fixed}${inChart(fixed)}.`,
    }),
  ]
}

function inChart(version: string | undefined): string {
  const chart = version === undefined ? undefined : chartOf('cloudnative-pg', version)
  return chart === undefined ? '' : ` (chart ${chart})`
}

function kubernetes(request: ReleaseRequest, line: ReleaseLine): ReleaseProblem[] {
  if (request.kubernetes === undefined) return []
  const running = lineOf(request.kubernetes)
  if (line.kubernetes.includes(running)) return []
  const tested = line.kubernetesTested?.includes(running) === true
  return [
    ofOperator({
      ruleId: 'operator-kubernetes',
      level: tested ? 'note' : levelOf(request),
      message: `${OPERATOR} ${lineOf(request.version)} ${tested ? 'is tested with, and not supported on,' : 'is neither supported on nor tested with'} Kubernetes ${running}; it is supported on ${line.kubernetes.join(', ')}.`,
      repair: 'Take a release of the operator that supports the version of Kubernetes that runs.',
    }),
  ]
}

function postgres(request: ReleaseRequest, facts: OperatorFacts): ReleaseProblem[] {
  const supported = supportedPostgres(request.version, facts)
  if (supported === undefined) return []
  return request.objects.flatMap(object => {
    const { resource, manifest } = object
    if (resource.kind !== 'Cluster' || groupOf(resource.apiVersion) !== 'postgresql.cnpg.io') return []
    const { major, field } = operandOf(manifest, request.objects, request.version)
    if (major === undefined || supported.includes(major)) return []
    return [
      {
        ruleId: 'operator-postgres',
        level: 'warning' as const,
        message: `${OPERATOR} ${lineOf(request.version)} supports PostgreSQL ${supported[0]} to ${supported.at(-1)}, and this is ${major}.`,
        repair: 'Upgrade PostgreSQL to a major that both the operator before and the new one support.',
        object,
        field,
      },
    ]
  })
}

function wayThere(request: ReleaseRequest, facts: OperatorFacts): ReleaseProblem[] {
  const { from, version } = request
  if (from === undefined || valid(from) === null || from === version) return []
  if (compare(from, version) > 0)
    return [
      ofOperator({
        ruleId: 'operator-downgrade',
        level: 'warning',
        message: `${OPERATOR} goes back from ${from} to ${version}: the older one looks after objects, Pods and a status that the newer one wrote, and its CRDs drop the fields that only the newer has. The project tests updates alone.`,
        repair: 'Go on to a newer release instead, or try the way back on a copy first.',
      }),
    ]
  return [...skippedMinors(from, version), ...steps(request, from), ...releaseNotes(from, version, facts)]
}

function skippedMinors(from: string, to: string): ReleaseProblem[] {
  const skipped = Array.from(
    { length: Math.max(0, minor(to) - minor(from) - 1) },
    (_, index) => `1.${minor(from) + 1 + index}`,
  )
  if (skipped.length === 0) return []
  return [
    ofOperator({
      ruleId: 'operator-skips-minors',
      level: 'warning',
      message: `${OPERATOR} ${from} → ${to} leaves out ${skipped.join(', ')}: the project recommends to update through each version in order, and tests no other way.`,
      repair: `Update to the last release of ${skipped[0]} first${inChart(newestWithChart(skipped[0] ?? ''))}; each update rolls the clusters once.`,
    }),
  ]
}

function newestWithChart(line: string): string | undefined {
  return Object.values(OPERATOR_FACTS.charts['cloudnative-pg'] ?? {}).findLast(
    version => lineOf(version) === line,
  )
}

function steps(request: ReleaseRequest, from: string): ReleaseProblem[] {
  return stepsBetween(from, request.version).flatMap(({ since, change, todo, concerns }) =>
    request.objects.flatMap(object =>
      concerns(object).map(field => ({
        ruleId: 'operator-upgrade-step',
        level: 'warning' as const,
        message: `${OPERATOR} ${from} → ${request.version}, since ${since.at(-1)}: ${change}`,
        repair: todo,
        object,
        field,
      })),
    ),
  )
}

const MOST = 12

/** What the notes of all releases on the way call important, and what they mend. */
function releaseNotes(from: string, to: string, facts: OperatorFacts): ReleaseProblem[] {
  const before = new Set(openAdvisories(from, facts))
  const after = new Set(openAdvisories(to, facts))
  const mended = [...before].filter(one => !after.has(one)).map(({ ids, title }) => ids[0] ?? title)
  const important = [
    ...new Set(
      Object.entries(facts.releases)
        .filter(([version]) => onTheWay(version, from, to))
        .flatMap(([, release]) => release.important ?? []),
    ),
  ]
  if (mended.length + important.length === 0) return []
  const told = important.slice(0, MOST).map(text => text.replace(/[.]$/, ''))
  const more = important.length > MOST ? `; and ${important.length - MOST} more` : ''
  return [
    ofOperator({
      ruleId: 'operator-release-notes',
      level: 'note',
      message: [
        `${OPERATOR} ${from} → ${to}.`,
        ...(mended.length === 0 ? [] : [`It mends ${mended.join(', ')}.`]),
        ...(told.length === 0 ? [] : [`Its notes call important: ${told.join('; ')}${more}.`]),
      ].join(' '),
      repair: 'Read the release notes of every release on the way.',
    }),
  ]
}

/** Releases of the lines on the way: patches of the old line after `from`, all of those between, and up to `to`. */
function onTheWay(version: string, from: string, to: string): boolean {
  if (compare(version, to) > 0 || compare(version, from) <= 0) return false
  return lineOf(version) === lineOf(to) || minor(version) > minor(from) || lineOf(version) === lineOf(from)
}

function ofOperator(problem: Omit<ReleaseProblem, 'field' | 'object'>): ReleaseProblem {
  return { ...problem, field: '' }
}
