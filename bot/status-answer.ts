import type { GitHubClient } from '../src/adapters/github-client.ts'
import { statusOf } from '../src/adapters/github-client.ts'
import { AccessProblem } from '../src/adapters/cluster-access.ts'
import type { PullRequest } from '../src/adapters/github-pull-request.ts'
import type { ParameterCatalogs } from '../src/cnpg/parameters/parameter-catalog.ts'
import { accessOfRepository, isAllowed, type AccessConfig, type MappedCluster } from '../src/config/access.ts'
import { listDatabases, type DatabaseName } from '../src/list-databases.ts'
import { code, inline } from '../src/report/escape.ts'
import { statusMarkdown } from '../src/report/status-markdown.ts'
import { reportStatus } from '../src/report-status.ts'
import { expectationsOf } from '../src/status/follow/expected.ts'
import type { OpenCluster } from './follow-job.ts'
import { databasesOf } from './merge-job.ts'
import type { Merges } from './merges.ts'
import type { Store } from './store.ts'

export interface StatusTools {
  access: AccessConfig
  merges: Pick<Merges, 'ofPull'>
  store: Pick<Store, 'newest'>
  openCluster: (access: string) => OpenCluster
  catalogs: ParameterCatalogs
  now: () => Date
}

/** So many databases of one question are looked at. */
const MOST_DATABASES = 10
const DEADLINE_MS = 10_000
/** What mostly stands around the text of the plugin. */
const AROUND_TEXT = 4000

/** A database in a cluster that may be asked about. */
interface Asked extends DatabaseName {
  cluster: MappedCluster
}

/** What a question names: `[[CLUSTER/]NAMESPACE/]NAME`. */
interface Question {
  cluster?: string
  namespace?: string
  name?: string
}

/**
 * The answer to `/cnpg status [NAME]`: of the databases that are named, else of those that the pull request touches, else of all that
 * the repository may see. Read only from the clusters that the bot's configuration maps to the repository.
 * @param room characters that the answer may have
 */
export async function statusAnswer(
  asked: string | undefined,
  pull: Pick<PullRequest, 'repository' | 'number'>,
  room: number,
  tools: StatusTools,
): Promise<string> {
  const mapped = accessOfRepository(tools.access, pull.repository)?.clusters ?? []
  const question = questionOf(asked)
  if (question === undefined)
    return `${code(asked ?? '')} names no database: NAME, NAMESPACE/NAME or CLUSTER/NAMESPACE/NAME.`
  const clusters = mapped.filter(({ name }) => question.cluster === undefined || question.cluster === name)
  // whether there is such a cluster is told to nobody that may not see it
  if (clusters.length === 0)
    return `There is no cluster ${code(question.cluster ?? '')} for this repository. There are: ${mapped.map(({ name }) => code(name)).join(', ')}.`
  const touched = asked === undefined ? await touchedBy(pull, clusters, tools) : []
  const found =
    touched.length > 0 ? { databases: touched, notes: [] } : await lookFor(question, clusters, tools)
  const shown = found.databases.slice(0, MOST_DATABASES)
  const left = found.databases.length - shown.length
  const each = Math.floor((room - 1000) / Math.max(1, shown.length))
  const answers = await Promise.all(
    shown.map(async database => await statusOfOne(database, clusters.length, each, tools)),
  )
  const notes = [
    ...found.notes,
    ...(left === 0 ? [] : [`${left} more are left out: name one, \`/cnpg status NAMESPACE/NAME\`.`]),
  ]
  if (answers.length === 0 && notes.length === 0)
    notes.push(
      asked === undefined ? 'There is no database here.' : `There is no database ${code(asked)} here.`,
    )
  return [...answers, ...notes].join('\n\n')
}

function questionOf(asked: string | undefined): Question | undefined {
  if (asked === undefined) return {}
  const parts = asked.split('/')
  if (parts.length > 3 || !parts.every(part => /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/i.test(part)))
    return undefined
  const [name, namespace, cluster] = parts.toReversed()
  return {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(cluster === undefined ? {} : { cluster }),
  }
}

