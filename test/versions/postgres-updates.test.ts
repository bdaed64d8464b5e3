import { describe, expect, it } from 'vitest'
import { PostgresPool } from '../../src/versions/postgres-pool.ts'
import { readPostgresTag, type PostgresTag } from '../../src/versions/postgres-tag.ts'
import { postgresUpdates, type PostgresUpdateClass } from '../../src/versions/postgres-updates.ts'
import { catalogTags, movingTags, OLDER_FORMS } from './cnpg-tags.ts'

const CATALOG = catalogTags()
const ALL = [...CATALOG, ...movingTags(CATALOG), ...OLDER_FORMS]
const POOL = new PostgresPool(ALL, true)
const digestOf = (tag: string) => ALL.find(one => one.tag === tag)?.digest ?? ''
const OLD_MINIMAL = '17.6-202509151215-minimal-trixie'

it('the fixture is whole', () => expect(CATALOG).toHaveLength(2187))

describe('reads tags', () => {
  it.each<[string, Partial<PostgresTag>]>([
    ['17', { major: 17, type: 'system', os: 'bullseye', form: 'MM' }],
    ['17.2', { major: 17, minor: 2, type: 'system', os: 'bullseye', form: 'MM.mm' }],
    ['17-bookworm', { major: 17, type: 'system', os: 'bookworm', form: 'MM-OS' }],
    ['17.2-7', { minor: 2, build: { kind: 'count', value: 7 }, type: 'system', form: 'MM.mm-N' }],
    ['17.2-7-bookworm', { build: { kind: 'count', value: 7 }, os: 'bookworm', form: 'MM.mm-N-OS' }],
    ['18-standard-trixie', { major: 18, type: 'standard', os: 'trixie', form: 'MM-TYPE-OS' }],
    ['17.2-standard-bookworm', { minor: 2, type: 'standard', form: 'MM.mm-TYPE-OS' }],
    [OLD_MINIMAL, { build: { kind: 'timestamp', value: 202509151215 }, form: 'MM.mm-TS-TYPE-OS' }],
    ['19beta3', { major: 19, preRelease: { stage: 'beta', number: 3 }, form: 'MM.mm' }],
    ['18rc1-minimal-trixie', { preRelease: { stage: 'rc', number: 1 }, form: 'MM.mm-TYPE-OS' }],
  ])('%s', (tag, want) => expect(readPostgresTag(tag, true)).toMatchObject({ tag, ...want }))

  it.each<[string, Partial<PostgresTag>]>([
    ['18.6-3.6.2-system-trixie', { minor: 6, bundle: [3, 6, 2], form: 'MM.mm-b.b.b-TYPE-OS' }],
    ['17-3-standard-trixie', { bundle: [3], form: 'MM-b-TYPE-OS' }],
    ['17.5-0.4.3', { minor: 5, bundle: [0, 4, 3], form: 'MM.mm-b.b.b' }],
    ['16.4-alpine', { minor: 4, os: 'alpine' }],
  ])('of other images: %s', (tag, want) => {
    expect(readPostgresTag(tag, false)).toMatchObject(want)
  })

  it.each([
    'latest',
    'pg17-v0.4.0',
    'v17',
    '',
    '17.2.',
    '17_2',
    '17.2-standard-trixie-debug',
    '0.27.0',
    '017',
  ])('not %s', tag => expect(readPostgresTag(tag, true)).toBeUndefined())
})

/** current → what is proposed unasked */
const UNASKED_TABLE: [string, string | undefined, PostgresUpdateClass[]?][] = [
  // one build: a newer minor, else a newer build, in the same form
  [OLD_MINIMAL, '17.11-202608170816-minimal-trixie', ['pg-minor']],
  ['17.11-202608170816-minimal-trixie', undefined],
  ['18.6-202608170814-standard-bookworm', undefined],
  ['13.22-202509091311-minimal-bookworm', '13.22-202511100817-minimal-bookworm', ['rebuild']],
  // moving with the builds
  ['17.6-system-trixie', '17.11-system-trixie', ['pg-minor']],
  ['17.2-standard-bookworm', '17.11-standard-bookworm', ['pg-minor']],
  ['17.11-standard-bookworm', undefined],
  // moving with the minors, nothing pinned
  ['18-standard-trixie', undefined],
  ['17-minimal-bullseye', undefined],
  // builds by number stop where the project stopped
  ['17.2-7-bookworm', '17.5-1-bookworm', ['pg-minor']],
  // the old forms: never unasked, although newer ones are there
  ['17', undefined],
  ['17.2', undefined],
  ['17.2-7', undefined],
  ['18.1', undefined],
  ['17-bookworm', undefined],
  // a pre-release stays where it is until asked
  ['19beta1-standard-trixie', undefined],
  ['19beta3', undefined],
]

