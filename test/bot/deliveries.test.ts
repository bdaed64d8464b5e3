// oxlint-disable typescript/no-unsafe-type-assertion -- the examples are JSON of GitHub's own
import examples from '@octokit/webhooks-examples' with { type: 'json' }
import { describe, expect, it } from 'vitest'
import { jobsOf } from '../../bot/deliveries.ts'
import type { Json, JsonObject } from '../../src/manifest/json.ts'

const PUSH: JsonObject = { ref: 'refs/heads/main', after: 'a'.repeat(40) }
const common = { installation: { id: 7 }, repository: { full_name: 'acme/fleet' } }
const shared = { installation: 7, repository: 'acme/fleet', delivery: 'd' }

function jobs(name: string, payload: JsonObject) {
  return jobsOf('d', name, { ...common, ...payload })
}

function pull(action: string, more: JsonObject = {}): JsonObject {
  return { action, number: 3, pull_request: { head: { sha: 'abc' } }, ...more }
}

function comment(action: string, body: string, more: JsonObject = {}): JsonObject {
  return {
    action,
    issue: { number: 3, pull_request: {} },
    comment: { id: 9, body, user: { type: 'User' } },
    ...more,
  }
}

const [BEFORE, AFTER] = ['a', 'b'].map(digit => digit.repeat(40)) as [string, string]

