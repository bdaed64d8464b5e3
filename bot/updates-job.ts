import { openUpdateHost } from '../src/adapters/github-updates.ts'
import { RefGone, type Mirrors } from '../src/adapters/git-mirror.ts'
import type { GitProxy } from '../src/adapters/git-proxy.ts'
import { keepUpdates } from '../src/keep-updates.ts'
import { inline } from '../src/report/escape.ts'
import type { UpdatePlan } from '../src/updates/wanted-update.ts'
import type { GitHub } from './github.ts'
import type { UpdatesJob } from './jobs.ts'
import type { Attempt } from './attempt.ts'
import { present } from './refusals.ts'
import { clientOf, readTokenOf } from './review-job.ts'
import { NotReviewed } from './command-line.ts'
import type { UpdateProcess } from './update-process.ts'

export interface UpdatesTools {
  github: GitHub
  mirrors: Pick<Mirrors, 'open'>
  proxy: GitProxy
  look: UpdateProcess
  now: () => Date
  /** repositories that were looked at, and when: registries are not asked each time that pull requests are swept */
  looked: Map<string, number>
}

/** Nobody asked: once an hour is enough for what registries have. */
const REST_MS = 55 * 60_000

/** Keeps the pull requests of updates of one repository, as the base branch stands now. Done twice, it changes nothing the second time. */
export async function updatesJob(job: UpdatesJob, attempt: Attempt, tools: UpdatesTools): Promise<void> {
  const at = tools.now().getTime()
  const key = String(job.repositoryId ?? job.repository)
  if (job.background === true && at - (tools.looked.get(key) ?? 0) < REST_MS) return
  const client = await clientOf(job, attempt, tools)
  if (client === undefined) return
  const [owner = '', repo = ''] = job.repository.split('/')
  const found = await present(client.rest.repos.get({ owner, repo }))
  if (found === undefined) return attempt.log.info('the repository is not there, or not ours to read')
  const { id, full_name: repository, default_branch: branch, archived } = found.data
  if (archived) return attempt.log.info('the repository is archived')
  const host = await openUpdateHost({
    client,
    owner: repository.split('/')[0] ?? owner,
    repo: repository.split('/')[1] ?? repo,
    self: `${await tools.github.slug()}[bot]`,
    now: () => tools.now().getTime(),
  })
  using mirror = await tools.mirrors.open(id)
  const plans = new Map<string, UpdatePlan>()
  const plan = async (base: string, requested: ReadonlySet<string>): Promise<UpdatePlan | undefined> => {
    const asked = [...requested].toSorted()
    const name = [base, ...asked].join(' ')
    const known = plans.get(name)
    if (known !== undefined) return known
    const token = await readTokenOf(job, id, tools)
    using opened = tools.proxy.open(repository, token)
    try {
      await mirror.fetch(opened.url, { [`refs/heads/${branch}`]: 'refs/steward/updates' }, attempt.signal)
    } catch (error) {
      if (error instanceof RefGone) return undefined
      throw error
    }
    // somebody pushes: the event that comes with it looks again
    if ((await mirror.commit('refs/steward/updates')) !== base) return undefined
    const made = await tools.look({ directory: mirror.directory, base, requested: asked }, attempt.signal)
    plans.set(name, made)
    return made
  }
  try {
    const kept = await keepUpdates(
      { day: new Date(at).toISOString().slice(0, 10) },
      { host, plan, print: inline, progress: message => attempt.log.info({ step: message }, 'updates') },
    )
    tools.looked.set(key, at)
    for (const message of kept.refused) attempt.log.warn({ message }, 'GitHub refuses a part of the updates')
    attempt.log.info(
      { updates: kept.entries.length, steps: kept.steps, settled: kept.settled },
      'looked for updates',
    )
  } catch (error) {
    // nothing is changed where nothing could be judged: a configuration that cannot be read, a limit
    if (!(error instanceof NotReviewed)) throw error
    tools.looked.set(key, at)
    attempt.log.warn({ err: error }, 'no updates')
  }
}
