import type { ObservationRequest, UpdateHost } from '../keep-updates.ts'
import { DASHBOARD_MARKER } from '../updates/dashboard.ts'
import { BRANCH_PREFIX, idOfBranch } from '../updates/identity.ts'
import { readMarker, readTrailers } from '../updates/marker.ts'
import type {
  SeenBranch,
  SeenClosed,
  SeenDashboard,
  SeenFirst,
  SeenPull,
  SeenRepository,
  SeenUpdate,
} from '../updates/observation.ts'
import { ownerOf, type BranchCommit, type BranchComparison } from '../updates/ownership.ts'
import { latestRun } from './github-check.ts'
import { statusOf, type GitHubClient } from './github-client.ts'
import { takeStep, UPDATE_CHECK, writeDashboard, type StepTarget } from './github-update-steps.ts'

export interface UpdateHostOptions {
  client: GitHubClient
  owner: string
  repo: string
  /** login that our commits, pull requests and comments carry (`ownLogin`) */
  self: string
  /** the branch that updates go into; the default branch where it is not named */
  baseBranch?: string
  /** milliseconds since 1970 */
  now: () => number
}

type Pull = Awaited<ReturnType<GitHubClient['rest']['pulls']['list']>>['data'][number]

const HOUR_MS = 3600_000
/** "Up to 300 files", compare two commits. */
const COMPARED_FILES = 300

/** Updates on GitHub. What commits hold never changes and is asked for once; all else is asked for each time. */
export async function openUpdateHost(options: UpdateHostOptions): Promise<UpdateHost> {
  const { client, owner, repo, self } = options
  const { data: repository } = await client.rest.repos.get({ owner, repo })
  const target: StepTarget = {
    client,
    owner,
    repo,
    repositoryId: repository.node_id,
    self,
    base: options.baseBranch ?? repository.default_branch,
    mergeMethod:
      repository.allow_squash_merge === true
        ? 'squash'
        : repository.allow_merge_commit === false
          ? 'rebase'
          : 'merge',
  }
  const reader = new UpdateReader(target, options.now)
  return {
    look: async () => await reader.look(),
    observe: async (first, request) => await reader.observe(first, request),
    take: async step => await takeStep(target, step),
    writeDashboard: async step => await writeDashboard(target, step),
  }
}

class UpdateReader {
  readonly #target: StepTarget
  readonly #now: () => number
  readonly #comparisons = new Map<string, BranchComparison>()
  readonly #proposals = new Map<string, string | undefined>()

  constructor(target: StepTarget, now: () => number) {
    this.#target = target
    this.#now = now
  }

  async look(): Promise<SeenFirst> {
    const { client, owner, repo, base } = this.#target
    const { data } = await client.rest.git.getRef({ owner, repo, ref: `heads/${base}` })
    const branches = await this.#branches()
    const issue = await this.#dashboard()
    return { base: data.object.sha, branches, ...(issue === undefined ? {} : { dashboard: issue }) }
  }

