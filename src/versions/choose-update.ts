import { isNewerSystem, readPostgresTag, type PostgresTag } from './postgres-tag.ts'
import { UNASKED, type PostgresUpdates } from './postgres-updates.ts'
import type { OperatorSteps } from './operator-steps.ts'
import type { UpdateOverride } from './update-override.ts'
import type { VersionUpdates } from './version-updates.ts'

/** A class of any kind of update, as policies, commands and comments name it. */
export type UpdateClass = string

/** Done without being asked; everything else only on request, by command or by a comment beside the version. */
export const UNASKED_CLASSES: readonly UpdateClass[] = [
  ...UNASKED,
  'patch',
  'minor',
  'digest',
  'chart-only',
  'operator-patch',
]

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

/** What a person allows beyond what is done unasked. */
export interface Allowed {
  classes: ReadonlySet<UpdateClass>
  targets: Readonly<Record<string, string>>
}

/** What was allowed by command, and by the comment beside the version. */
export function allowedBy(asked: Iterable<UpdateClass>, override: UpdateOverride | undefined): Allowed {
  const tracked = override?.action === 'track' ? override : undefined
  const targets = tracked?.targets ?? {}
  const implied = Object.keys(targets).map(
    name => ({ os: 'os-change', type: 'type-change', form: 'flavour-form', major: 'pg-major' })[name] ?? name,
  )
  return { classes: new Set([...asked, ...(tracked?.classes ?? []), ...implied]), targets }
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
        classes.every(one => isAllowed(one, allowed)) && meets(version, allowed.targets),
    )
    // only what is not done anyway was asked for
    .filter(({ classes }) => classes.some(one => !UNASKED_CLASSES.includes(one)))
    .toSorted((a, b) => asks(b) - asks(a) || preferred(a.version, b.version))
  const choice = asked[0] ?? (proposal === undefined ? undefined : all[0])
  return withOthers(choice, all)
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
    all.find(({ classes }) => classes.every(one => isAllowed(one, allowed))),
    all,
  )
}

/** Of other images and charts: the greatest step that is allowed. */
export function chooseVersion({ updates }: VersionUpdates, allowed: Allowed): Chosen {
  const all = updates.toReversed().map(({ to, class: kind, breaking }): Choice => ({
    version: to,
    classes: breaking && kind !== 'major' ? [kind, 'breaking'] : [kind],
  }))
  return withOthers(
    all.find(({ classes }) => classes.every(one => isAllowed(one, allowed))),
    all,
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

function isAllowed(kind: UpdateClass, { classes }: Allowed): boolean {
  return UNASKED_CLASSES.includes(kind) || classes.has(kind)
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
function asks({ classes }: Choice): number {
  return classes.filter(kind => !UNASKED_CLASSES.includes(kind)).length
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

function withOthers(choice: Choice | undefined, all: readonly Choice[]): Chosen {
  const onRequest = all.filter(
    one => one !== choice && one.classes.some(kind => !UNASKED_CLASSES.includes(kind)),
  )
  return { ...(choice === undefined ? {} : { choice }), onRequest }
}
