import type { Unjudged } from '../manifest/finding.ts'
import type { Revision } from '../report/review.ts'
import type { Checkout } from './checkout.ts'
import type { ActionEvent } from './event.ts'

/** What is compared; or why it cannot be. */
export type Revisions =
  | { ok: true; base: Required<Revision>; head: Required<Revision> }
  | { ok: false; head: Revision; unjudged: Unjudged }

/** Events that come with something to compare. */
export type ReviewableEvent = Exclude<ActionEvent, { kind: 'workflow-run' | 'refused' }>

/**
 * Finds base and head: what merging changes. For a pull request actions/checkout gives the merge commit that GitHub made;
 * its first parent is the base that it was made with, which is newer than the payload's base where the branch moved.
 */
export async function findRevisions(event: ReviewableEvent, checkout: Checkout): Promise<Revisions> {
  const commit = await checkout.head()
  const parents = await checkout.parents(commit)
  switch (event.kind) {
    case 'pull-request': {
      const head = { ref: `refs/pull/${event.number}/merge`, commit }
      const [first, second] = parents
      if (first !== undefined && second === event.headSha)
        return { ok: true, base: { ref: event.baseRef, commit: first }, head }
      return await since(checkout, { ref: event.baseRef, commit: event.baseSha }, head)
    }
    case 'merge-group':
      return await since(
        checkout,
        { ref: event.baseRef.replace('refs/heads/', ''), commit: event.baseSha },
        { ref: 'merge group', commit },
      )
    case 'push': {
      const head = { ref: event.ref.replace(/^refs\/(heads|tags)\//, ''), commit }
      if (event.before === undefined) return await sinceDefault(checkout, event.defaultBranch, head, parents)
      // before and after as they are: a forced push has no part of before in its history
      return (await checkout.commit(event.before)) === undefined
        ? missing(head, event.before)
        : { ok: true, base: { ref: event.before.slice(0, 7), commit: event.before }, head }
    }
    case 'other':
    default: {
      const head = { ref: event.ref.replace(/^refs\/(heads|tags)\//, ''), commit }
      return await sinceDefault(checkout, event.defaultBranch, head, parents)
    }
  }
}

async function since(
  checkout: Checkout,
  base: Required<Revision>,
  head: Required<Revision>,
): Promise<Revisions> {
  const commit = await checkout.mergeBase(base.commit, head.commit)
  return commit === undefined
    ? missing(head, base.commit)
    : { ok: true, base: { ref: base.ref, commit }, head }
}

/** On the default branch itself: what its last commit brought. */
async function sinceDefault(
  checkout: Checkout,
  branch: string,
  head: Required<Revision>,
  parents: readonly string[],
): Promise<Revisions> {
  const tip = await checkout.commit(`refs/remotes/origin/${branch}`)
  const base = tip === undefined ? undefined : await checkout.mergeBase(tip, head.commit)
  if (base !== undefined && base !== head.commit)
    return { ok: true, base: { ref: branch, commit: base }, head }
  const [first] = parents
  if (head.ref === branch && first !== undefined)
    return { ok: true, base: { ref: `${branch}~1`, commit: first }, head }
  return missing(head, `origin/${branch}`)
}

function missing(head: Revision, base: string): Revisions {
  const name = /^[0-9a-f]{40}$/.test(base) ? base.slice(0, 7) : base
  const commit = head.commit?.slice(0, 7) ?? 'head'
  return {
    ok: false,
    head,
    unjudged: {
      reason: 'merge-base-missing',
      message: `The checkout has no common history of ${commit} and ${name}, so nothing can be compared.`,
      repair: 'Add "fetch-depth: 0" below "with:" of the step "uses: actions/checkout".',
      affected: ['the whole tree'],
    },
  }
}
