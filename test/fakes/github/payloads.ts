// oxlint-disable typescript/no-unsafe-type-assertion, unicorn/consistent-function-scoping -- JSON that GitHub's own description has been checked against
import { textAt, type Json, type JsonObject } from '../../../src/manifest/json.ts'
import type {
  Account,
  App,
  CheckRun,
  Comment,
  FakeIssue,
  FakePullRequest,
  FakeRepository,
} from './repository.ts'
import { notFound, ok, type Call, type Reply } from './call.ts'

// What the fake knows of each of GitHub's objects. Fields that GitHub requires beyond it are filled in by the contract.

const HTML = 'https://github.example'

export function user(account: Account | undefined): JsonObject {
  const { id = 0, login = 'ghost', type = 'User' } = account ?? {}
  const address = encodeURIComponent(login)
  return { id, login, type, html_url: `${HTML}/${address}`, url: `${HTML}/users/${address}` }
}

function app(made: App): JsonObject {
  return { id: made.id, slug: made.slug, name: made.name }
}

export function repository(made: FakeRepository): JsonObject {
  return {
    id: made.id,
    name: made.name,
    full_name: made.fullName,
    private: made.private,
    fork: made.parent !== undefined,
    owner: user(made.owner),
    default_branch: 'main',
    node_id: `R_${made.id}`,
    allow_squash_merge: true,
    html_url: `${HTML}/${made.fullName}`,
  }
}

export function pullRequest(pull: FakePullRequest): JsonObject {
  const side = (of: FakeRepository, ref: string, sha: string): JsonObject => ({
    label: `${of.owner.login}:${ref}`,
    ref,
    sha,
    repo: repository(of),
    user: user(of.owner),
  })
  return {
    number: pull.number,
    node_id: `PR_${pull.repository.id}_${pull.number}`,
    state: pull.state,
    title: pull.title,
    body: pull.body,
    draft: pull.draft,
    labels: labels(pull.labels),
    created_at: pull.created,
    merged_at: pull.merged ?? null,
    user: user(pull.author),
    head: side(pull.headRepository, pull.head, pull.headSha),
    base: side(pull.repository, pull.base, pull.baseSha),
    merge_commit_sha: pull.mergeCommit ?? pull.mergeSha ?? null,
    html_url: `${HTML}/${pull.repository.fullName}/pull/${pull.number}`,
    author_association: pull.isFork ? 'CONTRIBUTOR' : 'MEMBER',
  }
}

/** What only the answer about one pull request has. */
export function wholePullRequest(pull: FakePullRequest): JsonObject {
  const isOpen = pull.state === 'open'
  const { mergeable } = pull
  const state = pull.draft
    ? 'draft'
    : !mergeable
      ? 'dirty'
      : pull.repository.strict && pull.behind
        ? 'behind'
        : 'clean'
  return {
    ...pullRequest(pull),
    merged: pull.merged !== undefined,
    mergeable: isOpen ? mergeable : null,
    mergeable_state: isOpen ? state : 'unknown',
  }
}

export function labels(names: Iterable<string>): Json[] {
  return [...names].map(name => ({ id: 1, name, color: 'ededed', default: false, description: '' }))
}

export function issue(made: FakeIssue): JsonObject {
  return {
    number: made.number,
    title: made.title,
    body: made.body,
    state: made.state,
    user: user(made.user),
    labels: labels(made.labels),
    created_at: made.created,
    author_association: 'NONE',
  }
}

export function comment(made: Comment): JsonObject {
  return {
    id: made.id,
    body: made.body,
    user: user(made.user),
    created_at: made.created,
    updated_at: made.updated,
    author_association: 'NONE',
    html_url: `${HTML}/comments/${made.id}`,
    performed_via_github_app: null,
  }
}

export function checkRun(run: CheckRun): JsonObject {
  const { output, ...sent } = run.sent
  const words = (output ?? {}) as JsonObject
  return {
    details_url: null,
    external_id: null,
    conclusion: null,
    completed_at: null,
    html_url: `${HTML}/runs/${run.id}`,
    pull_requests: [],
    ...sent,
    id: run.id,
    app: app(run.app),
    check_suite: { id: run.app.id },
    output: {
      title: words.title ?? null,
      summary: words.summary ?? null,
      text: words.text ?? null,
      annotations_count: run.annotations.length,
      annotations_url: `${HTML}/runs/${run.id}/annotations`,
    },
  }
}

const STATUS: Record<string, string> = { A: 'added', D: 'removed', M: 'modified', R: 'renamed', T: 'changed' }

