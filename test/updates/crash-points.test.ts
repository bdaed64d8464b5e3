import { afterAll, beforeAll, expect, it } from 'vitest'
import { withTick } from '../../src/updates/pull-request-body.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import { content, fileOf, UpdateWorld } from './world.ts'

// I4: from any point where a run was killed, the next one reaches the same end, and then nothing is written any more.

/** Each makes some forty runs, over HTTP. */
const TIMEOUT = 240_000

let github: FakeGitHub
beforeAll(async () => {
  github = await FakeGitHub.start()
})
afterAll(async () => {
  await github[Symbol.asyncDispose]()
})

interface Scenario {
  /** before the run; whatever it needs to be at rest first */
  before?: (world: UpdateWorld) => void
  change: (world: UpdateWorld) => void
}

const offer = (world: UpdateWorld, version: string) => void world.offered.set('alpha', version)

const SCENARIOS: Record<string, Scenario> = {
  'a new update': { change: world => offer(world, '1.1') },
  'another version': { before: world => offer(world, '1.1'), change: world => offer(world, '1.2') },
  'a version that was withdrawn': {
    before: world => offer(world, '1.1'),
    change: world => void world.offered.delete('alpha'),
  },
  'a conflict': {
    before: world => offer(world, '1.1'),
    change: world =>
      void world.repository.commit('main', {
        [fileOf('alpha')]: content('1.0').replace('name: app', 'name: other'),
      }),
  },
  'commits of people thrown away as asked': {
    before: world => offer(world, '1.1'),
    change: world => {
      const theirs = world.repository.commit(world.branch('alpha'), { [fileOf('alpha')]: content('7') })
      const pull = world.openPull('alpha')
      // as the box reads once the edit was seen
      if (pull !== undefined)
        pull.body =
          withTick(pull.body.replaceAll(/bump:rebase [0-9a-f]+/g, `bump:rebase ${theirs}`), theirs) ?? ''
    },
  },
  'a merge by itself': {
    change: world => {
      world.automerged.add('alpha')
      offer(world, '1.1')
    },
  },
  'a verdict that turned bad': {
    before: world => offer(world, '1.1'),
    change: world => void world.verdicts.set('alpha', 'blocked'),
  },
  'a refusal, asked for again': {
    before: world => offer(world, '1.1'),
    change: world => {
      const pull = world.openPull('alpha')
      if (pull !== undefined) pull.state = 'closed'
      world.tickDashboard('alpha')
    },
  },
}

async function made({ before, change }: Scenario): Promise<UpdateWorld> {
  const world = new UpdateWorld(github, { alpha: '1.0' })
  if (before !== undefined) {
    before(world)
    await world.settle()
  }
  change(world)
  return world
}

it.each(Object.entries(SCENARIOS))(
  '%s ends the same after every write that a run dies at',
  { timeout: TIMEOUT },
  async (name, scenario) => {
    const undisturbed = await made(scenario)
    const started = undisturbed.writes()
    await undisturbed.settle()
    const writes = undisturbed.writes() - started
    expect(writes).toBeGreaterThan(0)
    const wanted = undisturbed.state()
    for (let count = 1; count <= writes; count++) {
      const world = await made(scenario)
      expect(await world.runUnlessKilled({ crash: { after: 'write', count } })).toBeUndefined()
      await world.settle()
      expect({ at: `${name}, killed at write ${count}`, ...world.state() }).toMatchObject(wanted)
      const settled = world.writes()
      await world.settle()
      expect(world.writes() - settled).toBe(0)
    }
  },
)

it('a new update ends the same after every call that a run dies at', { timeout: TIMEOUT }, async () => {
  const scenario: Scenario = { change: world => offer(world, '1.1') }
  const undisturbed = await made(scenario)
  let calls = 0
  await undisturbed.run({ onCall: call => (calls = call) })
  const wanted = undisturbed.state()
  for (let count = 1; count <= calls; count++) {
    const world = await made(scenario)
    await world.runUnlessKilled({ crash: { after: 'call', count } })
    await world.settle()
    expect({ at: `killed at call ${count} of ${calls}`, ...world.state() }).toMatchObject(wanted)
  }
})
