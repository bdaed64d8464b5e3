import { gunzipSync, gzipSync } from 'node:zlib'
import type { Db } from 'pg-boss'
import { readReview } from '../src/report/read-review.ts'
import type { Review } from '../src/report/review.ts'

/** A review that was made, for pages and for commands that show more of it. */
export interface StoredReview {
  id: string
  /** 'owner/name' */
  repository: string
  number: number
  head: string
  base: string
  madeAt: Date
  review: Review
}

/** Larger ones are shown by nobody: the page would not load. */
const REVIEW_LIMIT = 32 * 1024 * 1024
const KEPT = 500

/**
 * The few tables of the bot's own. What they hold can be made again: GitHub is the truth. `repository` is the name in
 * reviews, which are shown with it, and the number elsewhere, which stays when a repository is renamed.
 */
export class Store {
  readonly #sql: Db['executeSql']

  static async open(sql: Db['executeSql']): Promise<Store> {
    // replicas start together, and CREATE … IF NOT EXISTS is not atomic
    await sql(`BEGIN;
      SELECT pg_advisory_xact_lock(7106417);
      CREATE SCHEMA IF NOT EXISTS cnpg_steward;
      CREATE TABLE IF NOT EXISTS cnpg_steward.review (
        id text PRIMARY KEY, repository text NOT NULL, number int NOT NULL, head text NOT NULL, base text NOT NULL,
        made_at timestamptz NOT NULL, body text NOT NULL);
      CREATE INDEX IF NOT EXISTS review_of ON cnpg_steward.review (repository, number, made_at);
      CREATE TABLE IF NOT EXISTS cnpg_steward.started_check (
        repository text NOT NULL, number int NOT NULL, head text NOT NULL, PRIMARY KEY (repository, number, head));
      CREATE TABLE IF NOT EXISTS cnpg_steward.asked (
        repository text NOT NULL, login text NOT NULL, comment bigint NOT NULL, at timestamptz NOT NULL,
        PRIMARY KEY (repository, login, comment));
      COMMIT`)
    return new Store(sql)
  }

  private constructor(sql: Db['executeSql']) {
    this.#sql = sql
  }

  /** Keeps a review; what is older than `until`, or too much, goes. */
  async keep(stored: StoredReview, oldest: Date): Promise<void> {
    const text = JSON.stringify(stored.review)
    if (text.length > REVIEW_LIMIT) return
    const { id, repository, number, head, base, madeAt } = stored
    await this.#sql(
      `INSERT INTO cnpg_steward.review (id, repository, number, head, base, made_at, body)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET made_at = $6, body = $7`,
      [id, repository, number, head, base, madeAt.toISOString(), gzipSync(text).toString('base64')],
    )
    await this.#sql(
      `DELETE FROM cnpg_steward.review WHERE made_at < $1
         OR id IN (SELECT id FROM cnpg_steward.review ORDER BY made_at DESC OFFSET ${KEPT})`,
      [oldest.toISOString()],
    )
  }

  async find(id: string): Promise<StoredReview | undefined> {
    return await this.#one('id = $1', [id])
  }

  /** The newest review of a pull request. */
  async newest(repository: string, number: number): Promise<StoredReview | undefined> {
    return await this.#one('repository = $1 AND number = $2 ORDER BY made_at DESC', [repository, number])
  }

  async #one(condition: string, values: unknown[]): Promise<StoredReview | undefined> {
    const rows: Row[] = (
      await this.#sql(
        `SELECT id, repository, number, head, base, made_at, body FROM cnpg_steward.review WHERE ${condition} LIMIT 1`,
        values,
      )
    ).rows
    const [row] = rows
    if (row === undefined) return undefined
    const { body, made_at, ...rest } = row
    const text = gunzipSync(Buffer.from(body, 'base64')).toString('utf8')
    return { ...rest, madeAt: new Date(made_at), review: readReview(text) }
  }

  /** Notes that somebody asked in a comment. @returns in how many comments since a moment, this one included */
  async asks(repositoryId: number, login: string, comment: number, now: Date, since: Date): Promise<number> {
    await this.#sql('DELETE FROM cnpg_steward.asked WHERE at < $1', [since.toISOString()])
    await this.#sql(
      'INSERT INTO cnpg_steward.asked (repository, login, comment, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
      [String(repositoryId), login, comment, now.toISOString()],
    )
    const rows: { asked: number }[] = (
      await this.#sql(
        'SELECT count(*)::int AS asked FROM cnpg_steward.asked WHERE repository = $1 AND login = $2',
        [String(repositoryId), login],
      )
    ).rows
    return rows[0]?.asked ?? 0
  }

  /** Remembers, before it is made, that a check run may be left under way on a commit. */
  async startsCheck(repositoryId: number, number: number, head: string): Promise<void> {
    await this.#sql(
      'INSERT INTO cnpg_steward.started_check (repository, number, head) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [String(repositoryId), number, head],
    )
  }

  async endedCheck(repositoryId: number, number: number, head: string): Promise<void> {
    await this.#sql(
      'DELETE FROM cnpg_steward.started_check WHERE repository = $1 AND number = $2 AND head = $3',
      [String(repositoryId), number, head],
    )
  }

  /** Commits of a pull request on which a check run may be under way. */
  async startedChecks(repositoryId: number, number: number): Promise<string[]> {
    const rows: { head: string }[] = (
      await this.#sql('SELECT head FROM cnpg_steward.started_check WHERE repository = $1 AND number = $2', [
        String(repositoryId),
        number,
      ])
    ).rows
    return rows.map(({ head }) => head)
  }
}

interface Row {
  id: string
  repository: string
  number: number
  head: string
  base: string
  made_at: string | Date
  body: string
}
