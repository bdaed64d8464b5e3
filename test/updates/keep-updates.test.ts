import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import { squash } from '../fakes/github/pulls.ts'
import { readMarker } from '../../src/updates/marker.ts'
import { tickedHead, withTick } from '../../src/updates/pull-request-body.ts'
import { content, fileOf, SELF, UpdateWorld } from './world.ts'

let github: FakeGitHub
let world: UpdateWorld
beforeAll(async () => {
  github = await FakeGitHub.start()
})
beforeEach(() => {
  world = new UpdateWorld(github, { alpha: '1.0', beta: '1.0' })
})
afterAll(async () => {
  await github[Symbol.asyncDispose]()
})

const openOf = (name: string) => {
  const pull = world.openPull(name)
  if (pull === undefined) throw new Error(`no open pull request for ${name}`)
  return pull
}
/** A commit of a person on a branch of ours. */
const personPushes = (name: string, version = '9.9') =>
  world.repository.commit(world.branch(name), { [fileOf(name)]: content(version) })
const dashboard = () => [...world.repository.issues.values()].find(({ state }) => state === 'open')
describe('an update', () => {
  it('becomes one pull request with a signed commit, its labels and its check, and then nothing is written', async () => {
    world.offered.set('alpha', '1.1')
    const kept = await world.settle()
    expect(kept.refused).toEqual([])
    const [pull] = world.pulls('alpha')
    expect(pull).toMatchObject({
      title: 'chore(deps): update alpha to 1.1',
      draft: false,
      author: { login: SELF },
    })
    expect([...(pull?.labels ?? [])]).toEqual(['updates'])
    expect(world.file('alpha', world.branch('alpha'))).toContain('version: 1.1')
    expect(world.repository.signed.has(pull?.headSha ?? '')).toBe(true)
    expect(world.repository.checkRuns.map(({ sent }) => [sent.head_sha, sent.conclusion])).toEqual([
      [pull?.headSha, 'success'],
    ])
    const before = world.writes()
    expect((await world.settle()).steps).toBe(0)
    expect(world.writes()).toBe(before)
  })

  it('is retargeted on its branch, and its history tells so', async () => {
    world.offered.set('alpha', '1.1')
    await world.settle()
    world.offered.set('alpha', '1.2')
    await world.settle()
    const [pull, ...others] = world.pulls('alpha')
    expect(others).toEqual([])
    expect(pull?.title).toBe('chore(deps): update alpha to 1.2')
    expect(pull?.body).toContain('- until 2026-02-01: 1.0 → 1.1\n- now: 1.0 → 1.2')
    expect(world.file('alpha', world.branch('alpha'))).toContain('version: 1.2')
  })

  it('is closed and its branch deleted once the base has it', async () => {
    world.offered.set('alpha', '1.1')
    await world.settle()
    world.repository.commit('main', { [fileOf('alpha')]: content('1.1') })
    await world.settle()
    const [pull] = world.pulls('alpha')
    expect([pull?.state, pull?.merged, world.head('alpha')]).toEqual(['closed', undefined, undefined])
    expect(readMarker(pull?.body ?? '')?.st).toBe('closing:applied')
    expect(world.repository.comments.filter(({ issue }) => issue === pull?.number)).toHaveLength(1)
  })

  it('is closed where the version was withdrawn, and opened anew when it is back', async () => {
    world.offered.set('alpha', '1.1')
    await world.settle()
    world.offered.delete('alpha')
    await world.settle()
    expect(readMarker(world.pulls('alpha')[0]?.body ?? '')?.st).toBe('closing:obsolete')
    world.offered.set('alpha', '1.1')
    await world.settle()
    expect(world.pulls('alpha').map(({ state }) => state)).toEqual(['closed', 'open'])
  })

  it('stays as it is while its registry does not answer', async () => {
    world.offered.set('alpha', '1.1')
    await world.settle()
    world.offered.set('alpha', 'unknown')
    await world.settle()
    expect(openOf('alpha').title).toBe('chore(deps): update alpha to 1.1')
  })

  it('has its branch deleted after it was merged', async () => {
    world.offered.set('alpha', '1.1')
    await world.settle()
    squash(openOf('alpha'), github.now())
    await world.settle()
    expect(world.head('alpha')).toBeUndefined()
    expect(world.pulls('alpha')).toHaveLength(1)
  })

  it('is a draft while its verdict is blocked, and ready when it no longer is', async () => {
    world.offered.set('alpha', '1.1')
    world.verdicts.set('alpha', 'blocked')
    await world.settle()
    expect(openOf('alpha').draft).toBe(true)
    world.verdicts.set('alpha', 'ready')
    await world.settle()
    expect(openOf('alpha').draft).toBe(false)
    // a person wants more time for it
    openOf('alpha').draft = true
    await world.settle()
    expect(openOf('alpha').draft).toBe(true)
  })

  it('is made anew on the base where it conflicts', async () => {
    world.offered.set('alpha', '1.1')
    await world.settle()
    const before = world.head('alpha')
    world.repository.commit('main', { [fileOf('alpha')]: content('1.0').replace('name: app', 'name: other') })
    await world.settle()
    expect(world.head('alpha')).not.toBe(before)
    expect(openOf('alpha').mergeable).toBe(true)
    expect(world.file('alpha', world.branch('alpha'))).toContain('name: other\nversion: 1.1')
  })

  it('is made anew where GitHub wants branches up to date, and left where it does not', async () => {
    world.offered.set('alpha', '1.1')
    await world.settle()
    const before = world.head('alpha')
    world.repository.commit('main', { 'other.txt': 'x' })
    await world.settle()
    expect(world.head('alpha')).toBe(before)
    world.repository.strict = true
    await world.settle()
    expect(openOf('alpha').behind).toBe(false)
  })
})

