import { describe, expect, it } from 'vitest'
import { proposalId, updateId, branchOf, idOfBranch } from '../../src/updates/identity.ts'
import {
  readMarker,
  readTrailers,
  writeMarker,
  writeTrailers,
  type UpdateMarker,
} from '../../src/updates/marker.ts'
import { nextStep, type Desire, type Situation } from '../../src/updates/next-step.ts'
import type { SeenBranch, SeenPull, SeenUpdate } from '../../src/updates/observation.ts'
import { ownerOf, type BranchCommit, type BranchComparison } from '../../src/updates/ownership.ts'
import { reconcile } from '../../src/updates/reconcile.ts'
import { mergedUpdate, revertAdvice } from '../../src/updates/revert-advice.ts'
import { readIgnore } from '../../src/updates/ignore.ts'
import type { UpdatePlan, WantedUpdate } from '../../src/updates/wanted-update.ts'
import { defaultUpdateSettings } from './settings.ts'

const BASE = 'b'.repeat(40)
const HEAD = 'c'.repeat(40)
const WANTED: WantedUpdate = {
  key: 'v1|image|x|y',
  slug: 'x',
  name: 'x',
  change: '1 → 2',
  to: '2',
  classes: ['pg-minor'],
  edits: [{ path: 'a.yaml', document: 0, pointer: ['a'], from: '1', to: '2' }],
  files: [],
  title: 'update x to 2',
  text: 'text',
  labels: [],
  held: [],
  verdict: { verdict: 'ready', title: 'Ready', summary: '' },
  automerge: false,
  priority: 0,
}
const ID = updateId(WANTED.key)
const PROPOSAL = proposalId(WANTED.edits)
const NAME = branchOf('x', ID)
const SITUATION: Situation = {
  base: BASE,
  day: '2026-02-01',
  settings: defaultUpdateSettings,
  room: true,
  asked: undefined,
  checks: true,
}
const OWNED: SeenBranch = { name: NAME, head: HEAD, owned: true, proposal: PROPOSAL, base: BASE }
const MARKER: UpdateMarker = {
  k: ID,
  p: PROPOSAL,
  head: HEAD,
  st: 'open',
  bh: '',
  th: '',
  lb: [],
  dr: false,
  change: '1 → 2',
  to: '2',
  cl: ['pg-minor'],
  was: [],
  ig: [],
  un: 0,
}
const PULL: SeenPull = {
  number: 7,
  ours: true,
  title: 't',
  body: writeMarker(MARKER),
  labels: [],
  draft: false,
  head: HEAD,
  mergeable: true,
  mergeState: 'clean',
}

/** State and step of an update in one word: 'open push'. */
function decided(
  seen: Partial<SeenUpdate>,
  desire: Partial<WantedUpdate> | Desire = {},
  more: Partial<Situation> = {},
) {
  const wanted: Desire = 'kind' in desire ? desire : { kind: 'wanted', wanted: { ...WANTED, ...desire } }
  const { state, step } = nextStep({ id: ID, closed: [], ...seen }, wanted, { ...SITUATION, ...more })
  return [state, step?.step].filter(Boolean).join(' ')
}

const closed = (number: number, marker: Partial<UpdateMarker> = {}, merged = false) => ({
  number,
  merged,
  body: writeMarker({ ...MARKER, ...marker }),
  head: HEAD,
})
const held = { held: [{ message: 'Too young.', approvable: true }] }
const nothing: Desire = { kind: 'nothing', why: 'obsolete' }
const theirs: SeenBranch = { name: NAME, head: HEAD, owned: false }

