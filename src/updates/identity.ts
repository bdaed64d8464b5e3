import { createHash } from 'node:crypto'
import { canonicalJson } from '../manifest/json.ts'

/** One value that an update changes, as the proposal names it: what stands there, and what shall. */
export interface ProposedEdit {
  path: string
  /** index of the document in its file */
  document: number
  pointer: readonly (string | number)[]
  from: string
  to: string
}

/** Branches of updates; everything below it is looked at. */
export const BRANCH_PREFIX = 'bump/'

const ID_LENGTH = 10

/**
 * Which update it is, whatever version it leads to: one branch and at most one open pull request each.
 * @param key 'v1|image|ghcr.io/cloudnative-pg/postgresql|17/standard/trixie'
 * @returns ten characters
 */
export function updateId(key: string): string {
  return sha256(key).slice(0, ID_LENGTH)
}

/** What exactly is proposed; the commit that it was made on is no part of it. */
export function proposalId(edits: readonly ProposedEdit[]): string {
  const sorted = edits
    .map(({ path, document, pointer, from, to }) =>
      canonicalJson({ path, document, pointer: [...pointer], from, to }),
    )
    .toSorted()
  return sha256(`[${sorted.join()}]`)
}

/** The branch of an update. @param slug for people; the id at its end is what counts */
export function branchOf(slug: string, id: string): string {
  const readable = slug
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replaceAll(/^-+|-+$/g, '')
  return `${BRANCH_PREFIX}${readable === '' ? 'update' : readable}-${id}`
}

/** The update that a branch is for; undefined for any other branch. */
export function idOfBranch(branch: string): string | undefined {
  return /^bump\/.*-([0-9a-f]{10})$/.exec(branch)?.[1]
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