describe('people', () => {
  beforeEach(async () => {
    world.offered.set('alpha', '1.1')
    await world.settle()
  })

  it('keep their commits, until they ask for exactly that head to be thrown away', async () => {
    const theirs = personPushes('alpha')
    world.offered.set('alpha', '1.2')
    await world.settle()
    const pull = openOf('alpha')
    expect(world.head('alpha')).toBe(theirs)
    expect([...pull.labels]).toEqual(['updates', 'bump/edited'])
    pull.body = withTick(pull.body, theirs) ?? ''
    const newer = personPushes('alpha', '8.8')
    await world.settle()
    expect(world.head('alpha')).toBe(newer)
    expect(tickedHead(pull.body)).toBeUndefined()
    pull.body = withTick(pull.body, newer) ?? ''
    await world.settle()
    expect(world.file('alpha', world.branch('alpha'))).toContain('version: 1.2')
    expect([...pull.labels]).toEqual(['updates'])
    expect(world.repository.comments.map(({ body }) => body).join()).toContain(newer)
  })

  it('keep their branch where the update is no longer wanted', async () => {
    const theirs = personPushes('alpha')
    world.offered.delete('alpha')
    await world.settle()
    expect(world.head('alpha')).toBe(theirs)
    expect([...openOf('alpha').labels]).toContain('bump/abandoned')
    expect(world.repository.comments).toHaveLength(1)
  })

  it('press "Update branch" without the branch becoming theirs, and amend a commit with it', async () => {
    world.repository.commit('main', { 'other.txt': 'x' })
    const { git } = world.repository
    const main = git.resolve('refs/heads/main') ?? ''
    const head = world.head('alpha') ?? ''
    const tree = git.git('merge-tree', '--write-tree', head, main)
    const merge = git.write(
      'commit',
      Buffer.from(
        `tree ${tree}\nparent ${head}\nparent ${main}\nauthor dev <7+dev@users.noreply.github.com> 1 +0000\ncommitter GitHub <noreply@github.com> 1 +0000\n\nMerge branch 'main'`,
      ),
    )
    world.repository.signed.add(merge)
    world.repository.moveBranch(world.branch('alpha'), merge)
    await world.settle()
    expect([...openOf('alpha').labels]).toEqual(['updates'])
    // the same message and the same author, without GitHub's signature
    const { content: text } = git.read(head)
    const amended = git.write('commit', Buffer.from(`${text.toString('utf8')}\n`))
    world.repository.moveBranch(world.branch('alpha'), amended)
    await world.settle()
    expect([...openOf('alpha').labels]).toContain('bump/edited')
  })

  it('refuse a proposal by closing it, not the next one', async () => {
    openOf('alpha').state = 'closed'
    await world.settle()
    expect([world.openPull('alpha'), world.head('alpha')]).toEqual([undefined, undefined])
    world.offered.set('alpha', '1.2')
    await world.settle()
    expect(openOf('alpha').title).toContain('1.2')
    world.offered.set('alpha', '1.1')
    await world.settle()
    // nor does the branch of the next one move back to what was refused
    expect(world.pulls('alpha').map(({ state, title }) => [state, title.slice(-3)])).toEqual([
      ['closed', '1.1'],
      ['closed', '1.2'],
    ])
  })

  it('ask for a refused one again on the dashboard, once', async () => {
    openOf('alpha').state = 'closed'
    await world.settle()
    world.tickDashboard('alpha')
    await world.settle()
    expect(openOf('alpha').number).toBeGreaterThan(1)
    expect(dashboard()?.body).not.toContain('[x]')
    const again = dashboard()?.body ?? ''
    openOf('alpha').state = 'closed'
    await world.settle()
    expect(world.openPull('alpha')).toBeUndefined()
    // a tick made before the second refusal is stale
    const issue = dashboard()
    if (issue !== undefined) issue.body = again
    await world.settle()
    expect(world.openPull('alpha')).toBeUndefined()
  })

  it('keep the title, the text and the labels that they changed', async () => {
    const pull = openOf('alpha')
    pull.title = 'our own words'
    pull.body = pull.body.replace('| alpha |', 'See the wiki. | alpha |')
    pull.labels.delete('updates')
    pull.labels.add('database')
    await world.settle()
    expect(pull.title).toBe('our own words')
    expect(pull.body).toContain('See the wiki.')
    expect([...pull.labels]).toEqual(['database'])
    pull.body = ''
    await world.settle()
    expect(readMarker(pull.body)?.k).toBe(world.id('alpha'))
  })

  it('hold an open one by a label', async () => {
    openOf('alpha').labels.add('hold')
    world.offered.set('alpha', '1.2')
    await world.settle()
    expect(openOf('alpha').title).toContain('1.1')
  })

  it('may open the pull request themselves between two steps', async () => {
    const pull = openOf('alpha')
    pull.state = 'closed'
    pull.body = '<!-- nothing -->'
    await world.settle()
    expect(world.openPull('alpha')).toBeUndefined()
  })

  it('take a merged one back, and are asked before it comes again', async () => {
    squash(openOf('alpha'), github.now())
    await world.settle()
    world.repository.commit('main', { [fileOf('alpha')]: content('1.0') })
    await world.settle()
    expect(world.pulls('alpha')).toHaveLength(1)
    expect(dashboard()?.body).toContain('taken back since')
    world.tickDashboard('alpha')
    await world.settle()
    expect(openOf('alpha').number).toBeGreaterThan(1)
  })
})

