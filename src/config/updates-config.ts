import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'

/** What the repository decides about updates: `updates:` of the configuration. */
export interface UpdatesConfig {
  /** IANA name, in which the windows are told: 'Asia/Jakarta' */
  timeZone: string
  /** by their names; those of `BUILT_IN_WINDOWS` are there, too */
  windows: Readonly<Record<string, MaintenanceWindow>>
  /** by class, where they differ from `DEFAULT_POLICIES` */
  classes: Readonly<Record<string, Partial<ClassPolicy>>>
  groups: readonly UpdateGroup[]
  limits: UpdateLimits
  /** globs of files whose versions are left to others: 'clusters/apps/**' */
  ignorePaths: readonly string[]
  /** globs of packages that are left to others */
  ignorePackages: readonly string[]
  /** of pull requests: 'to', 'arrows', or a template with {{name}} or {{package}}, {{from}}, {{to}}, … */
  title: string
  /** whether an issue lists all updates */
  dashboard: boolean
  /** when a branch is made anew: where it conflicts, or also where GitHub asks for branches to be up to date */
  rebase: 'conflict' | 'behind'
}

/** What is done about updates of one class. */
export interface ClassPolicy {
  /** `on-request`: by command, on the dashboard, or by a comment beside the version */
  propose: 'unasked' | 'on-request' | 'never'
  /** days that a release must have been out before it is proposed */
  minimumAge: number
  /** names of windows in which pull requests are opened; all of them must be open at once; none: at any time */
  open: readonly string[]
  /** as `open`, for merges without a person */
  merge: readonly string[]
  /** merged without a person, where the verdict allows it, too */
  automerge: boolean
}

/** Times of a week or month, by the clock of a time zone. */
export interface MaintenanceWindow {
  /** 0: Sunday; absent: every day */
  days?: readonly number[]
  /** of the month, by seven days: 1 is the 1st to the 7th; absent: every week */
  weeks?: readonly number[]
  /** minutes from midnight. `to` before `from`: it ends the day after it began; both equal: the whole day */
  from: number
  to: number
}

/** Packages that go together. */
export interface UpdateGroup {
  name: string
  /** globs of packages: 'ghcr.io/rook/*' */
  packages: readonly string[]
  /** to one and the same version, or not at all */
  lockStep: boolean
  /** how many packages must have an update before the group has one */
  minimum: number
}

export interface UpdateLimits {
  /** pull requests that may be open at once */
  open: number
  /** pull requests that may be opened within an hour */
  hourly: number
}

const WHOLE_DAY = { from: 0, to: 0 }

export const BUILT_IN_WINDOWS: Readonly<Record<string, MaintenanceWindow>> = {
  always: WHOLE_DAY,
  weekly: { days: [1], ...WHOLE_DAY },
  monthly: { weeks: [1], ...WHOLE_DAY },
}

const UNASKED: ClassPolicy = { propose: 'unasked', minimumAge: 3, open: [], merge: [], automerge: false }
const ON_REQUEST: ClassPolicy = { ...UNASKED, propose: 'on-request' }

/**
 * What is done where nobody decides otherwise. A minor of PostgreSQL holds fixes alone (postgresql.org/support/versioning). Rebuilds come
 * several times a month, and each restarts every database: 17.7 was built 13 times in 12 weeks.
 */
export const DEFAULT_POLICIES: Readonly<Record<string, ClassPolicy>> = {
  'pg-minor': UNASKED,
  rebuild: { ...UNASKED, minimumAge: 0, open: ['monthly'] },
  'pg-major': ON_REQUEST,
  'os-change': ON_REQUEST,
  'type-change': ON_REQUEST,
  'flavour-form': ON_REQUEST,
  'bundle-change': ON_REQUEST,
  'operator-patch': UNASKED,
  'operator-minor': ON_REQUEST,
  'chart-only': UNASKED,
  digest: UNASKED,
  patch: UNASKED,
  minor: UNASKED,
  breaking: ON_REQUEST,
  major: ON_REQUEST,
  'pre-release': ON_REQUEST,
}

/** Every class of update, as policies, commands and comments name them. */
export const CLASSES: readonly string[] = Object.keys(DEFAULT_POLICIES)

/** A person's word that lets a new major of PostgreSQL pass, although something speaks against it. */
export const UNPREPARED = 'unprepared'

/** What no configuration lets go without a person: it restarts every database, or cannot be taken back. */
export const NEVER_AUTOMERGED: readonly string[] = [
  'pg-major',
  'operator-patch',
  'operator-minor',
  'os-change',
]

export const defaultUpdates: UpdatesConfig = {
  timeZone: 'UTC',
  windows: {},
  classes: {},
  groups: [],
  limits: { open: 10, hourly: 2 },
  ignorePaths: [],
  ignorePackages: [],
  title: 'to',
  dashboard: true,
  rebase: 'behind',
}

/** The policy of a class. An unknown class is done on request only. */
export function policyOf(kind: string, { classes }: UpdatesConfig): ClassPolicy {
  const given = Object.hasOwn(DEFAULT_POLICIES, kind) ? DEFAULT_POLICIES[kind] : undefined
  return { ...(given ?? ON_REQUEST), ...(Object.hasOwn(classes, kind) ? classes[kind] : {}) }
}

