import { comparePostgresTags, readPostgresTag, type PostgresTag } from './postgres-tag.ts'

/** A tag of a registry, with its digest where that is known. */
export interface PoolTag {
  tag: string
  /** of the index, 'sha256:…' */
  digest?: string
}

/** A tag of the pool, taken apart. */
export interface Candidate extends PostgresTag {
  digest?: string
}

/** The tags of one image, read once for all who use it. */
export class PostgresPool {
  readonly project: boolean
  readonly majors: readonly number[]
  readonly #byTag = new Map<string, Candidate>()
  readonly #byDigest = new Map<string, Candidate>()
  readonly #byMajor = new Map<number, Candidate[]>()

  /** @param project whether the image is the project's own PostgreSQL, see `readPostgresTag` */
  constructor(pool: readonly PoolTag[], project: boolean) {
    this.project = project
    const read = pool.flatMap(({ tag, digest }): Candidate[] => {
      const known = readPostgresTag(tag, project)
      return known === undefined ? [] : [{ ...known, ...(digest === undefined ? {} : { digest }) }]
    })
    // the newest first; of equal ones the order of the texts, so that the same pool gives the same answer
    const tags = read.toSorted((a, b) => comparePostgresTags(b, a) || (a.tag < b.tag ? -1 : 1))
    for (const candidate of tags) {
      this.#byTag.set(candidate.tag, candidate)
      const { digest } = candidate
      // of the tags for one image, the one that says most
      if (digest !== undefined && (this.#byDigest.get(digest)?.form.length ?? 0) < candidate.form.length)
        this.#byDigest.set(digest, candidate)
      const alike = this.#byMajor.get(candidate.major)
      if (alike === undefined) this.#byMajor.set(candidate.major, [candidate])
      else alike.push(candidate)
    }
    this.majors = [...this.#byMajor.keys()].toSorted((a, b) => a - b)
  }

  tag(tag: string): Candidate | undefined {
    return this.#byTag.get(tag)
  }

  /** the most precise tag that stands for an image */
  image(digest: string | undefined): Candidate | undefined {
    return digest === undefined ? undefined : this.#byDigest.get(digest)
  }

  /** those of one major, the newest first */
  ofMajor(major: number): readonly Candidate[] {
    return this.#byMajor.get(major) ?? []
  }
}
