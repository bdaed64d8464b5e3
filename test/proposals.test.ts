import { describe, expect, it } from 'vitest'
import type { UpdatesConfig } from '../src/config/updates-config.ts'
import type { Proposal } from '../src/versions/proposal.ts'
import { ALL, artifact, charts, cluster, PROJECT, propose, tables } from './update-tables.ts'

const OLD = `${PROJECT}:17.6-system-trixie`
const POSTGIS = 'ghcr.io/cloudnative-pg/postgis-extension'
const EXTENSIONS = { ...ALL, [POSTGIS]: charts('3.6.0-17-trixie 3.6.1-17-trixie 3.6.1-18-trixie') }
const extension = (version: string) =>
  `\n  postgresql:\n    extensions:\n      - name: postgis\n        image:\n          reference: ${POSTGIS}:${version}-17-trixie`
const named = (name: string, image: string, more = '') =>
  cluster(image, more).replace('name: db', `name: ${name}`)
const workload = (name: string, image: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name} }\nspec:\n  image: ${image}\n`

const held = (comment: string) => ({
  'a.yaml': named('a', OLD),
  'b.yaml': named('b', OLD, ` # cnpg-steward: updates ${comment}`),
})

const dump = (image: string) =>
  `apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: dump, namespace: apps }\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n            - name: dump\n              image: ${image}\n              command: [pg_dump, --host, db-rw]\n`

/** What a person reads of a proposal: name, group, from → to of its members, holds. */
function told({ name, group, members, holds, classes }: Proposal) {
  return {
    name,
    ...(group === undefined ? {} : { group: `${group.kind} ${group.name}` }),
    to: members.map(({ reference, choice }) => `${reference.place.file} ${choice.version}`),
    classes,
    holds: holds.map(({ kind }) => kind),
  }
}

async function proposalsOf(
  files: Record<string, string>,
  config: Partial<UpdatesConfig> = {},
  allow: string[] = [],
  tools = tables(EXTENSIONS),
) {
  return (await propose(files, allow, tools, config)).proposals
}

describe('what moves together', () => {
  it('the same package on the same track, wherever it stands', async () => {
    const files = { 'a.yaml': named('a', OLD), 'b.yaml': named('b', `${PROJECT}:17.7-system-trixie`) }
    expect((await proposalsOf(files)).map(told)).toEqual([
      {
        name: 'postgresql',
        to: ['a.yaml 17.11-system-trixie', 'b.yaml 17.11-system-trixie'],
        classes: ['pg-minor'],
        holds: [],
      },
    ])
  })

  it('other tracks apart', async () => {
    const files = { 'a.yaml': named('a', OLD), 'b.yaml': named('b', `${PROJECT}:17.6-standard-trixie`) }
    expect((await proposalsOf(files)).map(({ updateKey }) => updateKey)).toEqual([
      `v1|image|${PROJECT}|pg17/standard/trixie`,
      `v1|image|${PROJECT}|pg17/system/trixie`,
    ])
  })

  it('the images of one database, so that it restarts once', async () => {
    const files = { 'a.yaml': cluster(OLD, extension('3.6.0')) }
    expect((await proposalsOf(files)).map(told)).toEqual([
      {
        name: 'postgresql',
        group: 'database apps/db',
        to: ['a.yaml 17.11-system-trixie', 'a.yaml 3.6.1-17-trixie'],
        classes: ['pg-minor', 'patch'],
        holds: [],
      },
    ])
  })

  it('under the same key when only one of them has an update', async () => {
    const both = await proposalsOf({ 'a.yaml': cluster(OLD, extension('3.6.0')) })
    const newest = both[0]?.edits[0]?.to.replace(`${PROJECT}:`, '') ?? ''
    const [only] = await proposalsOf({ 'a.yaml': cluster(`${PROJECT}:${newest}`, extension('3.6.0')) })
    expect(only?.members.map(({ reference }) => reference.role)).toEqual(['extension'])
    expect(only?.key).toBe(both[0]?.key)
    expect(only?.content).not.toBe(both[0]?.content)
  })

  it('a new major goes alone, one database after the other', async () => {
    const files = { 'a.yaml': named('a', OLD), 'b.yaml': named('b', OLD) }
    const proposals = await proposalsOf(files, {}, ['pg-major'])
    expect(proposals.map(told)).toEqual([
      { name: 'postgresql', to: ['a.yaml 18.6-system-trixie'], classes: ['pg-major'], holds: [] },
      { name: 'postgresql', to: ['b.yaml 18.6-system-trixie'], classes: ['pg-major'], holds: [] },
    ])
    // and one of them by its key
    const one = await proposalsOf(files, {}, [proposals[1]?.key ?? ''])
    expect(one.map(told)).toEqual([
      { name: 'postgresql', to: ['a.yaml 17.11-system-trixie'], classes: ['pg-minor'], holds: [] },
      { name: 'postgresql', to: ['b.yaml 18.6-system-trixie'], classes: ['pg-major'], holds: [] },
    ])
  })

  it('never a major under the key of a catalog that promises another', async () => {
    const catalog = `apiVersion: postgresql.cnpg.io/v1\nkind: ImageCatalog\nmetadata: { name: c }\nspec:\n  images:\n    - major: 17\n      image: ${OLD}\n`
    expect((await proposalsOf({ 'a.yaml': catalog }, {}, ['pg-major'])).map(told)).toEqual([
      { name: 'postgresql', to: ['a.yaml 17.11-system-trixie'], classes: ['pg-minor'], holds: [] },
    ])
  })
})

