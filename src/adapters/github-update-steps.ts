import type { StepOutcome } from '../keep-updates.ts'
import { DASHBOARD_TITLE } from '../updates/dashboard.ts'
import type { DashboardStep, OwnComment, UpdateStep } from '../updates/step.ts'
import { isRefused, statusOf, type GitHubClient } from './github-client.ts'
import { upsertComment } from './github-comment.ts'

/** The check on the head of an update. */
export const UPDATE_CHECK = 'cnpg-steward/update'

export interface StepTarget {
  client: GitHubClient
  owner: string
  repo: string
  /** GraphQL's id */
  repositoryId: string
  self: string
  base: string
  mergeMethod: 'squash' | 'merge' | 'rebase'
}

type Step<Name extends UpdateStep['step']> = Extract<UpdateStep, { step: Name }>

const DONE: StepOutcome = { outcome: 'done' }
const MOVED: StepOutcome = { outcome: 'moved' }
/** Where a branch stands that is not there. */
export const NO_COMMIT = '0'.repeat(40)

/**
 * Takes one step. What it was decided on is compared with what GitHub has now, by GitHub itself where it can (refs, heads of merges).
 * @throws what may be tried again: errors of the network and of GitHub's servers, rate limits
 */
export async function takeStep(target: StepTarget, step: UpdateStep): Promise<StepOutcome> {
  try {
    switch (step.step) {
      case 'push':
        return await push(target, step)
      case 'open':
        return await openPull(target, step)
      case 'edit':
        return await edit(target, step)
      case 'check':
        return await check(target, step)
      case 'close':
        return await close(target, step)
      case 'delete-branch':
        return await moveBranch(target, step.branch, step.before, NO_COMMIT)
      case 'merge':
      default:
        return await merge(target, step)
    }
  } catch (error) {
    return refusalOf(error, `${step.step} was refused`)
  }
}

/** Makes the issue that lists all updates, or brings it up to date. Closed by a person, it stays closed. */
export async function writeDashboard(target: StepTarget, step: DashboardStep): Promise<StepOutcome> {
  const { client, owner, repo } = target
  const { issues } = client.rest
  try {
    const { number, body } = step
    if (number === undefined) await issues.create({ owner, repo, title: DASHBOARD_TITLE, body })
    else await issues.update({ owner, repo, issue_number: number, body })
    for (const duplicate of step.duplicates)
      await issues.update({ owner, repo, issue_number: duplicate, state: 'closed' })
    return DONE
  } catch (error) {
    return refusalOf(error, 'the issue that lists updates was refused')
  }
}

/** A commit that GitHub signs, because it names no author; then the branch, where it still stands as it was seen. */
async function push(target: StepTarget, step: Step<'push'>): Promise<StepOutcome> {
  const { client, owner, repo } = target
  const { git } = client.rest
  const { wanted, base, branch, before, replaces } = step
  const { data: tree } = await git.getTree({ owner, repo, tree_sha: base, recursive: '1' })
  const entries = new Map(tree.tree.map(entry => [entry.path, entry]))
  for (const file of wanted.files) {
    const entry = entries.get(file.path)
    // a list that GitHub has cut says nothing about what is not on it
    if (entry === undefined ? !tree.truncated : entry.sha !== file.before) return MOVED
  }
  if (replaces !== undefined)
    await comment(target, replaces.number, {
      marker: `<!-- bump:replaced:${replaces.head} -->`,
      text: `As asked, the branch is made anew. What it was stays there as ${replaces.head}: \`git fetch origin ${replaces.head}\`.`,
    })
  const made = await git.createTree({
    owner,
    repo,
    base_tree: tree.sha,
    tree: wanted.files.map(({ path, text }) => ({
      path,
      mode: entries.get(path)?.mode === '100755' ? '100755' : '100644',
      type: 'blob',
      content: text,
    })),
  })
  const commit = await git.createCommit({
    owner,
    repo,
    message: step.message,
    tree: made.data.sha,
    parents: [base],
  })
  return await moveBranch(target, branch, before ?? NO_COMMIT, commit.data.sha)
}

/** Compare and swap of a branch ("updateRefs", beforeOid). @param after forty zeros delete it */
export async function moveBranch(
  { client, owner, repo, repositoryId }: Omit<StepTarget, 'mergeMethod'>,
  branch: string,
  before: string,
  after: string,
): Promise<StepOutcome> {
  const mutation = `mutation ($repository: ID!, $name: GitRefname!, $before: GitObjectID!, $after: GitObjectID!) {
    updateRefs(input: {repositoryId: $repository, refUpdates: [{name: $name, beforeOid: $before, afterOid: $after, force: true}]}) {
      clientMutationId
    }
  }`
  const name = `refs/heads/${branch}`
  try {
    await client.graphql(mutation, { repository: repositoryId, name, before, after })
    return DONE
  } catch (error) {
    if (statusOf(error) !== undefined) throw error
    // GraphQL's errors have no status: where the branch stands says which kind it is
    const now = await branchHead(client, owner, repo, branch)
    if (now === after) return DONE
    if (now !== before) return MOVED
    return { outcome: 'refused', message: `The branch ${branch} was not moved: ${messageOf(error)}` }
  }
}

