import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chartCache } from '../src/adapters/chart-cache.ts'
import { HelmRepositories } from '../src/adapters/helm-repository.ts'
import { OciRegistry } from '../src/adapters/oci-registry.ts'
import { Outbound } from '../src/adapters/outbound.ts'
import { imageAddress, registryVersions } from '../src/adapters/registry-versions.ts'
import { editUpdates } from '../src/edit-updates.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import updatesSchema from '../src/report/schema/updates.schema.json' with { type: 'json' }
import { updatesJson } from '../src/report/updates-json.ts'
import { updatesText } from '../src/report/updates.ts'
import reviewSchema from '../src/report/schema/review.schema.json' with { type: 'json' }
import type { VersionSource } from '../src/versions/version-source.ts'
import { chartOf, findTool } from './charts.ts'
import { startRegistry, type Registry } from './registry.ts'
import { ALL, artifact, CHART, charts, cluster, POSTGRES, PROJECT, propose, tables } from './update-tables.ts'

/** The files after what was proposed is written. */
async function written(
  files: Record<string, string>,
  allow: string[] = [],
  tools = tables(ALL),
): Promise<Record<string, string>> {
  const { tree, updates } = await propose(files, allow, tools)
  const result = { ...files }
  for (const edited of await editUpdates(updates, tree))
    if (edited.ok) result[edited.file] = Buffer.from(edited.bytes).toString('utf8')
  return result
}

const digestOf = (tag: string) => POSTGRES.find(one => one.tag === tag)?.digest ?? ''

describe('images of PostgreSQL', () => {
  it('goes to the newest minor and pins it', async () => {
    const files = { 'a.yaml': cluster(`${PROJECT}:17.6-system-trixie`) }
    const want = cluster(`${PROJECT}:17.11-system-trixie@${digestOf('17.11-system-trixie')}`)
    expect(await written(files)).toEqual({ 'a.yaml': want })
    // and is done then
    expect(await written({ 'a.yaml': want })).toEqual({ 'a.yaml': want })
  })

  it('a bare tag is reported with the ways out, and moved by command only', async () => {
    const files = { 'a.yaml': cluster(`${PROJECT}:17.2`) }
    const { updates } = await propose(files)
    expect(updates[0]).not.toHaveProperty('choice')
    expect(updates[0]?.onRequest.map(({ version }) => version)).toEqual(
      expect.arrayContaining(['17.11-system-bullseye', '17.11-system-trixie', '17.11-standard-trixie']),
    )
    expect(updates[0]?.remarks.join(' ')).toContain('old form')
    expect((await written(files, ['flavour-form']))['a.yaml']).toContain(':17.11-system-bullseye@')
    expect((await written(files, ['flavour-form', 'os-change']))['a.yaml']).toContain(':17.11-system-trixie@')
  })

  it('a comment beside it names another system', async () => {
    const files = {
      'a.yaml': cluster(
        `${PROJECT}:17.2`,
        ' # cnpg-steward: updates track os=trixie form=MM.mm-TYPE-OS type=system',
      ),
    }
    expect((await written(files))['a.yaml']).toContain(':17.11-system-trixie@')
  })

  it.each([
    ['ignore ours', undefined, /ignore it \(ours\)/],
    ['hold', '17.11-system-trixie', /holds it/],
    ['hold until 2026-09-02', '17.11-system-trixie', /until 2026-09-02/],
  ])('a comment: %s', async (comment, choice, want) => {
    const { updates } = await propose({
      'a.yaml': cluster(`${PROJECT}:17.6-system-trixie`, ` # cnpg-steward: updates ${comment}`),
    })
    expect(updates[0]?.choice?.version).toBe(choice)
    expect(updates[0]?.held.join()).toMatch(want)
    // what is written leaves it out
    expect(await editUpdates(updates, memoryTree({}))).toEqual([])
  })

  it('a hold that is over holds nothing', async () => {
    const { updates } = await propose({
      'a.yaml': cluster(`${PROJECT}:17.6-system-trixie`, ' # cnpg-steward: updates hold until 2026-09-01'),
    })
    expect(updates[0]).toMatchObject({ held: [], edits: { file: 'a.yaml' } })
  })

  it('a digest that moved for nothing is no update', async () => {
    const name = 'registry.example.org/app'
    const digest = `sha256:${'a'.repeat(64)}`
    const moved = async (now: string) =>
      (
        await propose(
          { 'a.yaml': cluster(`${name}:17.6@${digest}`) },
          [],
          tables({ [name]: { '17.6': now } }),
        )
      ).updates[0]
    expect(await moved(`${digest}-attested`)).toMatchObject({
      remarks: [expect.stringContaining('every platform has the image it had')],
    })
    expect((await moved(`${digest}-attested`))?.choice).toBeUndefined()
    expect(await moved('sha256:new')).toMatchObject({
      choice: { digest: 'sha256:new', classes: ['rebuild'] },
    })
  })

  it('a catalog that does not hold what it promises is not moved', async () => {
    const text = `apiVersion: postgresql.cnpg.io/v1\nkind: ImageCatalog\nmetadata: { name: c }\nspec:\n  images:\n    - major: 16\n      image: ${PROJECT}:17.6-system-trixie\n    - major: 17\n      image: ${PROJECT}:17.6-system-trixie\n`
    const { updates } = await propose({ 'a.yaml': text })
    expect(updates.map(({ choice }) => choice?.version)).toEqual([undefined, '17.11-system-trixie'])
    expect(updates[0]?.held.join()).toContain('differ')
  })
})

