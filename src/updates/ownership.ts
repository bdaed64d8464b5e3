import { readTrailers } from './marker.ts'

/** A commit as GitHub tells of it. */
export interface BranchCommit {
  sha: string
  parents: readonly string[]
  /** login of the account that GitHub attributes it to */
  author?: string
  committer?: string
  /** GitHub has verified its signature */
  verified: boolean
  message: string
}

/** What a branch has that the base has not. */
export interface BranchComparison {
  head: string
  /** the commit that both have */
  mergeBase: BranchCommit
  /** oldest first */
  commits: readonly BranchCommit[]
  /** files that differ from the merge base, with git's id of their content */
  files: readonly { path: string; blob: string }[]
  /** whether all commits and files are listed */
  complete: boolean
}

export interface BranchOwner {
  owned: boolean
  /** of our newest commit */
  proposal?: string
  base?: string
}

/** Who signs what is made over GitHub's API. */
const SIGNER = 'web-flow'

/**
 * Whether a branch holds nothing but what we made: commits that GitHub signed for our account and that name the update; and
 * merges of the base that left exactly the proposal. Whatever a person adds, amends or resolves by hand makes it theirs.
 * @param self login that our commits carry
 * @param expected path → git's id of the content that the proposal gives it, where the proposal of the branch is the one wanted
 */
export function ownerOf(
  comparison: BranchComparison,
  self: string,
  id: string,
  expected: (proposal: string) => ReadonlyMap<string, string> | undefined,
): BranchOwner {
  if (!comparison.complete) return { owned: false }
  // merged already: the head itself says whose it is
  const commits = comparison.commits.length === 0 ? [comparison.mergeBase] : comparison.commits
  const merges = commits.filter(({ parents }) => parents.length > 1)
  const own = commits.filter(({ parents }) => parents.length < 2)
  const newest = readTrailers(own.at(-1)?.message ?? '')
  const isOurs = (commit: BranchCommit) =>
    commit.verified &&
    commit.author === self &&
    commit.committer === SIGNER &&
    readTrailers(commit.message)?.key === id
  if (newest === undefined || !own.every(isOurs)) return { owned: false }
  const { proposal, base } = newest
  const owned = { owned: true, proposal, base }
  if (merges.length === 0) return owned
  const wanted = expected(proposal)
  const isPlain =
    wanted !== undefined &&
    wanted.size === comparison.files.length &&
    comparison.files.every(({ path, blob }) => wanted.get(path) === blob) &&
    merges.every(({ verified, committer }) => verified && committer === SIGNER)
  return isPlain ? owned : { owned: false }
}