describe('the next step', () => {
  it.each<[string, string, string]>([
    ['nothing wanted, nothing there', decided({}, nothing), 'idle'],
    ['an orphan', decided({ branch: OWNED }, nothing), 'closing delete-branch'],
    ['a branch of people that nobody wants', decided({ branch: theirs }, nothing), 'foreign'],
    [
      'what is not known',
      decided({ branch: OWNED, pull: PULL }, { kind: 'unknown', reason: 'why' }),
      'unknown',
    ],
    ['something new', decided({}), 'new push'],
    ['no room', decided({}, {}, { room: false }), 'queued'],
    [
      'no room, asked for',
      decided({}, {}, { room: false, asked: { proposal: PROPOSAL, after: 0 } }),
      'new push',
    ],
    ['held', decided({}, held), 'held'],
    ['held, asked for', decided({}, held, { asked: { proposal: PROPOSAL, after: 0 } }), 'new push'],
    ['held, another asked for', decided({}, held, { asked: { proposal: 'x', after: 0 } }), 'held'],
    ['refused', decided({ closed: [closed(3)] }), 'ignored'],
    [
      'refused, its text emptied',
      decided({ closed: [{ ...closed(3), body: '', headProposal: PROPOSAL }] }),
      'ignored',
    ],
    ['another was refused', decided({ closed: [closed(3, { p: 'x' })] }), 'new push'],
    ['refused before another was', decided({ closed: [closed(4, { p: 'x' }), closed(3)] }), 'ignored'],
    ['closed by us', decided({ closed: [closed(3, { st: 'closing:obsolete' })] }), 'new push'],
    ['merged and taken back', decided({ closed: [closed(3, {}, true)] }), 'held'],
    [
      'refused, asked for since',
      decided({ closed: [closed(3)] }, {}, { asked: { proposal: PROPOSAL, after: 3 } }),
      'new push',
    ],
    [
      'refused, asked for before',
      decided({ closed: [closed(3)] }, {}, { asked: { proposal: PROPOSAL, after: 2 } }),
      'ignored',
    ],
    ['ignored by its class', decided({ closed: [closed(3, { p: 'x', ig: ['class:minor'] })] }), 'ignored'],
    [
      'ignored by another class',
      decided({ closed: [closed(3, { p: 'x', ig: ['class:major'] })] }),
      'new push',
    ],
    [
      'ignored until tomorrow',
      decided({ closed: [closed(3, { p: 'x', ig: ['until:2026-02-02'] })] }),
      'ignored',
    ],
    [
      'ignored until today',
      decided({ closed: [closed(3, { p: 'x', ig: ['until:2026-02-01'] })] }),
      'new push',
    ],
    ['a branch alone', decided({ branch: OWNED }), 'new open'],
    ['a branch alone with another', decided({ branch: { ...OWNED, proposal: 'x' } }), 'new push'],
    ['a branch alone, refused', decided({ branch: OWNED, closed: [closed(3)] }), 'ignored delete-branch'],
    ['a branch alone, held', decided({ branch: OWNED }, held), 'held delete-branch'],
    ['a branch of people', decided({ branch: theirs }), 'foreign'],
    ['closed, its branch left to people', decided({ branch: theirs, closed: [closed(3)] }), 'ignored'],
    ['a pull request without its branch', decided({ pull: PULL }), 'moving'],
    ['a pull request of another head', decided({ branch: OWNED, pull: { ...PULL, head: BASE } }), 'moving'],
    [
      'a pull request of somebody else',
      decided({ branch: OWNED, pull: { ...PULL, ours: false } }),
      'foreign',
    ],
    ['another version, held', decided({ branch: { ...OWNED, proposal: 'x' }, pull: PULL }, held), 'open'],
    [
      'a conflict on this very base',
      decided({ branch: OWNED, pull: { ...PULL, mergeable: false } }),
      'open edit',
    ],
    [
      'a conflict',
      decided({ branch: { ...OWNED, base: 'x' }, pull: { ...PULL, mergeable: false } }),
      'open push',
    ],
    [
      'behind',
      decided({ branch: { ...OWNED, base: 'x' }, pull: { ...PULL, mergeState: 'behind' } }),
      'open push',
    ],
    [
      'behind, where that is left alone',
      decided(
        { branch: { ...OWNED, base: 'x' }, pull: { ...PULL, mergeState: 'behind' } },
        {},
        {
          settings: { ...defaultUpdateSettings, rebase: 'conflict' },
        },
      ),
      'open edit',
    ],
    [
      'a label that holds',
      decided({ branch: { ...OWNED, proposal: 'x' }, pull: { ...PULL, labels: ['hold'] } }),
      'open',
    ],
  ])('%s', (_name, found, wanted) => {
    expect(found).toBe(wanted)
  })

  it('is none at all for a configuration that cannot be read', () => {
    const plan: UpdatePlan = {
      base: BASE,
      wanted: [WANTED],
      offered: [],
      unknown: new Map(),
      current: new Map(),
      settings: defaultUpdateSettings,
      remarks: [],
      complete: true,
      frozen: 'The configuration cannot be read.',
    }
    const seen = { base: BASE, updates: new Map([[ID, { id: ID, closed: [], branch: OWNED }]]), lastHour: 0 }
    expect(
      reconcile(seen, plan, { day: '2026-02-01', checks: true }).map(({ decision }) => decision),
    ).toEqual([{ state: 'frozen', notes: [] }])
  })

  it('closes nothing where not every file was read', () => {
    const plan: UpdatePlan = {
      base: BASE,
      wanted: [],
      offered: [],
      unknown: new Map(),
      current: new Map(),
      settings: defaultUpdateSettings,
      remarks: [],
      complete: false,
    }
    const seen = {
      base: BASE,
      updates: new Map([[ID, { id: ID, closed: [], branch: OWNED, pull: PULL }]]),
      lastHour: 0,
    }
    const [entry] = reconcile(seen, plan, { day: '2026-02-01', checks: true })
    expect(entry?.decision).toMatchObject({ state: 'unknown' })
  })
})