describe('the operator', () => {
  it('from 0.27.0 to 0.29.0 in two steps, by command; its comment follows', async () => {
    const start = { 'a.yaml': artifact('0.27.0', ' # deploys CNPG 1.28.0') }
    const first = await written(start, ['operator-minor'])
    expect(first).toEqual({ 'a.yaml': artifact('0.28.3', ' # deploys CNPG 1.29.1') })
    const second = await written(first, ['operator-minor'])
    expect(second).toEqual({ 'a.yaml': artifact('0.29.0', ' # deploys CNPG 1.30.0') })
    expect(await written(second, ['operator-minor'])).toEqual(second)
  })

  it('unasked only within its minor', async () => {
    expect(await written({ 'a.yaml': artifact('0.27.0') })).toEqual({ 'a.yaml': artifact('0.27.1') })
    const { updates } = await propose({ 'a.yaml': artifact('0.27.1') })
    expect(updates[0]).toMatchObject({ onRequest: [{ version: '0.28.3', classes: ['operator-minor'] }] })
    expect(updates[0]).not.toHaveProperty('choice')
  })

  it('what nobody knows to deploy is said', async () => {
    const { updates } = await propose(
      { 'a.yaml': artifact('0.29.0') },
      [],
      tables({ [CHART]: charts('0.29.0 0.30.0') }),
    )
    expect(updates[0]?.remarks).toEqual([expect.stringMatching(/0\.30\.0 deploys is not known/)])
  })
})

