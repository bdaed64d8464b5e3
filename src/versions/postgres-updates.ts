import type { Candidate, PoolTag, PostgresPool } from './postgres-pool.ts'
import {
  compareBuilds,
  compareBundles,
  comparePostgresTags,
  compareReleases,
  isNewerSystem,
  isRetiredForm,
  readPostgresTag,
  releaseName,
  type PostgresTag,
} from './postgres-tag.ts'

/** In which way one image differs from another. A change may be of several classes at once. */
export type PostgresUpdateClass =
  | 'pg-major'
  | 'pg-minor'
  /** the same PostgreSQL, built again: newer packages of the operating system */
  | 'rebuild'
  | 'os-change'
  | 'type-change'
  /** another form of tag for the same image */
  | 'flavour-form'
  | 'pre-release'
  /** another version of what the image bundles, PostGIS say: wants ALTER EXTENSION … UPDATE */
  | 'bundle-change'

export interface PostgresUpdate {
  to: PoolTag
  classes: readonly PostgresUpdateClass[]
  /** what runs before and after: '17.6', '17.11' */
  from: string
  release: string
}

export interface PostgresUpdates {
  /** the one to propose without being asked; absent: nothing to do, or nothing that may be done unasked */
  proposal?: PostgresUpdate
  /** all that could be asked for, the best of its kind each: by major, operating system, type, form */
  onRequest: readonly PostgresUpdate[]
  remarks: readonly PostgresRemark[]
}

/** Something about the current tag that a person should know; one sentence each. */
export interface PostgresRemark {
  kind: 'no-version' | 'unknown-tag' | 'retired-form' | 'dead-end' | 'floating' | 'moved-tag'
  message: string
}

/**
 * What an image could become. Never older; another operating system, type, form, major or a pre-release only under
 * `onRequest`.
 * @param current as it is written in Git
 */
export function postgresUpdates(current: PoolTag, pool: PostgresPool): PostgresUpdates {
  const written = readPostgresTag(current.tag, pool.project)
  if (written === undefined) {
    const message = /^\d/.test(current.tag)
      ? `The tag ${current.tag} is of no form that is known, so that nothing is compared with it.`
      : `The tag ${current.tag} does not begin with a version of PostgreSQL: the operator cannot tell what it is.`
    return {
      onRequest: [],
      remarks: [{ kind: /^\d/.test(current.tag) ? 'unknown-tag' : 'no-version', message }],
    }
  }
  const here = new Comparison(written, current, pool)
  const unasked = isRetiredForm(written, pool.project) ? undefined : here.unasked()
  const onRequest = here.onRequest()
  return {
    ...(unasked === undefined ? {} : { proposal: unasked }),
    onRequest,
    remarks: here.remarks(unasked),
  }
}

/** One current image against its pool. */
class Comparison {
  readonly #written: PostgresTag
  readonly #current: PoolTag
  readonly #pool: PostgresPool
  /** the tags of its major, the newest first */
  readonly #own: readonly Candidate[]
  /** what the digest stands for, else what the tag says */
  readonly #running: PostgresTag
  /** the newest that may run: what a step back is measured by */
  readonly #atMost: PostgresTag

  constructor(written: PostgresTag, current: PoolTag, pool: PostgresPool) {
    this.#written = written
    this.#current = current
    this.#pool = pool
    this.#own = pool.ofMajor(written.major)
    const exact = pool.image(current.digest)
    const isExact = exact !== undefined && exact.major === written.major
    this.#running = isExact ? exact : written
    this.#atMost = isExact ? exact : this.#newestOf()
  }

