import { afterAll, beforeAll, expect, it } from 'vitest'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import { PeopleAtWork } from './people-at-work.ts'

// The invariants I1 to I7 of a keeper of updates, held by an oracle that knows nothing of how it decides: it watches what happens on
// GitHub while people, the registry and other runs do whatever they like, and runs die at any call.

const SEEDS = 20
/** A seed takes a second or two on a machine that has nothing else to do. */
const TIMEOUT = 120_000
const ROUNDS = 7

let github: FakeGitHub
beforeAll(async () => {
  github = await FakeGitHub.start()
})
afterAll(async () => {
  await github[Symbol.asyncDispose]()
})

it.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  'whatever happens, seed %i',
  { timeout: TIMEOUT },
  async seed => {
    const people = new PeopleAtWork(github, seed)
    const { world } = people
    for (let round = 0; round < ROUNDS; round++) {
      people.act()
      await people.round()
      expect(people.report()).toBe('')
    }
    // nobody does anything more: it comes to rest, and then writes nothing
    await world.settle()
    const writes = world.writes()
    const kept = await world.settle()
    expect([kept.steps, world.writes() - writes]).toEqual([0, 0])
    expect(people.report()).toBe('')
  },
)