describe('what is not known', () => {
  it('is said of its own references and of no others', async () => {
    const files = {
      'a.yaml': `${cluster(`${PROJECT}:17.6-system-trixie`)}---\n${artifact('0.27.0')}`,
      'b.yaml': cluster('gone/x:17.6'),
    }
    const { updates } = await propose(files, [], tables(ALL, [CHART]))
    expect(updates.map(({ unknown, choice }) => unknown ?? choice?.version)).toEqual([
      '17.11-system-trixie',
      `${CHART} does not answer`,
      'there is no such thing',
    ])
  })

  it('nothing newer asks little: the tags once, a digest where one is pinned', async () => {
    const digest = `sha256:${'b'.repeat(64)}`
    const tools = tables({ 'r.example.org/app': { '1.0.0': digest } })
    const image = (name: string) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name} }\nspec:\n  image: r.example.org/app:1.0.0@${digest}\n`
    await propose({ 'a.yaml': image('a'), 'b.yaml': image('b'), 'c.yaml': image('c') }, [], tools)
    expect(tools.asked.toSorted()).toEqual(['digest r.example.org/app:1.0.0', 'tags r.example.org/app'])
  })
})

it('the chart of the operator moves with its digest where it has one', async () => {
  const text = artifact('0.27.0', '\n    digest: sha256:0.27.0')
  const { 'a.yaml': result } = await written({ 'a.yaml': text })
  expect(result).toBe(artifact('0.27.1', '\n    digest: sha256:0.27.1'))
})

it('says it all, as text and as JSON', async () => {
  const files = {
    'a.yaml': cluster(`${PROJECT}:17.6-system-trixie`),
    'b.yaml': artifact('0.27.1'),
    'c.yaml': cluster(`${PROJECT}:\${V}`),
    'd.yaml': cluster('gone/x:17.6'),
  }
  const proposed = await propose(files)
  const text = updatesText(proposed)
  expect(text).toContain(
    `Updates\n  a.yaml:5 ${PROJECT} (Cluster apps/db) 17.6-system-trixie → 17.11-system-trixie [pg-minor, 17.6 → 17.11]`,
  )
  expect(text).toContain(
    `b.yaml:7 ${CHART} (OCIRepository flux-system/cnpg) 0.27.1 → 0.28.3 [operator-minor, 1.28.1 → 1.29.1]`,
  )
  expect(text).toContain('Held back\n  c.yaml:5')
  expect(text).toContain('Not known\n  d.yaml:5 gone/x (Cluster apps/db): there is no such thing')
  expect(text.trimEnd().split('\n').at(-1)).toBe('4 references · 1 to update · 1 held back · 1 not known')
  const json: { updates: { state: string }[] } = JSON.parse(updatesJson(proposed))
  const ajv = new Ajv({ allErrors: true, schemas: [reviewSchema], allowUnionTypes: true })
  expect([ajv.validate(updatesSchema, json), ajv.errors]).toEqual([true, null])
  expect(json.updates.map(({ state }) => state)).toEqual(['proposed', 'current', 'held', 'unknown'])
})

it.each([
  ['nginx', 'oci://docker.io/nginx'],
  ['owner/app', 'oci://docker.io/owner/app'],
  ['ghcr.io/owner/app', 'oci://ghcr.io/owner/app'],
  ['localhost/app', 'oci://localhost/app'],
  ['r:5000/app', 'oci://r:5000/app'],
])('%s is asked at %s', (name, want) => expect(imageAddress(name)).toBe(want))

/** A source whose registry is another one. */
const at = (host: string, text: string) =>
  text
    .replaceAll('ghcr.io/cloudnative-pg', `${host}/cloudnative-pg`)
    .replaceAll(`${host}/cloudnative-pg/charts`, `${host}/charts`)

const command = findTool('docker-registry') ?? ''
describe.skipIf(command === '')('from a real registry (left out: no docker-registry on PATH)', () => {
  let registry: Registry
  let folder: string
  let source: VersionSource
  const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'cnpg-steward-updates-'))
    registry = await startRegistry(command)
    const outbound = new Outbound({ allowHosts: [registry.host] })
    source = registryVersions(new OciRegistry(outbound), new HelmRepositories(outbound, chartCache(folder)), [
      registry.host,
    ])
    for (const version of ['0.27.0', '0.28.0', '0.29.0'])
      await registry.push('charts/cloudnative-pg', version, chartOf({}, 'cloudnative-pg', version))
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: '', size: 2 }
    for (const tag of [
      '17.6-system-trixie',
      '17.7-system-trixie',
      '17.11-system-trixie',
      '18.6-system-trixie',
    ]) {
      const content = JSON.stringify({ os: 'linux', architecture: 'amd64', tag })

      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
      const manifest = {
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: { ...config, digest, size: content.length },
        layers: [],
      }
      await registry.pushManifest('cloudnative-pg/postgresql', tag, MANIFEST, manifest, [content])
    }
  })
  afterAll(() => {
    registry.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('finds, chooses, edits, and takes the next step', async () => {
    let files: Record<string, string> = {
      'chart.yaml': at(registry.host, artifact('0.27.0')),
      'cluster.yaml': at(registry.host, cluster(`${PROJECT}:17.6-system-trixie`)),
    }
    const steps: string[][] = []
    for (let times = 0; times < 3; times++) {
      files = await written(files, ['operator-minor'], { source, asked: [] })
      steps.push(
        Object.values(files).flatMap(
          text =>
            /(?:tag: |:)(\d+\.\d+[.\d]*(?:-system-trixie)?)(?:@sha256:[a-f0-9]{64})?\n/.exec(text)?.[1] ?? [],
        ),
      )
    }
    expect(steps).toEqual([
      ['0.28.0', '17.11-system-trixie'],
      ['0.29.0', '17.11-system-trixie'],
      ['0.29.0', '17.11-system-trixie'],
    ])
    expect(files['cluster.yaml']).toMatch(/17\.11-system-trixie@sha256:[a-f0-9]{64}\n$/)
  })
})