describe('a branch is ours', () => {
  const commit = (more: Partial<BranchCommit> = {}): BranchCommit => ({
    sha: HEAD,
    parents: [BASE],
    author: 'bot[bot]',
    committer: 'web-flow',
    verified: true,
    message: `update\n\n${writeTrailers({ key: ID, proposal: PROPOSAL, base: BASE })}`,
    ...more,
  })
  const merge = commit({ parents: [HEAD, BASE], author: 'dev', message: "Merge branch 'main'" })
  const owned = (more: Partial<BranchComparison>) =>
    ownerOf(
      {
        head: HEAD,
        mergeBase: commit({ message: 'x' }),
        commits: [commit()],
        files: [],
        complete: true,
        ...more,
      },
      'bot[bot]',
      ID,
      () => new Map([['a.yaml', 'blob']]),
    ).owned
  it.each([
    ['with our commit', owned({}), true],
    ['with one of a person', owned({ commits: [commit(), commit({ author: 'dev' })] }), false],
    ['with an amended one', owned({ commits: [commit({ verified: false })] }), false],
    ['signed by somebody else', owned({ commits: [commit({ committer: 'bot[bot]' })] }), false],
    [
      'for another update',
      owned({ commits: [commit({ message: 'x\n\nBump-Key: 0\nBump-Proposal: 1\nBump-Base: 2' })] }),
      false,
    ],
    [
      'with the words in the middle of a message',
      owned({ commits: [commit({ message: `${commit().message}\n\nby me` })] }),
      false,
    ],
    [
      'with a plain merge of the base',
      owned({ commits: [commit(), merge], files: [{ path: 'a.yaml', blob: 'blob' }] }),
      true,
    ],
    [
      'with a merge that changed more',
      owned({ commits: [commit(), merge], files: [{ path: 'a.yaml', blob: 'other' }] }),
      false,
    ],
    ['with more commits than GitHub lists', owned({ complete: false }), false],
    ['merged already, ours', owned({ commits: [], mergeBase: commit() }), true],
    ['merged already, of a person', owned({ commits: [] }), false],
  ])('%s: %s', (_name, found, wanted) => {
    expect(found).toBe(wanted)
  })
})

describe('what is written down', () => {
  it('is read as it was, and cannot end its comment', () => {
    const marker = { ...MARKER, change: '1 --> <!-- bump:v1 {} -->', was: [['2026-01-01', 'a']] as const }
    expect(readMarker(`text\n\n${writeMarker(marker)}`)).toEqual(marker)
    expect(writeMarker(marker).match(/-->/g)).toHaveLength(1)
  })

  it.each(['', '<!-- bump:v1 {"k":1} -->', '<!-- bump:v1 {] -->'])('is nothing in %s', body => {
    expect(readMarker(body)).toBeUndefined()
  })

  it('keeps an id in every name of a branch', () => {
    expect(idOfBranch(branchOf('Ümläut / Name', ID))).toBe(ID)
    expect(idOfBranch(branchOf('', ID))).toBe(ID)
    expect(idOfBranch('feature/x')).toBeUndefined()
    expect(readTrailers('no trailers')).toBeUndefined()
  })

  it.each([
    ['this', 'this:P'],
    ['minor', 'class:minor'],
    ['pg-major', 'class:pg-major'],
    ['until 2026-12-24', 'until:2026-12-24'],
    ['until tomorrow', undefined],
    ['everything', undefined],
    ['this now', undefined],
  ])('ignore %s: %s', (words, wanted) => {
    const read = readIgnore(words, 'P')
    expect('wish' in read ? read.wish : undefined).toBe(wanted)
  })
})

it.each([
  [['pg-minor'], true],
  [['pg-major'], false],
  [['operator-minor', 'pg-minor'], false],
  [['os-change'], false],
  [['digest', 'rebuild'], true],
  [['patch', 'major'], false],
  [['breaking'], false],
  [[], false],
])('a merged update of %s can be taken back: %s', (classes, safe) => {
  expect(revertAdvice(classes).safe).toBe(safe)
})

describe('a merged pull request', () => {
  const ours = { branch: NAME, isFork: false, author: 'us[bot]', body: writeMarker({ ...MARKER, k: ID }) }
  it.each<[string, Partial<typeof ours>, readonly string[] | undefined]>([
    ['of ours', {}, ['pg-minor']],
    ['whose text was emptied', { body: '' }, []],
    ['with the line of another update', { body: writeMarker({ ...MARKER, k: '0123456789' }) }, []],
    ['of another branch', { branch: 'feature' }, undefined],
    ['of a fork', { isFork: true }, undefined],
    ['of a person', { author: 'dev' }, undefined],
  ])('%s is an update of %o', (_name, more, classes) => {
    expect(mergedUpdate({ ...ours, ...more }, 'us[bot]')).toEqual(classes)
  })
})