  /** A newer minor, else a newer build, in the same form. */
  unasked(): PostgresUpdate | undefined {
    const written = this.#written
    const isSame = (candidate: Candidate) =>
      candidate.form === written.form &&
      candidate.type === written.type &&
      candidate.os === written.os &&
      compareBundles(candidate, written) === 0
    if (written.preRelease === undefined && written.minor !== undefined) {
      const minor = this.#own.find(
        candidate =>
          isSame(candidate) && candidate.preRelease === undefined && compareReleases(candidate, written) > 0,
      )
      if (minor !== undefined) return this.#update(minor)
    }
    if (written.build !== undefined) {
      const build = this.#own.find(
        candidate =>
          isSame(candidate) &&
          compareReleases(candidate, written) === 0 &&
          compareBuilds(candidate, written) > 0,
      )
      return build === undefined ? undefined : this.#update(build)
    }
    const moved = this.#pool.tag(written.tag)
    if (this.#current.digest === undefined || moved?.digest === undefined) return undefined
    if (moved.digest === this.#current.digest) return undefined
    const target = this.#pool.image(moved.digest)
    // the registry's tag may lag behind what was pinned by hand
    if (
      target !== undefined &&
      this.#running !== this.#written &&
      comparePostgresTags(target, this.#running) < 0
    )
      return undefined
    return this.#update(moved)
  }

  onRequest(): PostgresUpdate[] {
    const written = this.#written
    const found = [
      ...this.#majors(),
      ...this.#others(
        'os',
        os => os !== written.os && (written.os === undefined || isNewerSystem(os, written.os)),
      ),
      ...this.#others('type', type => type !== written.type),
      ...this.#forms(),
      ...this.#preReleases(),
      ...this.#bundles(),
      ...this.#retired(),
    ]
    const alike = isRetiredForm(written, this.#pool.project) ? this.unasked() : undefined
    return [...(alike === undefined ? [] : [alike]), ...found.map(candidate => this.#update(candidate))]
  }

  remarks(proposal: PostgresUpdate | undefined): PostgresRemark[] {
    const { tag, os } = this.#written
    const remarks: PostgresRemark[] = []
    if (isRetiredForm(this.#written, this.#pool.project))
      remarks.push({
        kind: 'retired-form',
        message: `The tag ${tag} is of the old form without type and operating system: it stands for the system image on bullseye, which is no longer built.`,
      })
    const newest = this.#own.find(
      candidate => candidate.preRelease === undefined && candidate.minor !== undefined,
    )
    const reached =
      proposal === undefined
        ? this.#atMost
        : (this.#pool.image(proposal.to.digest) ?? this.#pool.tag(proposal.to.tag) ?? this.#atMost)
    if (newest !== undefined && compareReleases(newest, reached) > 0 && reached.minor !== undefined)
      remarks.push({
        kind: 'dead-end',
        message: `PostgreSQL ${releaseName(newest)} is out, but not under tags like ${tag}${os === undefined ? '' : ` for ${os}`}.`,
      })
    if (this.#written.build === undefined && this.#current.digest === undefined)
      remarks.push({
        kind: 'floating',
        message: `The tag ${tag} moves and no digest is pinned: what runs changes without a commit, and differs between nodes.`,
      })
    const known = this.#written.build?.kind === 'timestamp' ? this.#pool.tag(tag)?.digest : undefined
    if (known !== undefined && this.#current.digest !== undefined && known !== this.#current.digest)
      remarks.push({
        kind: 'moved-tag',
        message: `The tag ${tag} names one build, but it is pinned to ${this.#current.digest} and published as ${known}.`,
      })
    return remarks
  }

  /** The newest of each later major, everything else alike. */
  #majors(): Candidate[] {
    const written = this.#written
    return this.#pool.majors
      .filter(major => major > written.major)
      .flatMap(major => this.#best(candidate => this.#alike(candidate, 'major'), this.#pool.ofMajor(major)))
  }

  /** The newest with each other value of a part, everything else alike. */
  #others(part: 'os' | 'type', accept: (value: string) => boolean): Candidate[] {
    const values = new Set(this.#own.flatMap(candidate => candidate[part] ?? []).filter(accept))
    return [...values]
      .toSorted()
      .flatMap(value => this.#best(candidate => candidate[part] === value && this.#alike(candidate, part)))
  }

  #forms(): Candidate[] {
    const forms = new Set(this.#own.map(({ form }) => form).filter(form => form !== this.#written.form))
    return [...forms]
      .toSorted()
      .flatMap(form => this.#best(candidate => candidate.form === form && this.#alike(candidate, 'form')))
  }

  #preReleases(): Candidate[] {
    const written = this.#written
    const isPreRelease = written.preRelease !== undefined
    // the way from a pre-release leads to its own major
    const majors = isPreRelease ? [written.major] : this.#pool.majors.toReversed()
    const newest = majors
      .flatMap(major => this.#pool.ofMajor(major))
      .find(
        candidate =>
          (candidate.preRelease !== undefined || isPreRelease) &&
          compareReleases(candidate, this.#atMost) > 0 &&
          candidate.form === written.form &&
          candidate.type === written.type &&
          candidate.os === written.os,
      )
    return newest === undefined ? [] : [newest]
  }

  #bundles(): Candidate[] {
    if (this.#written.bundle === undefined) return []
    return this.#best(
      candidate => compareBundles(candidate, this.#written) > 0 && this.#alike(candidate, 'bundle'),
    )
  }

  /** Of the old form, another operating system or type is to be had under another form only. */
  #retired(): Candidate[] {
    const written = this.#written
    if (!isRetiredForm(written, this.#pool.project)) return []
    const places = new Set(
      this.#own
        .filter(({ form }) => form === 'MM.mm-TYPE-OS')
        .map(({ type, os }) => `${type ?? ''} ${os ?? ''}`),
    )
    return [...places].toSorted().flatMap(place => {
      const [type = '', os = ''] = place.split(' ')
      if (os === written.os && type === written.type) return []
      if (os !== written.os && !isNewerSystem(os, written.os ?? '')) return []
      return this.#best(
        candidate => candidate.form === 'MM.mm-TYPE-OS' && candidate.type === type && candidate.os === os,
      )
    })
  }

  /** The newest stable one that is no step back. */
  #best(accept: (candidate: Candidate) => boolean, among = this.#own): Candidate[] {
    const best = among.find(candidate => candidate.preRelease === undefined && accept(candidate))
    if (best === undefined || isOlder(best, this.#atMost)) return []
    return [best]
  }

  /** Whether a candidate equals the current one in all but one part; the minor is free. */
  #alike(candidate: Candidate, but: 'major' | 'os' | 'type' | 'form' | 'bundle'): boolean {
    const written = this.#written
    return (
      (but === 'major' || candidate.major === written.major) &&
      (but === 'os' || candidate.os === written.os) &&
      (but === 'type' || candidate.type === written.type) &&
      (but === 'form' || candidate.form === written.form) &&
      (but === 'bundle' || compareBundles(candidate, written) === 0) &&
      (written.bundle === undefined) === (candidate.bundle === undefined)
    )
  }

  /** A tag that moves with the minors may stand for the newest one there is. */
  #newestOf(): PostgresTag {
    const written = this.#written
    if (written.minor !== undefined || written.preRelease !== undefined) return written
    const newest = this.#own.find(
      candidate =>
        candidate.preRelease === undefined &&
        candidate.type === written.type &&
        candidate.os === written.os &&
        candidate.minor !== undefined,
    )
    // a release without its build: any build of it will do
    return newest?.minor === undefined ? written : { ...written, minor: newest.minor }
  }

  #update(candidate: Candidate): PostgresUpdate {
    const target = this.#pool.image(candidate.digest) ?? candidate
    const { tag, digest } = candidate
    return {
      to: { tag, ...(digest === undefined ? {} : { digest }) },
      classes: classesOf(this.#written, candidate, this.#running, target),
      from: releaseName(this.#running),
      release: releaseName(target),
    }
  }
}

/** @param running,target what the two tags stand for, as exactly as is known */
function classesOf(
  written: PostgresTag,
  candidate: PostgresTag,
  running: PostgresTag,
  target: PostgresTag,
): PostgresUpdateClass[] {
  const classes: PostgresUpdateClass[] = []
  const isPreRelease = candidate.preRelease !== undefined || written.preRelease !== undefined
  if (isPreRelease && compareReleases(candidate, written) !== 0) classes.push('pre-release')
  if (candidate.major !== written.major) classes.push('pg-major')
  else if (!classes.includes('pre-release')) {
    if (compareReleases(target, running) > 0 && target.minor !== undefined) classes.push('pg-minor')
    else if (candidate.form === written.form) classes.push('rebuild')
  }
  if (candidate.os !== written.os) classes.push('os-change')
  if (candidate.type !== written.type) classes.push('type-change')
  if (candidate.form !== written.form) classes.push('flavour-form')
  if (compareBundles(candidate, written) !== 0) classes.push('bundle-change')
  // a rebuild is news only where nothing else changes
  return classes.length > 1 ? classes.filter(one => one !== 'rebuild') : classes
}

/** Older for sure: by release, or of the same release by build. */
function isOlder(candidate: PostgresTag, running: PostgresTag): boolean {
  if (candidate.minor === undefined && candidate.preRelease === undefined)
    return candidate.major < running.major
  return comparePostgresTags(candidate, running) < 0
}
