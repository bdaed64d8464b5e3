import { policyOf, type UpdatesConfig } from '../config/updates-config.ts'
import { isNewerSystem, readPostgresTag, type PostgresTag } from './postgres-tag.ts'
import type { PostgresUpdates } from './postgres-updates.ts'
import type { OperatorSteps } from './operator-steps.ts'
import type { UpdateOverride } from './update-override.ts'
import type { VersionUpdates } from './version-updates.ts'

/** A class of any kind of update, as policies, commands and comments name it. */
export type UpdateClass = string

/** One way a reference could go. */
export interface Choice {
  version: string
  digest?: string
  classes: readonly UpdateClass[]
  /** what runs before and after, where that says more than the tags: '17.6' → '17.11', '1.28.0' → '1.29.1' */
  release?: { from?: string; to: string }
}

export interface Chosen {
  choice?: Choice
  /** the others, for people to ask for */
  onRequest: readonly Choice[]
}

/** What may be chosen. */
export interface Allowed {
  /** whether a class is done without being asked */
  isUnasked: (kind: UpdateClass) => boolean
  /** whether a class may be done at all */
  isAllowed: (kind: UpdateClass) => boolean
  /** whether it may be asked for */
  isOffered: (kind: UpdateClass) => boolean
  /** what it must go to, by part of the tag: os, type, form, major */
  targets: Readonly<Record<string, string>>
}

/**
 * What the policies do unasked, what was allowed by command, and what by the comment beside the version.
 * @param asked classes
 */
export function allowedBy(
  config: UpdatesConfig,
  asked: Iterable<UpdateClass>,
  override: UpdateOverride | undefined,
  wanted: Readonly<Record<string, string>> = {},
): Allowed {
  const tracked = override?.action === 'track' ? override : undefined
  const targets = { ...tracked?.targets, ...wanted }
  const implied = Object.keys(targets).map(
    name => ({ os: 'os-change', type: 'type-change', form: 'flavour-form', major: 'pg-major' })[name] ?? name,
  )
  const classes = new Set([...asked, ...(tracked?.classes ?? []), ...implied])
  const proposed = (kind: UpdateClass) => policyOf(kind, config).propose
  return {
    isUnasked: kind => proposed(kind) === 'unasked',
    isAllowed: kind => proposed(kind) !== 'never' && (proposed(kind) === 'unasked' || classes.has(kind)),
    isOffered: kind => proposed(kind) !== 'never',
    targets,
  }
}

/** Of an image of PostgreSQL: what was asked for, else the newest minor or rebuild. */
export function choosePostgres({ proposal, onRequest }: PostgresUpdates, allowed: Allowed): Chosen {
  const all = [...(proposal === undefined ? [] : [proposal]), ...onRequest].map(
    ({ to, classes, from, release }): Choice => ({
      version: to.tag,
      ...(to.digest === undefined ? {} : { digest: to.digest }),
      classes,
      release: { from, to: release },
    }),
  )
  const asked = all
    .filter(
      ({ classes, version }) =>
        classes.every(one => allowed.isAllowed(one)) && meets(version, allowed.targets),
    )
    // only what is not done anyway was asked for
    .filter(({ classes }) => classes.some(one => !allowed.isUnasked(one)))
    .toSorted((a, b) => asks(b, allowed) - asks(a, allowed) || preferred(a.version, b.version))
  const [first] = all
  const unasked = proposal !== undefined && first?.classes.every(one => allowed.isUnasked(one)) === true
  return withOthers(asked[0] ?? (unasked ? first : undefined), all, allowed)
}

/** Of the operator's chart: the next minor where it is allowed, else the newest of the minor in use. */
export function chooseOperatorStep(
  { patch, minor }: OperatorSteps,
  from: string | undefined,
  allowed: Allowed,
): Chosen {
  const all = [minor, patch].flatMap((step): Choice[] =>
    step === undefined
      ? []
      : [
          {
            version: step.to,
            classes: [step.class],
            release: { ...(from === undefined ? {} : { from }), to: step.operator },
          },
        ],
  )
  return withOthers(
    all.find(({ classes }) => classes.every(one => allowed.isAllowed(one))),
    all,
    allowed,
  )
}

/** Of other images and charts: the greatest step that is allowed. */
export function chooseVersion({ updates }: VersionUpdates, allowed: Allowed): Chosen {
  const all = updates.toReversed().map(({ to, class: kind, breaking }): Choice => ({
    version: to,
    classes: breaking && kind !== 'major' ? [kind, 'breaking'] : [kind],
  }))
  return withOthers(
    all.find(({ classes }) => classes.every(one => allowed.isAllowed(one))),
    all,
    allowed,
  )
}

/** Why a choice is not made now, one sentence; undefined: nothing speaks against it. @param today 'YYYY-MM-DD' */
export function heldBy(override: UpdateOverride | undefined, today: string): string | undefined {
  const because = override?.reason === undefined || override.reason === '' ? '' : ` (${override.reason})`
  if (override?.action === 'ignore') return `A comment says to ignore it${because}.`
  if (override?.action !== 'hold') return undefined
  if (override.until === undefined) return `A comment holds it${because}.`
  return today < override.until ? `A comment holds it until ${override.until}${because}.` : undefined
}

function meets(tag: string, targets: Readonly<Record<string, string>>): boolean {
  const read = readPostgresTag(tag, true)
  if (read === undefined) return false
  const values: Record<string, string> = {
    os: read.os ?? '',
    type: read.type ?? '',
    form: read.form,
    major: String(read.major),
  }
  return Object.entries(targets).every(([name, value]) => values[name] === value)
}

/** How much of a choice is done on request only: who asks for several things wants all of them. */
function asks({ classes }: Choice, { isUnasked }: Allowed): number {
  return classes.filter(kind => !isUnasked(kind)).length
}

/** Of tags that differ in what was asked for: the next major, a tag that names its minor, without a time, the newest system. */
function preferred(a: string, b: string): number {
  const [left, right] = [a, b].map(tag => readPostgresTag(tag, true))
  if (left === undefined || right === undefined) return 0
  const systems = isNewerSystem(left.os ?? '', right.os ?? '')
    ? -1
    : isNewerSystem(right.os ?? '', left.os ?? '')
      ? 1
      : 0
  return left.major - right.major || rank(left) - rank(right) || systems || (a < b ? -1 : 1)
}

/** A tag that moves with the minors says least. */
function rank({ minor, preRelease, build }: PostgresTag): number {
  return (minor === undefined && preRelease === undefined ? 2 : 0) + (build === undefined ? 0 : 1)
}

function withOthers(choice: Choice | undefined, all: readonly Choice[], allowed: Allowed): Chosen {
  const onRequest = all.filter(
    one =>
      one !== choice &&
      one.classes.some(kind => !allowed.isUnasked(kind)) &&
      one.classes.every(kind => allowed.isOffered(kind)),
  )
  return { ...(choice === undefined ? {} : { choice }), onRequest }
}