describe('an event', () => {
  const review = [{ ...shared, kind: 'review', number: 3, head: 'abc' }]
  const command = [{ ...shared, kind: 'command', number: 3, comment: 9 }]
  it.each<[string, string, JsonObject, Json]>([
    ['opened', 'pull_request', pull('opened'), review],
    ['synchronize', 'pull_request', pull('synchronize'), review],
    ['reopened', 'pull_request', pull('reopened'), review],
    ['ready_for_review', 'pull_request', pull('ready_for_review'), review],
    [
      'edited, another base',
      'pull_request',
      pull('edited', { changes: { base: { ref: { from: 'x' } } } }),
      review,
    ],
    ['edited, another title', 'pull_request', pull('edited', { changes: { title: { from: 'x' } } }), []],
    ['labeled', 'pull_request', pull('labeled'), []],
    ['closed', 'pull_request', pull('closed'), []],
    ['a push to a branch', 'push', PUSH, [{ ...shared, kind: 'sweep', base: 'main' }]],
    [
      'a push to a branch with a slash',
      'push',
      { ...PUSH, ref: 'refs/heads/a/b' },
      [{ ...shared, kind: 'sweep', base: 'a/b' }],
    ],
    ['a deleted branch', 'push', { ...PUSH, after: '0'.repeat(40) }, []],
    ['a tag', 'push', { ...PUSH, ref: 'refs/tags/v1' }, []],
    ['a comment with a command', 'issue_comment', comment('created', 'hm\n/cnpg help'), command],
    ['a comment without', 'issue_comment', comment('created', 'see cnpg'), []],
    [
      'a command that was taken away',
      'issue_comment',
      comment('edited', 'no', { changes: { body: { from: '/cnpg help' } } }),
      command,
    ],
    [
      'an edit of other words',
      'issue_comment',
      comment('edited', 'no', { changes: { body: { from: 'yes' } } }),
      [],
    ],
    ['a command that was deleted', 'issue_comment', comment('deleted', '/cnpg help'), command],
    [
      'a comment of a bot',
      'issue_comment',
      comment('created', '/cnpg help', { comment: { id: 9, body: '/cnpg help', user: { type: 'Bot' } } }),
      [],
    ],
    [
      'a comment of an issue',
      'issue_comment',
      comment('created', '/cnpg help', { issue: { number: 3 } }),
      [],
    ],
    [
      'a check that is asked for again',
      'check_run',
      {
        action: 'rerequested',
        check_run: {
          head_sha: 'abc',
          started_at: '2026-01-01T00:00:00Z',
          completed_at: '2026-01-01T00:01:00Z',
          pull_requests: [{ number: 3 }, { number: 4 }],
        },
      },
      [3, 4].map(number => ({ ...shared, kind: 'review', number, again: '2026-01-01T00:01:00Z' })),
    ],
    [
      'a suite that is asked for again, of a fork',
      'check_suite',
      {
        action: 'rerequested',
        check_suite: { head_sha: 'abc', updated_at: '2026-01-01T00:01:00Z', pull_requests: [] },
      },
      [{ ...shared, kind: 'sweep', head: 'abc', again: '2026-01-01T00:01:00Z' }],
    ],
    [
      'a check that is complete',
      'check_run',
      { action: 'completed', check_run: { pull_requests: [{ number: 3 }] } },
      [],
    ],
    [
      'a merge group',
      'merge_group',
      {
        action: 'checks_requested',
        merge_group: { head_sha: 'h', base_sha: 'b', base_ref: 'refs/heads/main' },
      },
      [{ ...shared, kind: 'merge-group', base: { ref: 'main', sha: 'b' }, head: 'h' }],
    ],
    [
      'an installation',
      'installation',
      { action: 'created', repositories: [{ full_name: 'acme/a' }, { full_name: 'acme/b' }] },
      [
        { ...shared, repository: 'acme/a', kind: 'sweep' },
        { ...shared, repository: 'acme/b', kind: 'sweep' },
      ],
    ],
    [
      'a repository more',
      'installation_repositories',
      { action: 'added', repositories_added: [{ full_name: 'acme/a' }] },
      [{ ...shared, repository: 'acme/a', kind: 'sweep' }],
    ],
    ['an installation that ends', 'installation', { action: 'deleted', repositories: [] }, []],
    ['an event of tomorrow', 'pull_request_v2', pull('opened'), []],
  ])('%s', (_name, event, payload, expected) => {
    expect(jobs(event, payload)).toEqual(expected)
  })

  it.each([[null], [[]], [{}], [{ installation: { id: '7' }, repository: { full_name: 1 } }]])(
    'of the wrong shape asks for nothing: %j',
    payload => {
      for (const name of [
        'pull_request',
        'issue_comment',
        'push',
        'merge_group',
        'check_run',
        'installation',
      ])
        expect(jobsOf('d', name, payload)).toEqual([])
    },
  )

  it.each<[string, JsonObject, object[]]>([
    ['a push', {}, [{ kind: 'merge', branch: 'main', before: BEFORE, after: AFTER, isDefault: true }]],
    [
      'a push to another branch',
      { ref: 'refs/heads/release' },
      [{ kind: 'merge', branch: 'release', isDefault: false }],
    ],
    ['a new branch, of which nobody knows what it brings', { before: '0'.repeat(40) }, []],
    ['no commit', { after: 'x' }, []],
    ['a deleted branch', { after: '0'.repeat(40) }, []],
    ['another repository', { repository: { full_name: 'acme/other', default_branch: 'main' } }, []],
  ])('%s is followed where the bot may see clusters', (_name, more, expected) => {
    const payload: JsonObject = {
      ref: 'refs/heads/main',
      before: BEFORE,
      after: AFTER,
      installation: { id: 1 },
      repository: { full_name: 'acme/fleet', default_branch: 'main' },
      ...more,
    }
    const found = jobsOf('d', 'push', payload, repository => repository === 'acme/fleet')
    expect(found.filter(({ kind }) => kind === 'merge')).toMatchObject(expected)
    expect(jobsOf('d', 'push', payload).filter(({ kind }) => kind === 'merge')).toEqual([])
  })

  it("is read as GitHub's own examples have it, whichever", () => {
    const asked = new Set<string>()
    for (const { name, examples: payloads } of examples as unknown as {
      name: string
      examples: JsonObject[]
    }[])
      for (const payload of payloads)
        for (const job of jobsOf('d', name, { installation: { id: 1 }, ...payload })) asked.add(job.kind)
    expect([...asked].toSorted()).toEqual(['merge-group', 'review', 'sweep', 'sweep-all'])
  })
})