/** The databases that a pull request touches: of the commit that it was merged as, else of its newest review. */
async function touchedBy(
  { repository, number }: Pick<PullRequest, 'repository' | 'number'>,
  clusters: readonly MappedCluster[],
  { merges, store }: StatusTools,
): Promise<Asked[]> {
  const merge = await merges.ofPull(repository, number)
  const review = merge === undefined ? (await store.newest(repository, number))?.review : undefined
  const keys =
    merge === undefined
      ? expectationsOf(review?.head.commit ?? '', {
          changes: review?.changes ?? [],
          impacts: review?.impacts ?? [],
          units: [],
        }).flatMap(({ cluster, databases }) =>
          databases.map(({ namespace, name }) => ({ cluster, namespace, name })),
        )
      : databasesOf(merge)
  return keys.flatMap(({ cluster: called, namespace, name }): Asked[] => {
    const cluster = clusters.find(each => each.name === called)
    return cluster === undefined || !isAllowed(cluster, namespace) ? [] : [{ cluster, namespace, name }]
  })
}

async function lookFor(
  { namespace, name }: Question,
  clusters: readonly MappedCluster[],
  tools: StatusTools,
): Promise<{ databases: Asked[]; notes: string[] }> {
  const found = await Promise.all(
    clusters.map(async cluster => {
      const wanted = namespace === undefined ? cluster.namespaces : [namespace]
      if (namespace !== undefined && !isAllowed(cluster, namespace)) {
        const note = `${code(cluster.name)}: the bot's configuration does not let databases of ${code(namespace)} be shown.`
        return { databases: [], notes: [note] }
      }
      // who names one whole needs no list, which the access may not be allowed
      if (namespace !== undefined && name !== undefined)
        return { databases: [{ cluster, namespace, name }], notes: [] }
      const listed = await withReader(
        cluster,
        tools,
        async reader => await listDatabases(reader, wanted, DEADLINE_MS),
      )
      if ('problem' in listed) return { databases: [], notes: [`${code(cluster.name)}: ${listed.problem}`] }
      return {
        databases: listed.databases
          .filter(each => name === undefined || each.name === name)
          .map(each => ({ ...each, cluster })),
        notes: listed.unread.map(message => `${code(cluster.name)}: ${inline(message)}`),
      }
    }),
  )
  return {
    databases: found.flatMap(({ databases }) => databases),
    notes: found.flatMap(({ notes }) => notes),
  }
}

async function statusOfOne(
  { cluster, namespace, name }: Asked,
  clusters: number,
  room: number,
  tools: StatusTools,
): Promise<string> {
  const answer = await withReader(cluster, tools, async reader => {
    const { catalogs, now } = tools
    const status = await reportStatus({ namespace, name, deadlineMs: DEADLINE_MS }, { reader, catalogs, now })
    const whole = statusMarkdown(status, 0, room - AROUND_TEXT)
    const short = whole.length <= room ? whole : statusMarkdown(status, 0, 0)
    // verdict and lead
    return { text: short.length <= room ? short : short.split('\n\n').slice(0, 2).join('\n\n') }
  })
  const where = clusters > 1 ? `On ${code(cluster.name)}:\n\n` : ''
  return 'problem' in answer
    ? `${where}${code(`${namespace}/${name}`)}: ${answer.problem}`
    : `${where}${answer.text}`
}

async function withReader<T extends object>(
  cluster: MappedCluster,
  tools: StatusTools,
  work: (reader: OpenCluster) => Promise<T>,
): Promise<T | { problem: string }> {
  try {
    const reader = tools.openCluster(cluster.access)
    try {
      return await work(reader)
    } finally {
      reader.close()
    }
  } catch (error) {
    // paths and addresses of the bot's machine are for its log
    if (!(error instanceof AccessProblem)) throw error
    return {
      problem: "the bot's access to this cluster does not work; whoever runs it finds the reason in its log.",
    }
  }
}

/** Whether somebody may ask, as the configuration says. @param atLeast whether the person's role is a permission or more */
export async function mayAsk(
  client: GitHubClient,
  repository: string,
  login: string,
  atLeast: (permission: string) => boolean,
  access: AccessConfig,
): Promise<boolean> {
  const ask = accessOfRepository(access, repository)?.ask
  if (ask === undefined) return false
  const { permission, users, teams } = ask
  if (permission !== undefined && atLeast(permission)) return true
  if (users.some(user => user.toLowerCase() === login.toLowerCase())) return true
  for (const team of teams) {
    const [org = '', team_slug = ''] = team.split('/')
    if (await isMember(client, org, team_slug, login)) return true
  }
  return false
}

async function isMember(
  client: GitHubClient,
  org: string,
  team_slug: string,
  username: string,
): Promise<boolean> {
  try {
    const { data } = await client.rest.teams.getMembershipForUserInOrg({ org, team_slug, username })
    return data.state === 'active'
  } catch (error) {
    // 404: no member, or not ours to know; 403: the app may not read members
    if (statusOf(error) === 404 || statusOf(error) === 403) return false
    throw error
  }
}
