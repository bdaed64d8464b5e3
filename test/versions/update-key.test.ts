import { describe, expect, it } from 'vitest'
import type { ProposedEdit } from '../../src/versions/proposal.ts'
import type { ReferencePackage, ReferenceRole, VersionReference } from '../../src/versions/reference.ts'
import { contentOf, keyDigest, shortName, updateKeyOf } from '../../src/versions/update-key.ts'

const POSTGRES = 'ghcr.io/cloudnative-pg/postgresql'
const image = (name: string): ReferencePackage => ({ kind: 'image', name })
const reference = (target: ReferencePackage, role: ReferenceRole, version: string): VersionReference => ({
  role,
  package: target,
  current: { version },
  fields: {},
  place: { file: 'a.yaml', line: 1 },
  remarks: [],
})

describe('updateKeyOf', () => {
  it.each<[ReferencePackage, ReferenceRole, string, [string, string[]] | undefined, string]>([
    [image(POSTGRES), 'postgres', '17.6-system-trixie', undefined, `v1|image|${POSTGRES}|pg17/system/trixie`],
    // whatever the form, and wherever it is used
    [image(POSTGRES), 'dump', '17-system-trixie', undefined, `v1|image|${POSTGRES}|pg17/system/trixie`],
    [image(POSTGRES), 'postgres', '17.2', undefined, `v1|image|${POSTGRES}|pg17/system/bullseye`],
    [
      image(POSTGRES),
      'postgres',
      '17.6-system-trixie',
      ['18.6-standard-trixie', ['pg-major', 'type-change']],
      `v1|image|${POSTGRES}|pg17/system/trixie→pg-major 18+type-change standard`,
    ],
    [
      image(POSTGRES),
      'postgres',
      '17.6-system-trixie',
      ['17.11-system-trixie', ['pg-minor']],
      `v1|image|${POSTGRES}|pg17/system/trixie`,
    ],
    [
      image('nginx'),
      'workload',
      '1.27-alpine',
      ['2.0-alpine', ['major']],
      'v1|image|nginx|1 #.#-alpine→major',
    ],
    [
      { kind: 'oci', url: 'oci://ghcr.io/cloudnative-pg/charts/cloudnative-pg' },
      'artifact',
      '0.27.0',
      ['0.28.0', ['operator-minor']],
      'v1|oci|oci://ghcr.io/cloudnative-pg/charts/cloudnative-pg|artifact',
    ],
    [
      { kind: 'helm', repository: 'https://charts.example.org', chart: 'x' },
      'chart',
      '1.0.0',
      undefined,
      'v1|helm|https://charts.example.org x|chart',
    ],
    [image('nginx'), 'workload', '1.27-alpine', undefined, 'v1|image|nginx|1 #.#-alpine'],
    [image('nginx'), 'workload', 'stable', undefined, 'v1|image|nginx|stable'],
  ])('%j as %s at %s to %j', (target, role, version, to, want) => {
    const choice = to === undefined ? undefined : { version: to[0], classes: to[1] }
    expect(updateKeyOf(reference(target, role, version), choice)).toBe(want)
  })

  it('does not know the version it goes to: the same before and after a minor', () => {
    const [before, after] = ['17.6-system-trixie', '17.11-system-trixie'].map(version =>
      keyDigest(updateKeyOf(reference(image(POSTGRES), 'postgres', version))),
    )
    expect(before).toBe(after)
    expect(before).toMatch(/^[0-9a-f]{10}$/)
  })
})

const edit = (path: string, to: string): ProposedEdit => ({
  path,
  document: 0,
  pointer: ['spec', 'images', 0],
  from: 'x:1',
  to,
})

describe('contentOf', () => {
  it('is of the edits, in whichever order', () => {
    const [a, b] = [edit('a.yaml', 'x:2'), edit('b.yaml', 'x:2')]
    expect(contentOf([a, b])).toBe(contentOf([b, a]))
    expect(contentOf([a, b])).not.toBe(contentOf([a]))
    expect(contentOf([a])).not.toBe(contentOf([edit('a.yaml', 'x:3')]))
  })

  it('is this one: ignored updates stay ignored from release to release', () => {
    expect(contentOf([edit('a.yaml', 'x:2')])).toBe(
      'd8a9bb78ba81bbbe0ed66464bd5eac470c72d3743f668e3bc97562dc18d625bb',
    )
  })
})

it.each<[ReferencePackage, string]>([
  [image(POSTGRES), 'postgresql'],
  [{ kind: 'oci', url: 'oci://ghcr.io/a/charts/b/' }, 'b'],
  [{ kind: 'helm', repository: 'https://x', chart: 'y' }, 'y'],
])('%j is called %s', (target, want) => expect(shortName(target)).toBe(want))
