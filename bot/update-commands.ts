import type { GitHubClient } from '../src/adapters/github-client.ts'
import type { PullRequest } from '../src/adapters/github-pull-request.ts'
import { openRevert } from '../src/adapters/github-revert.ts'
import { code, inline } from '../src/report/escape.ts'
import { readIgnore } from '../src/updates/ignore.ts'
import { readMarker } from '../src/updates/marker.ts'
import { EDITED_LABEL } from '../src/updates/next-step.ts'
import { withMarker, withTick } from '../src/updates/pull-request-body.ts'
import { mergedUpdate, revertAdvice } from '../src/updates/revert-advice.ts'
import type { UpdatesJob } from './jobs.ts'
import { targetOf } from './review-job.ts'

/** `/cnpg updates`, `/cnpg rebase [COMMIT]`, `/cnpg ignore …`, `/cnpg revert` */
export type UpdateCommand =
  | { command: 'updates' }
  | { command: 'revert' }
  | { command: 'rebase'; head: string }
  | { command: 'ignore'; words: string }

interface AskedUpdate {
  pull: PullRequest
  client: GitHubClient
  /** login that our pull requests carry */
  self: string
  /** what looks again once the wish is written down */
  look: () => Promise<void>
}

const NO_UPDATE = 'This is no pull request of an update.'

/**
 * Writes down what a person wants of an update, where it is read from afterwards: in the body of its pull request. Done twice, it is
 * written once.
 */
export async function askUpdate(command: UpdateCommand, asked: AskedUpdate): Promise<string> {
  if (command.command === 'updates') {
    await asked.look()
    return 'Looking for updates; the issue that lists them tells what there is.'
  }
  const { pull, client, self } = asked
  const target = targetOf(pull)
  const at = { owner: target.owner, repo: target.repo, pull_number: pull.number }
  const { data } = await client.rest.pulls.get(at)
  const body = data.body ?? ''
  if (command.command === 'revert') {
    const { head, base, user } = data
    const isFork = head.repo?.id !== base.repo.id
    const classes = mergedUpdate({ branch: head.ref, isFork, author: user.login, body }, self)
    return classes === undefined ? NO_UPDATE : await takeBack(classes, asked)
  }
  const marker = readMarker(body)
  if (marker === undefined || data.user.login !== self) return NO_UPDATE
  if (command.command === 'ignore') {
    const read = readIgnore(command.words, marker.p)
    if ('problem' in read) return read.problem
    if (!marker.ig.includes(read.wish))
      await client.rest.pulls.update({
        ...at,
        body: withMarker(body, { ...marker, ig: [...marker.ig, read.wish] }),
      })
    await asked.look()
    return `Noted: ${code(command.words)} is ignored. Its box on the issue that lists updates takes that back.`
  }
  if (data.state !== 'open')
    return 'The pull request is closed: its box on the issue that lists updates opens it again.'
  const head = data.head.sha
  const isEdited = data.labels.some(({ name }) => name === EDITED_LABEL)
  // what would be thrown away has to be named
  if (isEdited && (command.head.length < 7 || !head.startsWith(command.head)))
    return `The branch has commits of people. To throw them away, name its head: ${code(`/cnpg rebase ${head.slice(0, 7)}`)}.`
  const ticked = withTick(body, head)
  if (ticked === undefined) {
    await asked.look()
    return 'The pull request is being brought up to date; ask again in a minute.'
  }
  if (ticked !== body) await client.rest.pulls.update({ ...at, body: ticked })
  await asked.look()
  return `Making the branch anew on ${code(data.base.ref)}.`
}

/** What a revert makes worse is left to people, who have GitHub's button. */
async function takeBack(classes: readonly string[], { pull, client, self }: AskedUpdate): Promise<string> {
  const { safe, reason } = revertAdvice(classes)
  if (!safe) return `It is not taken back by command. ${reason}`
  const { owner, repo } = targetOf(pull)
  const made = await openRevert({ client, owner, repo, self }, pull.number)
  return made.outcome === 'refused' ? inline(made.message) : `#${made.number} takes it back. ${reason}`
}

/** The job that carries out what was asked for. */
export function lookJob(
  { installation, delivery }: Pick<UpdatesJob, 'installation' | 'delivery'>,
  { repository, repositoryId }: Pick<PullRequest, 'repository' | 'repositoryId'>,
): UpdatesJob {
  return { kind: 'updates', installation, repository, repositoryId, delivery }
}