describe('unasked', () => {
  it.each(UNASKED_TABLE)('%s → %s', (tag, want, classes) => {
    const { proposal } = postgresUpdates({ tag }, POOL)
    expect(proposal?.to.tag).toBe(want)
    expect(proposal?.classes).toEqual(classes)
  })

  it('a moving tag whose digest has moved: what it stood for says of which class', () => {
    const at = (pinned: string) =>
      postgresUpdates({ tag: '17-standard-trixie', digest: digestOf(pinned) }, POOL).proposal
    expect(at('17.10-202608030910-standard-trixie')).toMatchObject({
      to: { tag: '17-standard-trixie', digest: digestOf('17.11-202608170816-standard-trixie') },
      classes: ['pg-minor'],
      from: '17.10',
      release: '17.11',
    })
    const older = CATALOG.filter(({ tag }) => /^17\.11-.*-standard-trixie$/.test(tag))
      .map(({ tag }) => tag)
      .toSorted()[0]
    expect(at(older ?? '')).toMatchObject({ classes: ['rebuild'], from: '17.11', release: '17.11' })
    expect(at('17.11-202608170816-standard-trixie')).toBeUndefined()
  })

  it('a registry that lags behind what is pinned proposes nothing', () => {
    const pool = new PostgresPool(
      [...CATALOG, { tag: '17-standard-trixie', digest: digestOf('17.6-202509151215-standard-trixie') }],
      true,
    )
    const digest = digestOf('17.11-202608170816-standard-trixie')
    expect(postgresUpdates({ tag: '17-standard-trixie', digest }, pool).proposal).toBeUndefined()
  })

  it('images that bundle something keep it', () => {
    const tags = ['17.5-3.5.2-system-trixie', '17.6-3.5.2-system-trixie', '17.7-3.6.0-system-trixie']
    const pool = new PostgresPool(
      tags.map(tag => ({ tag })),
      false,
    )
    const updates = postgresUpdates({ tag: '17.5-3.5.2-system-trixie' }, pool)
    expect(updates.proposal?.to.tag).toBe('17.6-3.5.2-system-trixie')
    expect(updates.onRequest).toMatchObject([
      { to: { tag: '17.7-3.6.0-system-trixie' }, classes: ['pg-minor', 'bundle-change'] },
    ])
  })
})

/** current → class → what could be asked for */
const ON_REQUEST: [string, PostgresUpdateClass, string[]][] = [
  [OLD_MINIMAL, 'pg-major', ['18.6-202608170814-minimal-trixie']],
  ['16.13-standard-bookworm', 'pg-major', ['17.11-standard-bookworm', '18.6-standard-bookworm']],
  ['18-standard-trixie', 'pg-major', []],
  ['17-minimal-bookworm', 'pg-major', ['18-minimal-bookworm']],
  ['17.6-standard-bullseye', 'os-change', ['17.11-standard-bookworm', '17.11-standard-trixie']],
  ['17.6-standard-bookworm', 'os-change', ['17.11-standard-trixie']],
  ['17.6-standard-trixie', 'os-change', []],
  ['17.6-system-trixie', 'type-change', ['17.11-minimal-trixie', '17.11-standard-trixie']],
  ['17.6-system-trixie', 'flavour-form', ['17-system-trixie', '17.11-202608170816-system-trixie']],
  ['18-standard-trixie', 'pre-release', []],
  ['18.6-standard-trixie', 'pre-release', ['19beta3-standard-trixie']],
  ['19beta1-standard-trixie', 'pre-release', ['19beta3-standard-trixie']],
  [
    '17.2-7-bookworm',
    'flavour-form',
    ['17-bookworm', '17-system-bookworm', '17.11-202608170816-system-bookworm', '17.11-system-bookworm'],
  ],
]