/** @returns forty zeros where there is none */
export async function branchHead(
  client: GitHubClient,
  owner: string,
  repo: string,
  branch: string,
): Promise<string> {
  try {
    const { data } = await client.rest.git.getRef({ owner, repo, ref: `heads/${branch}` })
    return data.object.sha
  } catch (error) {
    if (statusOf(error) === 404) return NO_COMMIT
    throw error
  }
}

/** Opens a pull request of a branch, if there is none. */
export async function openPull(
  target: Omit<StepTarget, 'mergeMethod'>,
  step: Step<'open'>,
): Promise<StepOutcome> {
  const { client, owner, repo, base } = target
  const { branch: head, title, body, draft } = step
  const isThere = async (): Promise<boolean> => {
    const { data } = await client.rest.pulls.list({ owner, repo, head: `${owner}:${head}`, state: 'open' })
    return data.some(pull => pull.head.ref === head)
  }
  try {
    await client.rest.pulls.create({ owner, repo, head, base, title, body, draft })
    return DONE
  } catch (error) {
    if (statusOf(error) !== 422) throw error
    if (await isThere()) return DONE
    // private repositories of some plans have no drafts: it is opened all the same, its check says that it is blocked
    if (!draft) throw error
    await client.rest.pulls.create({ owner, repo, head, base, title, body })
    return DONE
  }
}

async function edit(target: StepTarget, step: Step<'edit'>): Promise<StepOutcome> {
  const { client, owner, repo } = target
  const { number, title, body, seen } = step
  const { data: now } = await client.rest.pulls.get({ owner, repo, pull_number: number })
  if (now.state !== 'open' || now.title !== seen.title || (now.body ?? '') !== seen.body) return MOVED
  if (step.comment !== undefined) await comment(target, number, step.comment)
  const issue = { owner, repo, issue_number: number }
  if (step.addLabels.length > 0) await client.rest.issues.addLabels({ ...issue, labels: [...step.addLabels] })
  for (const name of step.removeLabels)
    try {
      await client.rest.issues.removeLabel({ ...issue, name })
    } catch (error) {
      if (statusOf(error) !== 404) throw error
    }
  if (step.draft !== undefined) await setDraft(client, now.node_id, step.draft)
  // last: it remembers what was done
  if (body !== undefined || title !== undefined)
    await client.rest.pulls.update({
      owner,
      repo,
      pull_number: number,
      ...(title === undefined ? {} : { title }),
      ...(body === undefined ? {} : { body }),
    })
  return DONE
}

/** REST cannot do it. */
async function setDraft(client: GitHubClient, id: string, draft: boolean): Promise<void> {
  const name = draft ? 'convertPullRequestToDraft' : 'markPullRequestReadyForReview'
  await client.graphql(
    `mutation ($id: ID!) { ${name}(input: {pullRequestId: $id}) { pullRequest { isDraft } } }`,
    { id },
  )
}

async function check({ client, owner, repo }: StepTarget, step: Step<'check'>): Promise<StepOutcome> {
  await client.rest.checks.create({
    owner,
    repo,
    name: UPDATE_CHECK,
    head_sha: step.head,
    external_id: step.externalId,
    status: 'completed',
    conclusion: step.conclusion,
    output: { title: step.title, summary: step.summary },
  })
  return DONE
}

async function close(target: StepTarget, step: Step<'close'>): Promise<StepOutcome> {
  const { client, owner, repo } = target
  await comment(target, step.number, step.comment)
  await client.rest.pulls.update({ owner, repo, pull_number: step.number, state: 'closed' })
  return DONE
}

async function merge(target: StepTarget, { number, head }: Step<'merge'>): Promise<StepOutcome> {
  const { client, owner, repo, mergeMethod } = target
  try {
    await client.rest.pulls.merge({
      owner,
      repo,
      pull_number: number,
      sha: head,
      merge_method: mergeMethod,
    })
    return DONE
  } catch (error) {
    // "409: Head branch was modified"; 405: not mergeable, and GitHub says why
    const status = statusOf(error)
    if (status === 409) return MOVED
    if (status !== 405) throw error
    return { outcome: 'refused', message: `#${number} was not merged: ${messageOf(error)}` }
  }
}

async function comment(
  { client, owner, repo, self }: StepTarget,
  number: number,
  { marker, text }: OwnComment,
): Promise<void> {
  const body = `${marker}\n${text}`
  await upsertComment(client, { owner, repo, number }, { marker, body, author: self, create: true })
}

/** What the token may not do, or GitHub's rules forbid, is said; all else is for who can try again. */
function refusalOf(error: unknown, what: string): StepOutcome {
  const isRuled = statusOf(error) === 422 || statusOf(error) === 410
  if (!isRuled && !isRefused(error) && statusOf(error) !== undefined) throw error
  if (statusOf(error) === undefined && !isGraphqlError(error)) throw error
  return { outcome: 'refused', message: `${what}: ${messageOf(error)}` }
}

function isGraphqlError(error: unknown): boolean {
  return error instanceof Error && error.name === 'GraphqlResponseError'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
