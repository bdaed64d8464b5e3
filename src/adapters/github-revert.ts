import type { GitHubClient } from './github-client.ts'
import { branchHead, moveBranch, NO_COMMIT, openPull } from './github-update-steps.ts'

export type RevertOutcome = { outcome: 'open'; number: number } | { outcome: 'refused'; message: string }

export interface RevertTarget {
  client: GitHubClient
  owner: string
  repo: string
  /** login that our pull requests carry */
  self: string
}

/**
 * Opens a pull request that gives the files of a merged one back what they held before, where they still hold what it brought: nothing of
 * anybody else is taken back along. Done twice, or cut short anywhere, there is one.
 */
export async function openRevert(at: RevertTarget, number: number): Promise<RevertOutcome> {
  const { client, owner, repo } = at
  const { data: pull } = await client.rest.pulls.get({ owner, repo, pull_number: number })
  const commit = pull.merge_commit_sha
  if (!pull.merged || commit === null) return refused('It was not merged: there is nothing to take back.')
  const base = pull.base.ref
  // GitHub's own name for it
  const branch = `revert-${number}-${pull.head.ref}`
  const known = await pullsOf(at, branch)
  const there = known.find(({ state }) => state === 'open') ?? known[0]
  if (there?.state === 'open') return { outcome: 'open', number: there.number }
  if (there !== undefined)
    return refused(
      there.merged_at === null
        ? `#${there.number} takes it back and was closed: open that again.`
        : `It was taken back in #${there.number}.`,
    )
  const target = { ...at, base, repositoryId: pull.base.repo.node_id }
  if ((await branchHead(client, owner, repo, branch)) === NO_COMMIT) {
    const made = await commitRevert(at, { number, commit, base, title: pull.title })
    if ('message' in made) return refused(made.message)
    const moved = await moveBranch(target, branch, NO_COMMIT, made.commit)
    if (moved.outcome === 'refused') return refused(moved.message)
  }
  const title = `revert: ${pull.title}`
  const body = `Takes back #${number} (${commit}), as asked there. It is not proposed again unless somebody asks for it.`
  const opened = await openPull(target, { step: 'open', branch, title, body, draft: false })
  const made = (await pullsOf(at, branch)).find(({ state }) => state === 'open')
  if (opened.outcome === 'refused') return refused(opened.message)
  return made === undefined
    ? refused('The pull request is not to be seen yet: ask again.')
    : { outcome: 'open', number: made.number }
}

/** A commit on the base as it stands, signed by GitHub because it names no author. */
async function commitRevert(
  { client, owner, repo }: RevertTarget,
  of: { number: number; commit: string; base: string; title: string },
): Promise<{ commit: string } | { message: string }> {
  const { git, repos, pulls } = client.rest
  const { data: merge } = await repos.getCommit({ owner, repo, ref: of.commit })
  const parent = merge.parents[0]?.sha
  const tip = await branchHead(client, owner, repo, of.base)
  if (parent === undefined || tip === NO_COMMIT)
    return { message: `There is no ${of.base} to take it back on.` }
  const [before, after, now] = [await blobs(parent), await blobs(of.commit), await blobs(tip)]
  const files = await client.paginate(pulls.listFiles, { owner, repo, pull_number: of.number, per_page: 100 })
  const paths = files.map(({ filename }) => filename)
  const changed = [...after.blobs.keys()].filter(
    path => after.blobs.get(path)?.sha !== before.blobs.get(path)?.sha,
  )
  // merged as several commits, or with files made or removed
  const isWhole =
    changed.length === paths.length && paths.every(path => changed.includes(path) && before.blobs.has(path))
  if (!isWhole || after.blobs.size !== before.blobs.size)
    return { message: "It did more than change files in one commit: use GitHub's *Revert*." }
  const other = paths.find(path => now.blobs.get(path)?.sha !== after.blobs.get(path)?.sha)
  if (other !== undefined)
    return { message: `${other} has changed since: take back by hand what is still to be taken back.` }
  const made = await git.createTree({
    owner,
    repo,
    base_tree: now.sha,
    tree: paths.map(path => ({
      path,
      type: 'blob',
      mode: modeOf(before.blobs.get(path)),
      sha: before.blobs.get(path)?.sha ?? null,
    })),
  })
  const { data } = await git.createCommit({
    owner,
    repo,
    message: `revert: ${of.title}\n\nThis takes back ${of.commit} (#${of.number}).\n`,
    tree: made.data.sha,
    parents: [tip],
  })
  return { commit: data.sha }

  async function blobs(commit: string) {
    const { data: tree } = await git.getTree({ owner, repo, tree_sha: commit, recursive: '1' })
    // a list that GitHub has cut says nothing about what is not on it
    const entries = tree.truncated ? [] : tree.tree.filter(({ type }) => type === 'blob')
    return { sha: tree.sha, blobs: new Map(entries.map(entry => [entry.path, entry])) }
  }
}

function modeOf(entry: { mode?: string } | undefined): '100755' | '100644' {
  return entry?.mode === '100755' ? '100755' : '100644'
}

/** Newest first. */
async function pullsOf({ client, owner, repo }: RevertTarget, branch: string) {
  const { data } = await client.rest.pulls.list({ owner, repo, head: `${owner}:${branch}`, state: 'all' })
  return data.filter(({ head }) => head.ref === branch)
}

function refused(message: string): RevertOutcome {
  return { outcome: 'refused', message }
}