describe('on request', () => {
  it.each(ON_REQUEST)('%s, %s', (tag, wanted, want) => {
    const { onRequest } = postgresUpdates({ tag }, POOL)
    const found = onRequest.filter(({ classes }) => classes.includes(wanted)).map(({ to }) => to.tag)
    expect(found.toSorted()).toEqual(want.toSorted())
  })

  it('a bare tag is reported with the ways out', () => {
    const { proposal, onRequest, remarks } = postgresUpdates({ tag: '17.2' }, POOL)
    expect(proposal).toBeUndefined()
    expect(remarks.map(({ kind }) => kind)).toEqual(['retired-form', 'dead-end', 'floating'])
    const ways = new Map(onRequest.map(({ to, classes }) => [to.tag, classes]))
    // the same image under another form of tag, another operating system, another type
    expect(ways.get('17.11-system-bullseye')).toEqual(['pg-minor', 'flavour-form'])
    expect(ways.get('17.11-system-trixie')).toEqual(['pg-minor', 'os-change', 'flavour-form'])
    expect(ways.get('17.11-standard-bookworm')).toContain('type-change')
    expect(ways.get('17.6')).toEqual(['pg-minor'])
  })
})

describe('remarks', () => {
  it.each([
    ['pg17-v0.4.0', 'no-version'],
    ['latest', 'no-version'],
    ['17.2-standard-trixie-debug', 'unknown-tag'],
    ['17.6-sid', 'dead-end'],
    ['17.5-1-bookworm', 'dead-end'],
    ['18-standard-trixie', 'floating'],
  ])('%s: %s', (tag, kind) => {
    expect(postgresUpdates({ tag }, POOL).remarks.map(remark => remark.kind)).toContain(kind)
  })

  it('a build that is published under another digest', () => {
    const { proposal, remarks } = postgresUpdates(
      { tag: '17.11-202608170816-standard-trixie', digest: 'sha256:1' },
      POOL,
    )
    expect(proposal).toBeUndefined()
    expect(remarks).toMatchObject([{ kind: 'moved-tag' }])
  })
})

/** `[what must hold, current, target]` of what does not hold. */
const broken = (current: string, target: string, rules: Record<string, boolean>) =>
  Object.entries(rules)
    .filter(([, holds]) => !holds)
    .map(([rule]) => [rule, current, target])

it('never an older one, another major, system, type, form or a pre-release unasked, whatever runs', () => {
  let proposed = 0
  const problems = ALL.flatMap(current => {
    const from = readPostgresTag(current.tag, true)
    const { proposal } = postgresUpdates(current, POOL)
    const to = readPostgresTag(proposal?.to.tag ?? '', true)
    if (from === undefined || proposal === undefined || to === undefined) return []
    proposed++
    const step = (to.minor ?? 0) - (from.minor ?? 0)
    return broken(current.tag, to.tag, {
      alike: ['major', 'type', 'os', 'form'].every(part => Reflect.get(to, part) === Reflect.get(from, part)),
      stable: to.preRelease === undefined,
      newer: step > 0 || (step === 0 && (to.build?.value ?? 0) >= (from.build?.value ?? 0)),
      other: to.tag !== current.tag || proposal.to.digest !== current.digest,
      class: ['pg-minor', 'rebuild'].includes(proposal.classes.join()),
    })
  })
  expect(problems).toEqual([])
  expect(proposed).toBeGreaterThan(1900)
})

it('what can be asked for is never older, and is called what it is', () => {
  const problems = ALL.filter((_, at) => at % 5 === 0).flatMap(current => {
    const from = readPostgresTag(current.tag, true)
    return postgresUpdates(current, POOL).onRequest.flatMap(({ to: { tag }, classes }) => {
      const to = readPostgresTag(tag, true)
      if (from === undefined || to === undefined) return [['unreadable', current.tag, tag]]
      const sameMajor = to.major === from.major
      return broken(current.tag, tag, {
        newer: sameMajor
          ? to.minor === undefined || from.minor === undefined || to.minor >= from.minor
          : to.major > from.major,
        preRelease:
          classes.includes('pre-release') === (to.preRelease !== undefined || from.preRelease !== undefined),
        os: classes.includes('os-change') === (to.os !== from.os),
        type: classes.includes('type-change') === (to.type !== from.type),
        form: classes.includes('flavour-form') === (to.form !== from.form),
        major: classes.includes('pg-major') === !sameMajor,
      })
    })
  })
  expect(problems).toEqual([])
})
