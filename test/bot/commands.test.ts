import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCommands } from '../../bot/commands.ts'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { World } from './harness.ts'

describe('a comment', () => {
  it.each<[string, string, object[]]>([
    ['one command', '/cnpg help', [{ command: 'help' }]],
    ['one without a word', '/cnpg', [{ command: 'help' }]],
    ['with CRLF and spaces', '  /cnpg   review \r\nthanks\r\n', [{ command: 'review' }]],
    [
      'several',
      '/cnpg review\n/cnpg diff apps/db\n\ntext\n\n/cnpg explain house-image-digest',
      [
        { command: 'review' },
        { command: 'diff', path: 'apps/db' },
        { command: 'explain', rule: 'house-image-digest' },
      ],
    ],
    ['within a line', 'please /cnpg review', []],
    ['in a word', '/cnpgs review', []],
    ['in a fence', '```\n/cnpg review\n```', []],
    ['in a fence of tildes that is never closed', '~~~\n/cnpg review', []],
    ['in an indented block', 'x\n\n    /cnpg review', []],
    ['in code within a line', '`/cnpg review`', []],
    ['in code over two lines', 'a `b\n/cnpg review\nc`', []],
    ['in a quote', '> /cnpg review', []],
    ['in a quote that goes on', '> quoted\n/cnpg review', []],
    ['in a list', '- /cnpg review', []],
    ['as a heading', '# /cnpg review', []],
    ['in HTML', '<div>\n/cnpg review\n</div>', []],
    ['in a comment of HTML', '<!--\n/cnpg review\n-->', []],
    ['in details', '<details>\n<summary>x</summary>\n\n/cnpg review\n\n</details>', [{ command: 'review' }]],
    ['split by a link', '[/cnpg](https://example.org) review', [{ command: 'review' }]],
    ['with code for an argument', '/cnpg diff `x`', [{ command: 'diff', path: '\uFFFC' }]],
    ['too long to be one', `/cnpg review\n${'x'.repeat(70_000)}`, []],
  ])('%s', (_name, body, expected) => {
    expect(parseCommands(body)).toEqual(expected)
  })

  it.each([
    ['/cnpg rebase all', '`rebase` takes nothing, or the commit that the branch stands at.'],
    ['/cnpg updates now', '`updates` stands alone.'],
    ['/cnpg help me', '`help` stands alone.'],
    ['/cnpg revert it', '`revert` stands alone.'],
    ['/cnpg explain', '`explain` takes the name of one rule.'],
    ['/cnpg explain a b', '`explain` takes the name of one rule.'],
    [`/cnpg diff ${'x'.repeat(400)}`, 'It is too long.'],
  ])('%s is told what is wrong', (body, problem) => {
    const offered = { status: true, updates: true }
    expect(parseCommands(body, offered)).toEqual([expect.objectContaining({ command: 'unknown', problem })])
  })

  it.each(['/cnpg status', '/cnpg updates', '/cnpg rebase', '/cnpg ignore this', '/cnpg revert'])(
    '%s is none where it is not offered',
    body => {
      const problem = 'There is no such command.'
      expect(parseCommands(body)).toEqual([expect.objectContaining({ command: 'unknown', problem })])
    },
  )
})

let postgres: RealPostgres
beforeAll(async () => {
  if (noPostgres === undefined) postgres = await realPostgres()
})
afterAll(async () => await postgres?.[Symbol.asyncDispose]())

/** Somebody comments, edits or deletes. */
async function say(world: World, login: string, body: string, action = 'created', id = 500): Promise<void> {
  const { repository, github } = world
  const known = repository.comments.find(comment => comment.id === id)
  const now = github.now()
  if (action === 'deleted')
    repository.comments.splice(
      repository.comments.findIndex(one => one.id === id),
      1,
    )
  else if (known === undefined)
    repository.comments.push({
      id,
      issue: 1,
      body,
      user: github.account(login),
      created: now,
      updated: now,
      reactions: [],
    })
  else known.body = body
  const before = { body: { from: '/cnpg help' } }
  await world.deliver('issue_comment', {
    action,
    issue: { number: 1, pull_request: {} },
    comment: { id, body, user: { login, type: github.account(login).type } },
    ...(action === 'edited' ? { changes: before } : {}),
  })
}

function answers(world: World): string[] {
  return world.seen().comments.filter(body => body.startsWith('<!-- cnpg-steward:answer:'))
}

function reactions(world: World, id = 500): string[] {
  return (world.repository.comments.find(one => one.id === id)?.reactions ?? []).map(one => one.content)
}

const change = (name: string, diff: string) => ({
  change: 'changed' as const,
  cluster: 'main',
  kustomization: `databases/${name}`,
  resource: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'databases', name },
  diff,
  fields: [],
})

describe.skipIf(noPostgres)('a command', () => {
  it('is answered at once by a reaction, then by one comment that follows it', async () => {
    await using world = await World.start()
    await world.bot({
      environment: { databaseUrl: await postgres.database() },
      review: async () =>
        cannedReview({ changes: [change('first', '-a: 1\n+a: 2\n'), change('second', '-b: 1\n+b: 2\n')] }),
    })
    world.repository.collaborators.set('keeper', 'write')
    world.repository.collaborators.set('helper', 'triage')

    await say(world, 'keeper', '/cnpg help\n/cnpg explain no-such-rule')
    await world.until('command', 1)
    expect(reactions(world)).toEqual(['eyes'])
    expect(answers(world)).toEqual([expect.stringContaining('/cnpg diff [PATH]')])
    expect(answers(world)[0]).toContain('no-such-rule')
    expect(answers(world)[0]).not.toMatch(/status|updates|rebase/)

    await say(world, 'keeper', '/cnpg diff second', 'edited')
    await world.until('command', 2)
    expect(answers(world)).toEqual([expect.stringContaining('b: 2')])
    expect(answers(world)[0]).not.toContain('a: 2')

    await say(world, 'keeper', 'never mind', 'edited')
    await world.until('command', 3)
    expect(answers(world)).toEqual([])

    await say(world, 'keeper', '/cnpg review', 'edited')
    await world.until('command', 4)
    await world.until('review', 1)
    expect(world.seen().runs).toMatchObject([{ status: 'completed' }])
    await say(world, 'keeper', '/cnpg review', 'deleted')
    await world.until('command', 5)
    expect(answers(world)).toEqual([])

    // triage reads and does not act; who has no role gets no words
    await say(world, 'helper', '/cnpg review\n/cnpg help', 'created', 501)
    await world.until('command', 6)
    expect(answers(world)).toEqual([
      expect.stringMatching(/is for those with the permission write[^]*\/cnpg help/),
    ])
    await say(world, 'stranger', '/cnpg help', 'created', 502)
    await world.until('command', 7)
    expect([reactions(world, 502), answers(world).length]).toEqual([['confused'], 1])
    // the author of the pull request may read
    await say(world, 'dev', '/cnpg help', 'created', 503)
    await world.until('command', 8)
    expect([reactions(world, 503), answers(world).length]).toEqual([['eyes'], 2])

    // nobody makes the bot talk without end
    for (let n = 0; n < 12; n++) await say(world, 'helper', '/cnpg help', 'created', 600 + n)
    await world.until('command', 20)
    expect(answers(world).length).toBeLessThanOrEqual(12)
    expect(
      world.repository.comments.filter(({ reactions: made }) => made.some(one => one.content === 'confused'))
        .length,
    ).toBeGreaterThanOrEqual(3)
  }, 120_000)
})
