import { describe, expect, it } from 'vitest'
import { isoDate, readCharts, readNotes, readSources, readSupport } from '../../.github/releases/read.ts'

describe('what the project writes about its releases', () => {
  it.each([
    ['29 Jun 2026', '2026-06-29'],
    ['June 30, 2026', '2026-06-30'],
    ['December, 9 2025', '2025-12-09'],
    ['Nov 10, 2022', '2022-11-10'],
    ['~  Dec 2026', '2026-12-31'],
    ['~ Feb, 2028', '2028-02-29'],
  ])('the date %j is %s', (text, iso) => {
    expect(isoDate(text)).toBe(iso)
  })

  it('a date that is none is no date of another day', () => {
    expect(() => isoDate('to be announced')).toThrow('no date')
  })

  it('the tables of supported and old releases', () => {
    expect(readSupport(SUPPORT)).toEqual({
      '1.30': {
        released: '2026-06-29',
        endOfLife: '2026-12-31',
        estimated: true,
        kubernetes: ['1.34', '1.35', '1.36'],
        kubernetesTested: ['1.33', '1.37'],
        postgres: [14, 15, 16, 17, 18],
      },
      '1.28': { released: '2025-12-09', endOfLife: '2026-06-30', kubernetes: ['1.32', '1.33'] },
    })
  })

  it('notes: dates, what is important, advisories, versions of PostgreSQL', () => {
    expect(readNotes(NOTES)).toEqual({
      '1.30.1': {
        released: '2026-09-23',
        important: [],
        advisories: [{ ids: ['CVE-2026-84304', 'GHSA-vp52-pcj8-j9qc'], title: GRPC }],
      },
      '1.30.0': {
        released: '2026-06-29',
        important: ['The cluster reference is now immutable.', 'Native Barman Cloud'],
        advisories: [{ ids: ['CVE-2026-55769', 'GHSA-x8c2-3p4r-v9r6'], title: 'search_path pinning' }],
        postgres: [14, 15, 16, 17, 18],
      },
      '1.24.1': { released: '', important: [], advisories: [], postgres: [17] },
    })
  })

  it('charts of a Helm repository, by version and without pre-releases', () => {
    const entries = {
      'cloudnative-pg': [
        { version: '0.29.0', appVersion: '1.30.0' },
        { version: '0.9.0', appVersion: 'v1.10.0' },
        { version: '0.23.0-rc1', appVersion: '1.25.0-rc1' },
      ],
      other: [{ version: '1.0.0', appVersion: '1' }],
    }
    expect(JSON.stringify(readCharts({ entries }, ['cloudnative-pg', 'absent']))).toBe(
      '{"cloudnative-pg":{"0.9.0":"1.10.0","0.29.0":"1.30.0"},"absent":{}}',
    )
  })

  it('sources, and no guess where they are written in another way', () => {
    expect(readSources(SOURCES)).toEqual({
      defaultImage: 'ghcr.io/cloudnative-pg/postgresql:18.4-system-trixie',
      barmanRemovedIn: '1.31.0',
      rewritesAlways: false,
    })
    expect(readSources({ ...SOURCES, goMod: 'sigs.k8s.io/controller-runtime v0.22.4' }).rewritesAlways).toBe(
      true,
    )
    expect(() => readSources({ ...SOURCES, webhook: '' })).toThrow('not written as they used to be')
  })
})

const SUPPORT = `# Supported releases

| Version | Currently supported | Release date | End of life | Supported Kubernetes versions | Tested, but not supported | Supported Postgres versions |
|---------|---------------------|--------------|-------------|-------------------------------|---------------------------|-----------------------------|
| 1.30.x  | Yes                 | 29 Jun 2026  | ~  Dec 2026 | 1.36, 1.35, 1.34              | 1.37, 1.33                | 14 - 18                     |
| main    | No, development only |             |             |                               |                           | 13 - 18                     |

## Upcoming releases

| Version | Release date | End of life |
|---------|--------------|-------------|
| 1.31.0  | ~ Sep, 2026  | ~ Mar, 2027 |

## Old releases

| Version | Release date      | End of life   | Supported Kubernetes versions |
|---------|-------------------|---------------|-------------------------------|
| 1.28.x  | December, 9 2025  | June 30, 2026 | 1.32, 1.33                    |
`

const GRPC =
  'Updated google.golang.org/grpc to v1.83.1, fixing CVE-2026-84304 / GHSA-vp52-pcj8-j9qc (memory).'

const NOTES = `# Release notes

## Version 1.30.1

**Release date:** Sep 23, 2026

### Security and Supply Chain

- Updated \`google.golang.org/grpc\` to v1.83.1, fixing
  [CVE-2026-84304](https://nvd.example/CVE-2026-84304) / GHSA-vp52-pcj8-j9qc
  (memory).
  ([#11394](https://github.example/11394)) <!-- 1.29 1.28 -->

- **Build pipeline hardening**: the Go 1.26.3 bump also addresses
  CVE-2026-42501. The affected code paths are not reachable from the running operator.

## Version 1.30.0

**Release date:** Jun 29, 2026

### Important changes

- The \`cluster\` reference is now immutable. Pointing elsewhere is rejected.
  ([#10743](https://github.example/10743)) <!-- 1.29 -->

- **Native Barman Cloud**: it goes.

### Security

- **\`CVE-2026-55769\` / \`GHSA-x8c2-3p4r-v9r6\`: \`search_path\` pinning**: a
  chain (same class as \`CVE-2018-1058\`) that the operator now pins.

### Supported versions

- Kubernetes 1.36, 1.35, and 1.34
- PostgreSQL 18, 17, 16, 15, and 14
    - PostgreSQL 18.4 is the default image

## Version 1.24.1

### Supported versions

- PostgreSQL 17 (PostgreSQL 17.0 is the default image)

## Version 1.30.0-rc1

**Release date:** Jun 9, 2026
`

const SOURCES = {
  versions: 'DefaultImageName = "ghcr.io/cloudnative-pg/postgresql:18.4-system-trixie"',
  webhook: '"completely removed in CloudNativePG 1.31.0. Found usage in: %s. "',
  goMod: '\tsigs.k8s.io/controller-runtime v0.24.1',
}