describe('a new major takes along', () => {
  it('its extensions and its dumps', async () => {
    const files = { 'a.yaml': cluster(OLD, extension('3.6.0')), 'b.yaml': dump(OLD) }
    expect((await proposalsOf(files, {}, ['pg-major'])).map(told)).toEqual([
      {
        name: 'postgresql',
        group: 'major apps/db',
        to: ['a.yaml 18.6-system-trixie', 'a.yaml 3.6.1-18-trixie', 'b.yaml 18.6-system-trixie'],
        classes: ['pg-major'],
        holds: [],
      },
    ])
  })

  it.each([
    ['an extension that is not built for it', extension('3.6.0'), { [POSTGIS]: charts('3.6.0-17-trixie') }],
    ['an extension that does not answer', extension('3.6.0'), { [POSTGIS]: {} }],
  ])('or waits for %s', async (_case, more, images) => {
    const tools = tables({ ...ALL, ...images })
    const proposals = await proposalsOf({ 'a.yaml': cluster(OLD, more) }, {}, ['pg-major'], tools)
    expect(proposals.map(told)).toMatchObject([
      { to: ['a.yaml 18.6-system-trixie'], holds: ['precondition'] },
    ])
  })

  it('and a dump alone goes to no other major', async () => {
    expect((await proposalsOf({ 'b.yaml': dump(OLD) }, {}, ['pg-major'])).map(told)).toMatchObject([
      { to: ['b.yaml 17.11-system-trixie'] },
    ])
  })
})

describe('groups of the configuration', () => {
  const [a, b] = ['r.example.org/rook/a', 'r.example.org/rook/b']
  const files = { 'a.yaml': workload('a', `${a}:v1.0.0`), 'b.yaml': workload('b', `${b}:1.0.0`) }
  const group = { name: 'rook', packages: ['r.example.org/rook/*'], lockStep: false, minimum: 1 }
  it.each<[string, Partial<typeof group>, Record<string, string>, string[], string[]]>([
    [
      'each as far as it goes',
      {},
      { [a]: 'v1.0.0 v1.2.0', [b]: '1.0.0 1.1.0' },
      ['a.yaml v1.2.0', 'b.yaml 1.1.0'],
      [],
    ],
    [
      'in lock-step as far as all go',
      { lockStep: true },
      { [a]: 'v1.0.0 v1.1.0 v1.2.0', [b]: '1.0.0 1.1.0' },
      ['a.yaml v1.1.0', 'b.yaml 1.1.0'],
      [],
    ],
    ['in lock-step, and one has nothing', { lockStep: true }, { [a]: 'v1.0.0 v1.2.0', [b]: '1.0.0' }, [], []],
    [
      'in lock-step, and one does not answer',
      { lockStep: true },
      { [a]: 'v1.0.0 v1.2.0' },
      ['a.yaml v1.2.0'],
      ['lock-step'],
    ],
    ['too few', { minimum: 2 }, { [a]: 'v1.0.0 v1.2.0', [b]: '1.0.0' }, ['a.yaml v1.2.0'], ['lock-step']],
  ])('%s', async (_case, more, versions, to, holds) => {
    const source = tables(
      Object.fromEntries(Object.entries(versions).map(([name, all]) => [name, charts(all)])),
    )
    const proposals = await proposalsOf(files, { groups: [{ ...group, ...more }] }, [], source)
    expect(proposals.flatMap(one => told(one).to)).toEqual(to)
    expect(proposals.flatMap(one => told(one).holds)).toEqual(holds)
    for (const one of proposals) expect([one.name, one.updateKey]).toEqual(['rook', 'v1|group|rook'])
  })
})