/** Changed files between two commits, with the patch as the API gives it (hunks only). */
export function files(made: FakeRepository, base: string, head: string): Json[] {
  const lines = made.git.git('diff', '--name-status', '-M', '-z', base, head).split('\0')
  const found: Json[] = []
  while (lines.length > 1) {
    const letter = lines.shift()?.[0] ?? ''
    const previous = letter === 'R' ? lines.shift() : undefined
    const filename = lines.shift() ?? ''
    const patch = made.git.git('diff', '-M', base, head, '--', filename)
    const hunks = patch.indexOf('\n@@')
    const shown = hunks === -1 ? '' : patch.slice(hunks + 1)
    const additions = shown.split('\n').filter(line => line.startsWith('+')).length
    const deletions = shown.split('\n').filter(line => line.startsWith('-')).length
    const changes = additions + deletions
    found.push({
      sha: made.git.git('rev-parse', `${letter === 'D' ? base : head}:${filename}`),
      filename,
      status: STATUS[letter] ?? 'modified',
      additions,
      deletions,
      changes,
      ...(previous === undefined ? {} : { previous_filename: previous }),
      ...(shown === '' ? {} : { patch: shown }),
    })
  }
  return found
}

export function commit(made: FakeRepository, sha: string): JsonObject {
  const text = made.git.read(sha).content.toString('utf8')
  const end = text.indexOf('\n\n')
  const header = text.slice(0, end).split('\n')
  const at = (name: string): string[] =>
    header.flatMap(line => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []))
  const [author, committer] = ['author', 'committer'].map(name => accountOf(at(name)[0] ?? ''))
  const verified = made.signed.has(sha)
  return {
    sha,
    commit: {
      message: text.slice(end + 2).replace(/\n$/, ''),
      tree: { sha: at('tree')[0] ?? '', url: HTML },
      verification: {
        verified,
        reason: verified ? 'valid' : 'unsigned',
        payload: null,
        signature: null,
        verified_at: null,
      },
    },
    parents: at('parent').map(parent => ({ sha: parent, url: HTML })),
    author: author ?? null,
    committer: committer ?? null,
  }
}

/** The account that GitHub attributes an address to. */
function accountOf(line: string): JsonObject | undefined {
  const address = /<([^>]*)>/.exec(line)?.[1] ?? ''
  if (address === 'noreply@github.com') return user({ id: 19_864_447, login: 'web-flow', type: 'User' })
  const [, id, login] = /^(\d+)\+(.+)@users\.noreply\.github\.com$/.exec(address) ?? []
  if (id === undefined || login === undefined) return undefined
  return user({ id: Number(id), login, type: login.endsWith('[bot]') ? 'Bot' : 'User' })
}

const compared = new WeakMap<FakeRepository, Map<string, JsonObject>>()

export function comparison(made: FakeRepository, call: Call): Reply {
  const [base = '', head = ''] = (call.parameters.basehead ?? '').split('...')
  const [from, to] = [made.git.resolve(base), made.git.resolve(head)]
  if (from === undefined || to === undefined) return notFound
  const known = compared.get(made) ?? new Map<string, JsonObject>()
  compared.set(made, known)
  const kept = known.get(`${from}...${to}`)
  if (kept !== undefined) return ok(kept)
  const merge = made.git.mergeBase(from, to)
  if (merge === undefined) return notFound
  const [before, after] = [made.git.history(from), made.git.history(to)]
  const commits = after.filter(sha => !before.includes(sha)).toReversed()
  const [ahead, behind] = [commits.length, before.filter(sha => !after.includes(sha)).length]
  const status = ahead === 0 ? (behind === 0 ? 'identical' : 'behind') : behind === 0 ? 'ahead' : 'diverged'
  const found: JsonObject = {
    status,
    ahead_by: ahead,
    behind_by: behind,
    total_commits: ahead,
    base_commit: commit(made, from),
    merge_base_commit: commit(made, merge),
    commits: commits.map(sha => commit(made, sha)),
    files: files(made, merge, to),
  }
  known.set(`${from}...${to}`, found)
  return ok(found)
}

/** A file or the list of a directory. */
export function content(made: FakeRepository, call: Call): Reply {
  const sha = made.git.resolve(call.query.get('ref') ?? 'main')
  const path = (call.parameters.path ?? '').replace(/\/$/, '')
  if (sha === undefined) return notFound
  const listed = made.git.git('ls-tree', '-z', '--long', sha, '--', path).split('\0').filter(Boolean)
  const [entry] = listed
  if (entry === undefined) return notFound
  const describe = (line: string): JsonObject => {
    const [words = '', name = ''] = line.split('\t')
    const [, type, id = '', size] = words.split(/\s+/)
    const links = { git: HTML, html: HTML, self: HTML }
    const common = { name: name.split('/').at(-1) ?? '', path: name, sha: id, url: HTML, _links: links }
    const addresses = { git_url: HTML, html_url: HTML, download_url: HTML }
    return { ...common, ...addresses, type: type === 'tree' ? 'dir' : 'file', size: Number(size) || 0 }
  }
  const found = describe(entry)
  if (found.type === 'dir') {
    const inside = made.git.git('ls-tree', '-z', '--long', sha, '--', `${path}/`).split('\0').filter(Boolean)
    return ok(inside.map(describe))
  }
  const encoded = made.git.bytes('cat-file', 'blob', textAt(found, 'sha') ?? '').toString('base64')
  return ok({ ...found, encoding: 'base64', content: encoded })
}
