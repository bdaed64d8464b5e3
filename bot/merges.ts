import type { Db } from 'pg-boss'
import type { Expectation } from '../src/status/follow/expectation.ts'
import type { Follow } from '../src/status/follow/follow.ts'

/** A commit on its way to clusters. Plain JSON: whichever bot starts next goes on from it. */
export interface Merge {
  version: 1
  installation: number
  /** 'owner/name' */
  repository: string
  repositoryId: number
  branch: string
  commit: string
  /** merged pull requests that it brings */
  pulls: number[]
  /** those of them that were updates of ours, and of which classes; absent: not known, as in rows of before */
  updates?: { number: number; classes: readonly string[] }[]
  /** how many parts of the change could not be judged */
  unjudged: number
  /** databases that the configuration does not let be shown */
  hidden: number
  /** milliseconds since 1970 */
  startedAt: number
  clusters: MergeInCluster[]
  /** what was written on GitHub last: hashes of the check and the comment */
  written?: { check: string; comment: string }
}

export interface MergeInCluster {
  expectation: Expectation
  /** the branch that the cluster follows */
  branch: string
  /** absent: its branch does not have the commit yet */
  follow?: Follow
  /** why it is not followed any more, though it has not come to its end */
  givenUp?: string
  /** seconds from one look to the next */
  pause: number
  /** when it is looked at again; milliseconds since 1970 */
  nextAt: number
}

/** Whether there is nothing to wait for in a cluster. */
export function isOver({ follow, givenUp }: MergeInCluster): boolean {
  return givenUp !== undefined || (follow !== undefined && follow.outcome !== 'progress')
}

/** Finished ones are kept so long: an event may come twice, and who asks is told of the databases. */
const KEPT_DAYS = 60

/** The table of commits that are followed. Each step of following one is one write of its row. */
export class Merges {
  readonly #sql: Db['executeSql']

  static async open(sql: Db['executeSql']): Promise<Merges> {
    await sql(`BEGIN;
      SELECT pg_advisory_xact_lock(7106417);
      CREATE SCHEMA IF NOT EXISTS cnpg_steward;
      CREATE TABLE IF NOT EXISTS cnpg_steward.merge (
        repository text NOT NULL, commit text NOT NULL, started_at timestamptz NOT NULL, over boolean NOT NULL,
        body text NOT NULL, PRIMARY KEY (repository, commit));
      CREATE TABLE IF NOT EXISTS cnpg_steward.branch_tip (
        repository text NOT NULL, branch text NOT NULL, commit text NOT NULL, PRIMARY KEY (repository, branch));
      COMMIT`)
    return new Merges(sql)
  }

  private constructor(sql: Db['executeSql']) {
    this.#sql = sql
  }

  async find(repository: string, commit: string): Promise<Merge | undefined> {
    const { rows } = await this.#sql(
      'SELECT body FROM cnpg_steward.merge WHERE repository = $1 AND commit = $2',
      [repository, commit],
    )
    return mergesIn(rows)[0]
  }

  /** Begins to follow a commit, once, however often it is told of. @returns what is followed of it now */
  async begin(merge: Merge): Promise<Merge> {
    const { repository, commit, startedAt } = merge
    const oldest = new Date(startedAt - KEPT_DAYS * 86_400_000).toISOString()
    await this.#sql('DELETE FROM cnpg_steward.merge WHERE over AND started_at < $1', [oldest])
    await this.#sql(
      `INSERT INTO cnpg_steward.merge (repository, commit, started_at, over, body)
       VALUES ($1, $2, $3, false, $4) ON CONFLICT DO NOTHING`,
      [repository, commit, new Date(startedAt).toISOString(), JSON.stringify(merge)],
    )
    return (await this.find(repository, commit)) ?? merge
  }

  /** @param over nothing is to be waited for, and everything is written */
  async save(merge: Merge, over: boolean): Promise<void> {
    await this.#sql(
      'UPDATE cnpg_steward.merge SET body = $3, over = $4 WHERE repository = $1 AND commit = $2',
      [merge.repository, merge.commit, JSON.stringify(merge), over],
    )
  }

  /** Those that are on their way, of one repository or of all, oldest first. */
  async underWay(repository?: string): Promise<Merge[]> {
    const { rows } = await this.#sql(
      `SELECT body FROM cnpg_steward.merge WHERE NOT over AND ($1::text IS NULL OR repository = $1)
       ORDER BY started_at LIMIT 500`,
      [repository ?? null],
    )
    return mergesIn(rows)
  }

  /** The commit up to which a branch has been looked at; `undefined`: never. */
  async tip(repository: string, branch: string): Promise<string | undefined> {
    const { rows }: { rows: { commit: string }[] } = await this.#sql(
      'SELECT commit FROM cnpg_steward.branch_tip WHERE repository = $1 AND branch = $2',
      [repository, branch],
    )
    return rows[0]?.commit
  }

  async moveTip(repository: string, branch: string, commit: string): Promise<void> {
    await this.#sql(
      `INSERT INTO cnpg_steward.branch_tip (repository, branch, commit) VALUES ($1, $2, $3)
       ON CONFLICT (repository, branch) DO UPDATE SET commit = $3`,
      [repository, branch, commit],
    )
  }

  /** The newest commit that brings a pull request. */
  async ofPull(repository: string, number: number): Promise<Merge | undefined> {
    const { rows } = await this.#sql(
      'SELECT body FROM cnpg_steward.merge WHERE repository = $1 ORDER BY started_at DESC LIMIT 200',
      [repository],
    )
    return mergesIn(rows).find(({ pulls }) => pulls.includes(number))
  }
}

function mergesIn(rows: readonly { body: string }[]): Merge[] {
  return rows.map(({ body }): Merge => JSON.parse(body))
}
