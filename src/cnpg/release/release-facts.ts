import { compare, minor as minorOf, valid } from 'semver'
import facts from './operator-releases.json' with { type: 'json' }

/** What the project promises for a minor: docs/src/supported_releases.md. Dates are ISO. */
export interface ReleaseLine {
  released: string
  endOfLife: string
  /** the end of life is an estimate of the project */
  estimated?: boolean
  /** oldest first: '1.34' */
  kubernetes: readonly string[]
  /** tested by the project, and not supported */
  kubernetesTested?: readonly string[]
  /** majors; absent where the project does not say */
  postgres?: readonly number[]
}

/** A release, as far as its notes and sources were read. */
export interface ReleaseFacts {
  /** ISO */
  released: string
  /** absent where its sources were not read */
  defaultImage?: string
  barmanRemovedIn?: string
  rewritesAlways?: boolean
  /** what the project calls important about it, a sentence each */
  important?: readonly string[]
}

export interface Advisory {
  /** 'CVE-2026-44477', 'GHSA-423p-g724-fr39': names of one thing */
  ids: readonly string[]
  title: string
  /** the first release of each line that has the fix; in order */
  fixedIn: readonly string[]
}

export interface OperatorFacts {
  lines: Readonly<Record<string, ReleaseLine>>
  releases: Readonly<Record<string, ReleaseFacts>>
  advisories: readonly Advisory[]
  /** chart → its version → the version of what it deploys */
  charts: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** What the CloudNativePG project says of its releases; operator-releases.json names the sources, a script refreshes it. */
export const OPERATOR_FACTS: OperatorFacts = facts

/** '1.28' of '1.28.0' */
export function lineOf(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

/** What a chart is known to deploy; undefined for a chart newer than the facts. */
export function appVersionOf(chart: string, version: string): string | undefined {
  const versions = Object.hasOwn(facts.charts, chart) ? OPERATOR_FACTS.charts[chart] : undefined
  return versions !== undefined && Object.hasOwn(versions, version) ? versions[version] : undefined
}

/** The chart that deploys a version, the newest of several; undefined where none is known. */
export function chartOf(chart: string, appVersion: string): string | undefined {
  const versions = Object.entries(OPERATOR_FACTS.charts[chart] ?? {})
  return versions.findLast(([, app]) => app === appVersion)?.[0]
}

/** What later releases fix and this one does not. Nothing for a version that cannot be read. */
export function openAdvisories(version: string, { advisories }: OperatorFacts = OPERATOR_FACTS): Advisory[] {
  return valid(version) === null ? [] : advisories.filter(advisory => !isFixed(advisory, version))
}

/** Fixed in its own line, or of a line newer than all those that had to be mended. */
function isFixed({ fixedIn }: Advisory, version: string): boolean {
  const sameLine = fixedIn.find(fixed => minorOf(fixed) === minorOf(version))
  if (sameLine !== undefined) return compare(version, sameLine) >= 0
  return fixedIn.every(fixed => minorOf(fixed) < minorOf(version))
}
