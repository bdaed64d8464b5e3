// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { textAt, type Json, type JsonObject } from '../../../src/manifest/json.ts'
import { notFound, objectAt, ok, type Call, type Reply } from './call.ts'
import { DIRECTORY, entriesOf, layOver } from './git-trees.ts'
import * as payload from './payloads.ts'
import type { FakeRepository } from './repository.ts'

const HTML = 'https://github.example'

/** All refs that begin with what was asked for, in the order of their names. */
export function listMatchingRefs({ git }: FakeRepository, call: Call): Reply {
  const wanted = `refs/${call.parameters.ref}`
  const found = [...git.refs('refs/heads'), ...git.refs('refs/tags')].filter(ref => ref.startsWith(wanted))
  return ok(found.map((ref): Json => ({ ref, object: { type: 'commit', sha: git.resolve(ref) ?? '' } })))
}

export function getTree({ git }: FakeRepository, call: Call): Reply {
  const given = call.parameters.tree_sha ?? ''
  const commit = git.resolve(given)
  if (commit === undefined) return notFound
  const { tree } = git.commitOf(commit)
  const found: Json[] = []
  const walk = (sha: string, prefix: string): void => {
    for (const { mode, name, sha: id } of entriesOf(git, sha)) {
      const path = `${prefix}${name}`
      const isTree = mode === DIRECTORY
      found.push({ path, mode: mode.padStart(6, '0'), type: isTree ? 'tree' : 'blob', sha: id })
      if (isTree && call.query.has('recursive')) walk(id, `${path}/`)
    }
  }
  walk(tree, '')
  return ok({ sha: tree, url: HTML, truncated: false, tree: found })
}

/** Files laid over a tree. */
export function createTree({ git }: FakeRepository, call: Call): Reply {
  const files = (call.body.tree as JsonObject[]).map(entry => ({
    path: textAt(entry, 'path') ?? '',
    mode: textAt(entry, 'mode') ?? '',
    sha: textAt(entry, 'sha') ?? git.write('blob', Buffer.from(textAt(entry, 'content') ?? '', 'utf8')),
  }))
  const sha = layOver(git, textAt(call.body, 'base_tree'), files) ?? ''
  return { status: 201, body: { sha, url: HTML, truncated: false, tree: [] } }
}

/** "If you don't include committer and author information, GitHub verifies the signature": those of apps are signed. */
export function createCommit(repository: FakeRepository, call: Call): Reply {
  const { git } = repository
  const { account, app } = call.credential ?? {}
  const parents = (call.body.parents ?? []) as string[]
  if (parents.some(parent => git.resolve(parent) === undefined))
    return { status: 422, body: { message: 'Parent SHA does not exist or is not a commit object' } }
  const seconds = Math.floor(Date.parse(call.fake.now()) / 1000)
  const { id = 0, login = 'ghost' } = account ?? {}
  const isSigned = objectAt(call.body, 'author') === undefined && app !== undefined
  const person = `${login} <${id}+${login}@users.noreply.github.com> ${seconds} +0000`
  const content = [
    `tree ${textAt(call.body, 'tree') ?? ''}`,
    ...parents.map(parent => `parent ${parent}`),
    `author ${person}`,
    `committer ${isSigned ? `GitHub <noreply@github.com> ${seconds} +0000` : person}`,
    '',
    textAt(call.body, 'message') ?? '',
  ].join('\n')
  const sha = git.write('commit', Buffer.from(content, 'utf8'))
  if (isSigned) repository.signed.add(sha)
  const { commit } = payload.commit(repository, sha) as { commit: JsonObject }
  return { status: 201, body: { sha, message: commit.message ?? '', tree: commit.tree ?? null } }
}

/** GitHub's `updateRefs`: all or nothing, each ref only from where it was said to stand. */
export function updateRefs(
  repository: FakeRepository,
  updates: readonly { name: string; beforeOid?: string | null; afterOid: string }[],
): void {
  const none = /^0{40}$/
  for (const { name, beforeOid, afterOid } of updates) {
    const now = repository.git.resolve(name)
    if (typeof beforeOid === 'string' && (none.test(beforeOid) ? now !== undefined : now !== beforeOid))
      throw new Error(`Reference update failed: ${name} is at ${now ?? 'nothing'}, not ${beforeOid}`)
    if (!none.test(afterOid) && repository.git.resolve(afterOid) === undefined)
      throw new Error(`Reference update failed: no commit ${afterOid}`)
  }
  for (const { name, afterOid } of updates)
    repository.moveBranch(name.replace(/^refs\/heads\//, ''), none.test(afterOid) ? undefined : afterOid)
}