describe('what is held back', () => {
  it('creates no ref, until a person asks for it', async () => {
    world.offered.set('alpha', '1.1')
    world.held.set('alpha', [{ message: 'It is 1 day old, of 3.', approvable: true }])
    await world.settle()
    expect(world.head('alpha')).toBeUndefined()
    expect(dashboard()?.body).toContain('It is 1 day old, of 3.')
    world.tickDashboard('alpha')
    await world.settle()
    expect(openOf('alpha').title).toContain('1.1')
  })

  it('cannot be asked for where it must not be', async () => {
    world.offered.set('alpha', '1.1')
    world.held.set('alpha', [{ message: 'Its signature is wrong.', approvable: false }])
    await world.settle()
    expect(dashboard()?.body).toContain('- alpha 1.0 → 1.1 — Its signature is wrong.')
  })

  it('waits for room, in both limits', async () => {
    world.settings = { ...world.settings, openLimit: 1 }
    world.offered.set('alpha', '1.1').set('beta', '1.1')
    await world.settle()
    const open = () => [...world.repository.pulls.values()].filter(({ state }) => state === 'open').length
    expect(open()).toBe(1)
    world.settings = { ...world.settings, openLimit: 9, hourLimit: 1 }
    await world.settle()
    expect(open()).toBe(1)
    world.settings = { ...world.settings, hourLimit: 2 }
    await world.settle()
    expect(open()).toBe(2)
  })
})