describe('what waits', () => {
  it('one that a comment holds is left out of its kind', async () => {
    expect((await proposalsOf(held('hold until 2026-10-01 after the sale'))).map(told)).toMatchObject([
      { to: ['a.yaml 17.11-system-trixie'], holds: [] },
    ])
  })

  it('alone it waits, and says until when', async () => {
    const [only] = await proposalsOf({ 'b.yaml': held('hold until 2026-10-01 after the sale')['b.yaml'] })
    expect(only?.holds).toEqual([
      {
        kind: 'comment',
        message: 'A comment holds it until 2026-10-01 (after the sale).',
        until: '2026-10-01T00:00:00.000Z',
      },
    ])
  })

  it('a rebuild for its window', async () => {
    const digest = `sha256:${'b'.repeat(64)}`
    const name = 'r.example.org/postgres'
    const proposals = await proposalsOf(
      { 'a.yaml': cluster(`${name}:17.6@${digest}`) },
      {},
      [],
      tables({ [name]: { '17.6': 'sha256:new' } }),
    )
    expect(proposals).toMatchObject([{ classes: ['rebuild'], policy: { open: ['monthly'] } }])
    // 2026-09-01 is in the first week
    expect(proposals[0]?.holds).toEqual([])
    const later = await proposalsOf(
      { 'a.yaml': cluster(`${name}:17.6@${digest}`) },
      { classes: { rebuild: { open: ['weekly'] } } },
      [],
      tables({ [name]: { '17.6': 'sha256:new' } }),
    )
    expect(later[0]?.holds).toMatchObject([{ kind: 'window', until: '2026-09-07T00:00:00.000Z' }])
  })
})

it.each<[string, Partial<UpdatesConfig>, string[], string[]]>([
  [
    'the defaults',
    {},
    ['db.yaml 17.11-system-trixie', 'chart.yaml 0.27.1'],
    ['0.28.3', '18.6-system-trixie'],
  ],
  [
    'a class on request',
    { classes: { 'pg-minor': { propose: 'on-request' } } },
    ['chart.yaml 0.27.1'],
    ['17.11-system-trixie'],
  ],
  [
    'a class never',
    { classes: { 'pg-major': { propose: 'never' }, 'operator-patch': { propose: 'never' } } },
    ['db.yaml 17.11-system-trixie'],
    ['0.28.3'],
  ],
  [
    'a class unasked',
    { classes: { 'operator-minor': { propose: 'unasked' } } },
    ['db.yaml 17.11-system-trixie', 'chart.yaml 0.28.3'],
    [],
  ],
  ['files left to others', { ignorePaths: ['d*.yaml'] }, ['chart.yaml 0.27.1'], []],
  [
    'packages left to others',
    { ignorePackages: ['ghcr.io/cloudnative-pg/charts/*'] },
    ['db.yaml 17.11-system-trixie'],
    [],
  ],
])('policies: %s', async (_case, config, want, onRequest) => {
  const files = { 'db.yaml': cluster(OLD), 'chart.yaml': artifact('0.27.0') }
  const { proposals, updates } = await propose(files, [], tables(ALL), config)
  expect(proposals.flatMap(one => told(one).to)).toEqual(want)
  const offered = updates.flatMap(one => one.onRequest.map(({ version }) => version))
  expect(offered).toEqual(expect.arrayContaining(onRequest))
})

it('what is never done cannot be asked for', async () => {
  const config = { classes: { 'pg-major': { propose: 'never' as const } } }
  const { updates } = await propose({ 'db.yaml': cluster(OLD) }, ['pg-major'], tables(ALL), config)
  expect(updates[0]?.choice?.version).toBe('17.11-system-trixie')
  expect(updates[0]?.onRequest.filter(({ classes }) => classes.includes('pg-major'))).toEqual([])
})

it('the most urgent comes first, and what must not go without a person says so', async () => {
  const files = {
    'chart.yaml': artifact('0.27.0'),
    'app.yaml': workload('a', 'r.example.org/a:1.0.0'),
    'db.yaml': cluster(OLD),
  }
  const proposals = await proposalsOf(
    files,
    {},
    ['operator-minor'],
    tables({ ...ALL, 'r.example.org/a': charts('1.0.0 1.1.0') }),
  )
  expect(proposals.map(({ name, policy }) => [name, policy.propose])).toEqual([
    ['postgresql', 'unasked'],
    ['cloudnative-pg', 'on-request'],
    ['a', 'unasked'],
  ])
})
