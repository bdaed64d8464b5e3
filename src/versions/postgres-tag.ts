/** What a PostgreSQL image for CloudNativePG says of itself in its tag. */
export interface PostgresTag {
  /** as written */
  tag: string
  major: number
  /** absent: the tag moves with the minors ('17-standard-trixie'), or names a pre-release */
  minor?: number
  preRelease?: { stage: Stage; number: number }
  /** what the image bundles besides PostgreSQL, as numbers: [3, 6, 2] of '18.6-3.6.2-system-trixie' */
  bundle?: readonly number[]
  /** a time 'YYYYMMDDhhmm' or the count of older tags. Absent: the tag moves with the rebuilds */
  build?: { kind: 'timestamp' | 'count'; value: number }
  /** 'minimal', 'standard', 'system'; undefined: neither written nor known */
  type?: string
  /** 'trixie', …: with it glibc and the collations; undefined: neither written nor known */
  os?: string
  /** which parts are written, in the words of postgres-containers' README: 'MM.mm-TS-TYPE-OS', 'MM', … */
  form: string
}

const STAGES = ['alpha', 'beta', 'rc'] as const
type Stage = (typeof STAGES)[number]

const TAG = new RegExp(
  [
    /^(?<major>[1-9]\d{0,2})(?:\.(?<minor>\d{1,4})|(?<stage>alpha|beta|rc)(?<number>\d{1,3}))?/,
    /(?:-(?<bundle>\d+(?:\.\d+){0,3}))??/,
    /(?:-(?:(?<timestamp>\d{12})|(?<count>\d{1,5})))?/,
    /(?:-(?<type>minimal|standard|system))?(?:-(?<os>[a-z][a-z0-9]*))?$/,
  ]
    .map(({ source }) => source)
    .join(''),
)

/**
 * Reads a tag: MAJOR[.MINOR][-BUNDLE][-TIMESTAMP|-COUNT][-TYPE][-OS] (README of cloudnative-pg/postgres-containers; BUNDLE of
 * cloudnative-pg/postgis-containers), a pre-release as MAJOR(alpha|beta|rc)N.
 * @param project whether the image is the project's own PostgreSQL: there tags without type are the old `system` images, and
 *   without operating system they are on bullseye
 * @returns undefined where it is none
 */
export function readPostgresTag(tag: string, project: boolean): PostgresTag | undefined {
  const parts = TAG.exec(tag)?.groups
  if (parts?.major === undefined) return undefined
  const stage = STAGES.find(known => known === parts.stage)
  // outside the project nobody counts builds: the 3 of '17-3-standard-trixie' is PostGIS
  const count = project ? parts.count : undefined
  const bundle = parts.bundle ?? (project ? undefined : parts.count)
  const build: PostgresTag['build'] =
    parts.timestamp !== undefined
      ? { kind: 'timestamp', value: Number(parts.timestamp) }
      : count !== undefined
        ? { kind: 'count', value: Number(count) }
        : undefined
  const type = parts.type ?? (project ? 'system' : undefined)
  const os = parts.os ?? (project ? 'bullseye' : undefined)
  const precise = parts.minor !== undefined || stage !== undefined
  return {
    tag,
    major: Number(parts.major),
    ...(parts.minor === undefined ? {} : { minor: Number(parts.minor) }),
    ...(stage === undefined ? {} : { preRelease: { stage, number: Number(parts.number) } }),
    ...(bundle === undefined ? {} : { bundle: bundle.split('.').map(Number) }),
    ...(build === undefined ? {} : { build }),
    ...(type === undefined ? {} : { type }),
    ...(os === undefined ? {} : { os }),
    form: [
      precise ? 'MM.mm' : 'MM',
      // '17-3' and '17-3.6' move differently
      bundle === undefined ? '' : bundle.replaceAll(/\d+/g, 'b'),
      build === undefined ? '' : build.kind === 'timestamp' ? 'TS' : 'N',
      parts.type === undefined ? '' : 'TYPE',
      parts.os === undefined ? '' : 'OS',
    ]
      .filter(part => part !== '')
      .join('-'),
  }
}

/**
 * Orders by what runs: major, then alpha < beta < rc < releases by minor. A tag that moves with the minors comes before them:
 * it says nothing of which one it is.
 * @returns negative where `a` is older than `b`; 0 where both are the same release of PostgreSQL
 */
export function compareReleases(a: PostgresTag, b: PostgresTag): number {
  return a.major - b.major || stageOf(a) - stageOf(b) || withinStage(a) - withinStage(b)
}

/** Orders by release, then bundle, then build; builds of different kinds do not compare. */
export function comparePostgresTags(a: PostgresTag, b: PostgresTag): number {
  return compareReleases(a, b) || compareBundles(a, b) || compareBuilds(a, b)
}

export function compareBundles(a: PostgresTag, b: PostgresTag): number {
  const [left, right] = [a.bundle ?? [], b.bundle ?? []]
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export function compareBuilds(a: PostgresTag, b: PostgresTag): number {
  if (a.build === undefined || a.build.kind !== b.build?.kind) return 0
  return a.build.value - b.build.value
}

/** How reports name what runs: '17.6', '19beta3', '17'. */
export function releaseName({ major, minor, preRelease }: PostgresTag): string {
  if (preRelease !== undefined) return `${major}${preRelease.stage}${preRelease.number}`
  return minor === undefined ? String(major) : `${major}.${minor}`
}

/** The old tags of the project without type and operating system: nothing new is pushed under them once bullseye ends. */
export function isRetiredForm(tag: PostgresTag, project: boolean): boolean {
  return project && !tag.form.includes('TYPE') && !tag.form.includes('OS')
}

function stageOf({ preRelease }: PostgresTag): number {
  return preRelease === undefined ? STAGES.length : STAGES.indexOf(preRelease.stage)
}

function withinStage({ preRelease, minor }: PostgresTag): number {
  return preRelease?.number ?? minor ?? -1
}

/** Debian's releases in order; of others nothing is known. */
const DEBIAN = ['buster', 'bullseye', 'bookworm', 'trixie', 'forky', 'duke']

/** Whether an operating system is known to be newer than another. */
export function isNewerSystem(os: string, than: string): boolean {
  return DEBIAN.includes(os) && DEBIAN.includes(than) && DEBIAN.indexOf(os) > DEBIAN.indexOf(than)
}