describe('the dashboard', () => {
  it('is one, found by its author, and made again where it was deleted', async () => {
    world.offered.set('alpha', '1.1')
    const body = '<!-- bump:dashboard -->\nnot ours'
    const number = world.repository.nextNumber()
    const user = github.account('mallory')
    const labels = new Set<string>()
    world.repository.issues.set(number, {
      number,
      title: 'x',
      body,
      state: 'open',
      user,
      labels,
      created: '2026-01-01T00:00:00Z',
    })
    await world.settle()
    expect(world.repository.issues.get(number)?.body).toBe(body)
    const ours = [...world.repository.issues.values()].find(issue => issue.user.login === SELF)
    expect(ours?.body).toContain('### Open')
    world.repository.issues.delete(ours?.number ?? 0)
    await world.settle()
    expect([...world.repository.issues.values()].filter(issue => issue.user.login === SELF)).toHaveLength(1)
  })

  it('takes requests for what is not done unasked', async () => {
    world.onRequest = [{ id: '0123456789', name: 'postgresql', change: '17.6 → 18.1' }]
    await world.settle()
    const issue = dashboard()
    expect(issue?.body).toContain('- [ ] <!-- bump:ask 0123456789 -->postgresql 17.6 → 18.1')
    if (issue !== undefined) issue.body = issue.body.replace('- [ ] <!-- bump:ask', '- [x] <!-- bump:ask')
    await world.settle()
    expect([...world.requested]).toEqual(['0123456789'])
    expect(dashboard()?.body).toContain('- [x]')
    world.onRequest = []
    await world.settle()
    expect(dashboard()?.body).not.toContain('[x]')
  })

  it('closed by a person stays closed, and is kept up to date', async () => {
    world.offered.set('alpha', '1.1')
    await world.settle()
    const issue = [...world.repository.issues.values()][0]
    if (issue !== undefined) issue.state = 'closed'
    world.offered.set('beta', '1.1')
    await world.settle()
    expect([issue?.state, issue?.body.includes('beta')]).toEqual(['closed', true])
    expect(world.repository.issues.size).toBe(1)
  })
})

describe('merging', () => {
  it('happens where policy and verdict allow it, with the head that the check speaks of', async () => {
    world.offered.set('alpha', '1.1').set('beta', '1.1')
    world.automerged.add('alpha').add('beta')
    world.verdicts.set('beta', 'attention')
    await world.settle()
    expect(world.file('alpha')).toContain('version: 1.1')
    expect(openOf('beta').title).toContain('beta')
    const [merged] = github.requestsOf('pulls/merge').slice(-1)
    expect(merged?.body).toMatchObject({ sha: world.pulls('alpha')[0]?.headSha })
  })
})

it('says what GitHub refuses and does all else', async () => {
  world.offered.set('alpha', '1.1')
  github.fail({ operation: 'checks/create', status: 403, message: 'Resource not accessible by integration' })
  const kept = await world.settle()
  expect(kept.refused.join()).toMatch(/check was refused/)
  expect(openOf('alpha').title).toContain('1.1')
})

describe('meanwhile', () => {
  // each at the call after which it hurts most: whatever it is, the next pass sees it
  it.each(Array.from({ length: 12 }, (_, index) => index + 1))(
    'a file is edited, the base moves: at call %i, and the edit is never undone',
    async call => {
      world.offered.set('alpha', '1.1')
      await world.run({
        onCall: now => {
          if (now === call)
            world.repository.commit('main', {
              [fileOf('alpha')]: content('1.0').replace('note: a', 'note: edited'),
            })
        },
      })
      await world.settle()
      squash(openOf('alpha'), github.now())
      expect(world.file('alpha')).toContain('version: 1.1')
      expect(world.file('alpha')).toContain('note: edited')
    },
  )

  it('two runs made an issue each: the older one stays', async () => {
    world.offered.set('alpha', '1.1')
    await world.settle()
    const first = dashboard()
    if (first === undefined) throw new Error('no dashboard')
    const number = world.repository.nextNumber()
    world.repository.issues.set(number, { ...first, number, labels: new Set() })
    await world.settle()
    expect([first.state, world.repository.issues.get(number)?.state]).toEqual(['open', 'closed'])
  })
})