  async observe(first: SeenFirst, request: ObservationRequest): Promise<SeenRepository> {
    const { base, branches, dashboard } = first
    const ids = new Set([...request.branches.keys(), ...branches.keys()])
    const updates = new Map<string, SeenUpdate>()
    for (const id of ids) {
      const branch = branches.get(id)
      const name = branch?.name ?? request.branches.get(id) ?? ''
      updates.set(id, await this.#update(id, name, branch, first, request))
    }
    return {
      base,
      updates,
      lastHour: await this.#lastHour(),
      ...(dashboard === undefined ? {} : { dashboard }),
    }
  }

  async #branches(): Promise<Map<string, { name: string; head: string }>> {
    const { client, owner, repo } = this.#target
    // in one answer: its description knows no pages
    const refs = await client.paginate(client.rest.git.listMatchingRefs, {
      owner,
      repo,
      ref: `heads/${BRANCH_PREFIX}`,
    })
    const found = new Map<string, { name: string; head: string }>()
    for (const { ref, object } of refs) {
      const name = ref.replace(/^refs\/heads\//, '')
      const id = idOfBranch(name)
      if (id !== undefined && !found.has(id)) found.set(id, { name, head: object.sha })
    }
    return found
  }

  async #update(
    id: string,
    name: string,
    branch: { name: string; head: string } | undefined,
    first: SeenFirst,
    request: ObservationRequest,
  ): Promise<SeenUpdate> {
    const { client, owner, repo, self } = this.#target
    const pulls = await client.paginate(client.rest.pulls.list, {
      owner,
      repo,
      head: `${owner}:${name}`,
      state: 'all',
      sort: 'created',
      direction: 'desc',
      per_page: 100,
    })
    // `head` is a filter that GitHub leaves out where it cannot read it
    const own = pulls.filter(({ head }) => head.ref === name && head.label.startsWith(`${owner}:`))
    const allOpen = own.filter(({ state }) => state === 'open')
    // somebody may take the branch into another one, too
    const open = allOpen.find(({ base }) => base.ref === this.#target.base) ?? allOpen[0]
    const closed: SeenClosed[] = []
    for (const pull of own)
      if (pull.state === 'closed' && pull.user?.login === self) closed.push(await this.#closed(pull, closed))
    const seenBranch = branch === undefined ? undefined : await this.#branch(id, branch, first, request)
    return {
      id,
      closed,
      ...(seenBranch === undefined ? {} : { branch: seenBranch }),
      ...(open === undefined ? {} : { pull: await this.#open(open) }),
    }
  }

  async #branch(
    id: string,
    { name, head }: { name: string; head: string },
    { base }: SeenFirst,
    { expected }: ObservationRequest,
  ): Promise<SeenBranch> {
    const comparison = await this.#comparison(base, head)
    if (comparison === undefined) return { name, head, owned: false }
    const owner = ownerOf(comparison, this.#target.self, id, proposal => expected(id, proposal))
    return { name, head, ...owner }
  }

  /** @returns undefined where the two have no history in common, or one of them is gone */
  async #comparison(base: string, head: string): Promise<BranchComparison | undefined> {
    const key = `${base}...${head}`
    const known = this.#comparisons.get(key)
    if (known !== undefined) return known
    const { client, owner, repo } = this.#target
    try {
      const { data } = await client.rest.repos.compareCommitsWithBasehead({ owner, repo, basehead: key })
      const files = data.files ?? []
      const found: BranchComparison = {
        head,
        mergeBase: commitOf(data.merge_base_commit),
        commits: data.commits.map(commitOf),
        files: files.map(({ filename, sha }) => ({ path: filename, blob: sha ?? '' })),
        complete: data.commits.length === data.total_commits && files.length < COMPARED_FILES,
      }
      this.#comparisons.set(key, found)
      return found
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw error
    }
  }

  async #open(pull: Pull): Promise<SeenPull> {
    const { client, owner, repo, self, base } = this.#target
    const { data } = await client.rest.pulls.get({ owner, repo, pull_number: pull.number })
    const ours = data.user.login === self && data.base.ref === base
    const check = ours
      ? await latestRun(
          client,
          { owner, repo },
          { name: UPDATE_CHECK, headSha: data.head.sha },
          self.replace(/\[bot\]$/, ''),
        )
      : undefined
    return {
      number: data.number,
      ours,
      title: data.title,
      body: data.body ?? '',
      labels: data.labels.map(({ name }) => name),
      draft: data.draft === true,
      head: data.head.sha,
      mergeable: data.mergeable ?? undefined,
      mergeState: data.mergeable_state,
      ...(check === undefined
        ? {}
        : {
            check: {
              externalId: check.external_id ?? '',
              conclusion: check.conclusion ?? '',
              title: check.output.title ?? '',
            },
          }),
    }
  }

  /** @param newer those that were closed later: what their heads proposed matters for the newest alone */
  async #closed(pull: Pull, newer: readonly SeenClosed[]): Promise<SeenClosed> {
    const { number, merged_at, head } = pull
    const body = pull.body ?? ''
    const isPlain = merged_at !== null || newer.length > 0 || readMarker(body)?.head === head.sha
    const headProposal = isPlain ? undefined : await this.#proposalOf(head.sha)
    return {
      number,
      merged: merged_at !== null,
      body,
      head: head.sha,
      ...(headProposal === undefined ? {} : { headProposal }),
    }
  }

  async #proposalOf(sha: string): Promise<string | undefined> {
    if (!this.#proposals.has(sha)) {
      const { client, owner, repo, self } = this.#target
      const { data } = await client.rest.repos.getCommit({ owner, repo, ref: sha })
      const { author, verified, message } = commitOf(data)
      const proposal = author === self && verified ? readTrailers(message)?.proposal : undefined
      this.#proposals.set(sha, proposal)
    }
    return this.#proposals.get(sha)
  }

  async #lastHour(): Promise<number> {
    const { client, owner, repo, self } = this.#target
    const since = this.#now() - HOUR_MS
    const { data } = await client.rest.pulls.list({
      owner,
      repo,
      state: 'all',
      sort: 'created',
      direction: 'desc',
      per_page: 100,
    })
    return data.filter(
      ({ user, head, created_at }) =>
        user?.login === self && idOfBranch(head.ref) !== undefined && Date.parse(created_at) > since,
    ).length
  }

  async #dashboard(): Promise<SeenDashboard | undefined> {
    const { client, owner, repo, self } = this.#target
    const issues = await client.paginate(client.rest.issues.listForRepo, {
      owner,
      repo,
      creator: self,
      state: 'all',
      sort: 'created',
      direction: 'asc',
      per_page: 100,
    })
    const ours = issues.filter(
      ({ body, user, pull_request }) =>
        user?.login === self && pull_request === undefined && body?.startsWith(DASHBOARD_MARKER) === true,
    )
    const [first, ...others] = ours
    if (first === undefined) return undefined
    return {
      number: first.number,
      body: first.body ?? '',
      open: first.state === 'open',
      duplicates: others.filter(({ state }) => state === 'open').map(({ number }) => number),
    }
  }
}

function commitOf(commit: {
  sha: string
  parents: { sha: string }[]
  author: unknown
  committer: unknown
  commit: { message: string; verification?: { verified: boolean } }
}): BranchCommit {
  const author = loginOf(commit.author)
  const committer = loginOf(commit.committer)
  return {
    sha: commit.sha,
    parents: commit.parents.map(({ sha }) => sha),
    verified: commit.commit.verification?.verified === true,
    message: commit.commit.message,
    ...(author === undefined ? {} : { author }),
    ...(committer === undefined ? {} : { committer }),
  }
}

/** GitHub gives an account, an empty object or null. */
function loginOf(account: unknown): string | undefined {
  return account !== null &&
    typeof account === 'object' &&
    'login' in account &&
    typeof account.login === 'string'
    ? account.login
    : undefined
}
