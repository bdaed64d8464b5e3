// Makes src/cnpg/release/operator-releases.json from what the CloudNativePG project publishes.
//
//   node .github/releases/refresh.ts [X.Y.Z]              write the file; X.Y.Z: the newest release, absent: the one in the file
//   node .github/releases/refresh.ts --charts FILE|URL    charts from an index.yaml (default: the project's Helm repository)
//   node .github/releases/refresh.ts --check              fail where the file is not what the sources say
//
// Needs `go` on PATH: the documentation and sources of each release come out of its Go module, by `go mod download`, which checks them
// against the checksum database. What cannot be had (a release that the module proxy lacks, the charts without a network) stays as the
// file has it, and is said. Releases older than the oldest one in the file are left out.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { parse } from 'yaml'
import { download } from '../catalog/go-module.ts'
import { byVersion, readCharts, readNotes, readSources, readSupport, type Notes } from './read.ts'

const MODULE = 'github.com/cloudnative-pg/cloudnative-pg'
const CHARTS = 'https://cloudnative-pg.github.io/charts/index.yaml'
const file = path.join(import.meta.dirname, '../../src/cnpg/release/operator-releases.json')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { charts: { type: 'string', default: CHARTS }, check: { type: 'boolean', default: false } },
})

const present = JSON.parse(readFileSync(file, 'utf8'))
const oldest: string = Object.keys(present.releases)[0] ?? '1.26.0'
const newest: string = positionals[0] ?? present.sources.newest
const documentation = path.join(download(MODULE, newest), 'docs/src')
const notes = Object.assign(
  {},
  ...globSync('release_notes/{,old/}v*.md', { cwd: documentation })
    .toSorted()
    .map(name => readNotes(readFileSync(path.join(documentation, name), 'utf8'))),
)
const versions = Object.keys(notes)
  .filter(version => byVersion(version, oldest) >= 0)
  .toSorted(byVersion)

const releases = Object.fromEntries(
  versions.map(version => {
    const { released, important } = notes[version]
    return [version, { released, ...sourcesOf(version), ...(important.length === 0 ? {} : { important }) }]
  }),
)

const advisories = new Map<string, { ids: string[]; title: string; fixedIn: string[] }>()
for (const version of versions)
  for (const { ids, title } of notes[version].advisories) {
    const known = advisories.get(ids.join(' ')) ?? { ids, title, fixedIn: [] }
    known.fixedIn.push(version)
    advisories.set(ids.join(' '), known)
  }

const support = readSupport(readFileSync(path.join(documentation, 'supported_releases.md'), 'utf8'))
const lines = Object.fromEntries(
  Object.entries(support)
    .filter(([minor]) => byVersion(minor, '1.22') >= 0)
    .toSorted(([a], [b]) => byVersion(a, b))
    .map(([minor, line]) => {
      const noted = Object.entries(notes as Record<string, Notes>)
        .filter(([version]) => version.startsWith(`${minor}.`))
        .flatMap(([, { postgres }]) => postgres ?? [])
      // notes of a patch release name what it adds: without those of the first release they are not the list
      const whole = notes[`${minor}.0`]?.postgres === undefined ? [] : noted
      const postgres = line.postgres ?? [...new Set(whole)].toSorted((a, b) => a - b)
      return [minor, { ...line, ...(postgres.length === 0 ? {} : { postgres }) }]
    }),
)

const text = `${JSON.stringify(
  {
    about: present.about,
    sources: { ...present.sources, newest },
    lines,
    releases,
    advisories: [...advisories.values()],
    charts: await charts(),
  },
  null,
  2,
)}\n`

if (!values.check) writeFileSync(file, text)
// the formatter lays the file out
else if (!isDeepStrictEqual(JSON.parse(text), present)) {
  console.error(
    `${path.relative(process.cwd(), file)} is not what the sources say: run npm run refresh:releases`,
  )
  process.exitCode = 1
}

function sourcesOf(version: string): object {
  try {
    const directory = download(MODULE, version)
    const read = (name: string) => readFileSync(path.join(directory, name), 'utf8')
    return readSources({
      versions: read('pkg/versions/versions.go'),
      webhook: read('internal/webhook/v1/cluster_webhook.go'),
      goMod: read('go.mod'),
    })
  } catch {
    const known = present.releases[version]
    console.warn(
      `${version}: its sources cannot be had, ${known === undefined ? 'nothing is known of them' : 'left as they were'}`,
    )
    const { released: _released, important: _important, ...kept } = known ?? {}
    return kept
  }
}

async function charts(): Promise<Record<string, Record<string, string>>> {
  const names = Object.keys(present.charts)
  try {
    const source = values.charts
    const index = /^https:/.test(source)
      ? await (await fetch(source, { signal: AbortSignal.timeout(30_000) })).text()
      : readFileSync(source, 'utf8')
    return readCharts(parse(index), names)
  } catch {
    console.warn('the charts cannot be had: left as they were')
    return present.charts
  }
}