/** The strictest of several policies. */
export function strictest(policies: readonly ClassPolicy[]): ClassPolicy {
  const order = ['unasked', 'on-request', 'never'] as const
  const all = (name: 'open' | 'merge') => [...new Set(policies.flatMap(policy => policy[name]))]
  return {
    propose: order.findLast(value => policies.some(({ propose }) => propose === value)) ?? 'unasked',
    minimumAge: Math.max(0, ...policies.map(({ minimumAge }) => minimumAge)),
    open: all('open'),
    merge: all('merge'),
    automerge: policies.length > 0 && policies.every(({ automerge }) => automerge),
  }
}

type Path = (string | number)[]
type Report = (path: Path, message: string, repair: string) => void

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** Reads what fits the schema; what a schema cannot say is reported. @param report paths begin below `updates` */
export function updatesFrom(value: JsonObject, report: Report): UpdatesConfig {
  const timeZone = textAt(value, 'timeZone') ?? defaultUpdates.timeZone
  if (!isTimeZone(timeZone))
    report(
      ['timeZone'],
      `There is no time zone ${timeZone}.`,
      'Write its IANA name: Europe/Berlin, Asia/Jakarta, UTC.',
    )
  const windows = Object.fromEntries(
    entriesAt(value, 'windows').map(([name, window]) => {
      if (Object.hasOwn(BUILT_IN_WINDOWS, name))
        report(['windows', name], `The window ${name} is there already.`, 'Give this one another name.')
      return [name, windowFrom(window)]
    }),
  )
  const known = [...Object.keys(BUILT_IN_WINDOWS), ...Object.keys(windows)]
  const classes = Object.fromEntries(
    entriesAt(value, 'classes').map(([kind, setting]) => {
      for (const when of ['open', 'merge'] as const)
        for (const name of textsAt(setting, when))
          if (!known.includes(name))
            report(
              ['classes', kind, when],
              `There is no window ${name}.`,
              `Describe it under updates.windows, or take one of: ${known.join(', ')}.`,
            )
      if (valueAt(setting, 'automerge') === true && NEVER_AUTOMERGED.includes(kind))
        report(
          ['classes', kind, 'automerge'],
          `${kind} is never merged without a person.`,
          'Take automerge out; approve each by hand.',
        )
      return [kind, policyFrom(setting)]
    }),
  )
  const names = new Set<string>()
  const groups = itemsAt(value, 'groups').map((group, index): UpdateGroup => {
    const name = textAt(group, 'name') ?? ''
    if (names.has(name))
      report(['groups', index, 'name'], `Another group is called ${name}, too.`, 'Give it another name.')
    names.add(name)
    const minimum = valueAt(group, 'minimum')
    return {
      name,
      packages: textsAt(group, 'packages'),
      lockStep: valueAt(group, 'lockStep') === true,
      minimum: typeof minimum === 'number' ? minimum : 1,
    }
  })
  const limit = (name: keyof UpdateLimits) => {
    const written = valueAt(value, 'limits', name)
    return typeof written === 'number' ? written : defaultUpdates.limits[name]
  }
  return {
    timeZone,
    windows,
    classes,
    groups,
    limits: { open: limit('open'), hourly: limit('hourly') },
    ignorePaths: textsAt(value, 'ignorePaths'),
    ignorePackages: textsAt(value, 'ignorePackages'),
    title: textAt(value, 'title') ?? defaultUpdates.title,
    dashboard: valueAt(value, 'dashboard') !== false,
    rebase: textAt(value, 'rebase') === 'conflict' ? 'conflict' : defaultUpdates.rebase,
  }
}

function policyFrom(value: Json): Partial<ClassPolicy> {
  const propose = textAt(value, 'propose')
  const [minimumAge, automerge] = [valueAt(value, 'minimumAge'), valueAt(value, 'automerge')]
  return {
    ...(propose === 'unasked' || propose === 'on-request' || propose === 'never' ? { propose } : {}),
    ...(typeof minimumAge === 'number' ? { minimumAge } : {}),
    ...(valueAt(value, 'open') === undefined ? {} : { open: textsAt(value, 'open') }),
    ...(valueAt(value, 'merge') === undefined ? {} : { merge: textsAt(value, 'merge') }),
    ...(typeof automerge === 'boolean' ? { automerge } : {}),
  }
}

function windowFrom(value: Json): MaintenanceWindow {
  const days = textsAt(value, 'days').map(day => DAYS.indexOf(day))
  const weeks = itemsAt(value, 'weeks').filter(week => typeof week === 'number')
  const minutes = (name: string) => {
    const [hours = 0, rest = 0] = (textAt(value, name) ?? '0:00').split(':').map(Number)
    return (hours * 60 + rest) % (24 * 60)
  }
  return {
    ...(days.length === 0 ? {} : { days }),
    ...(weeks.length === 0 ? {} : { weeks }),
    from: minutes('from'),
    to: minutes('to'),
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

function entriesAt(value: Json, name: string): [string, Json][] {
  const map = valueAt(value, name)
  return isObject(map) ? Object.entries(map) : []
}

function itemsAt(value: Json, name: string): Json[] {
  const list = valueAt(value, name)
  return Array.isArray(list) ? list : []
}

/** One text counts as a list of one. */
function textsAt(value: Json, name: string): string[] {
  const found = valueAt(value, name)
  return (typeof found === 'string' ? [found] : itemsAt(value, name)).filter(item => typeof item === 'string')
}
