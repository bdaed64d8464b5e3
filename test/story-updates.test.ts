import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chartCache } from '../src/adapters/chart-cache.ts'
import { HelmRepositories } from '../src/adapters/helm-repository.ts'
import { OciRegistry } from '../src/adapters/oci-registry.ts'
import { Outbound } from '../src/adapters/outbound.ts'
import { registryVersions } from '../src/adapters/registry-versions.ts'
import type { UpdatesCommand } from '../src/cli/arguments.ts'
import { updates } from '../src/cli/updates.ts'
import reviewSchema from '../src/report/schema/review.schema.json' with { type: 'json' }
import updatesSchema from '../src/report/schema/updates.schema.json' with { type: 'json' }
import type { VersionSource } from '../src/versions/version-source.ts'
import { cloudnativePg, findTool, nextCloudnativePg } from './charts.ts'
import { startRegistry, type Registry } from './registry.ts'
import { temporaryDirectory } from './temporary.ts'

const ROOT = path.join(import.meta.dirname, '..')
const CHART = 'infrastructure/base/repositories/oci/cloudnative-pg.yaml'
const CLUSTER = 'kubernetes/apps/databases/cloudnative-pg/cluster/cluster.yaml'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

interface Said {
  proposals: {
    key: string
    name: string
    classes: string[]
    verdict: string
    members: { from: { version: string }; to: { version: string } }[]
    impacts: { impact: string; resource: { kind: string; name: string } }[]
    findings: { ruleId: string; level: string; message: string }[]
  }[]
  updates: {
    file: string
    role: string
    state: string
    onRequest: { version: string; classes: string[]; key: string }[]
    remarks: string[]
  }[]
}

const command = findTool('docker-registry') ?? ''
describe.skipIf(command === '')(
  'the tree of the story, from a real registry (left out: no docker-registry)',
  () => {
    let registry: Registry
    let source: VersionSource
    const directory = temporaryDirectory({})

    beforeAll(async () => {
      registry = await startRegistry(command)
      const { host } = registry
      const outbound = new Outbound({ allowHosts: [host] })
      source = registryVersions(
        new OciRegistry(outbound),
        new HelmRepositories(outbound, chartCache(path.join(directory.path, 'charts'))),
        [host],
      )
      for (const version of ['0.27.0', '0.28.0'])
        await registry.push('charts/cloudnative-pg', version, cloudnativePg(version))
      await registry.push('charts/cloudnative-pg', '0.29.0', nextCloudnativePg())
      for (const tag of [
        '17.2',
        '17.6-system-trixie',
        '17.10-system-trixie',
        '17.11-system-bullseye',
        '17.11-system-trixie',
        '18.6-system-trixie',
      ])
        await pushImage(registry, tag)
    })
    afterAll(() => {
      registry.stop()
      directory[Symbol.dispose]()
    })

    /** The story's tree with everything from the registry of the test. */
    function tree(image: string): string {
      const target = path.join(directory.path, image)
      for (const part of ['kubernetes', 'infrastructure', 'clusters'])
        cpSync(path.join(ROOT, part), path.join(target, part), { recursive: true })
      const edit = (file: string, change: (text: string) => string) => {
        const whole = path.join(target, file)
        writeFileSync(whole, change(readFileSync(whole, 'utf8')))
      }
      edit(CHART, text =>
        text.replace('url: oci://ghcr.io/cloudnative-pg/', `insecure: true\n  url: oci://${registry.host}/`),
      )
      edit(CLUSTER, text =>
        text.replace(
          'ghcr.io/cloudnative-pg/postgresql:17.2',
          `${registry.host}/cloudnative-pg/postgresql:${image}`,
        ),
      )
      mkdirSync(path.join(target, '.github'))
      writeFileSync(path.join(target, '.github/cnpg-steward.yaml'), `chartHosts: ["${registry.host}"]\n`)
      return target
    }

    async function run(repo: string, more: Partial<UpdatesCommand> = {}) {
      const { output, exitCode } = await updates(
        {
          command: 'updates',
          output: 'json',
          color: false,
          repo,
          allow: [],
          apply: false,
          entries: [],
          offline: false,
          ...more,
        },
        {
          io: {
            stdout: process.stdout,
            stderr: process.stderr,
            env: { PATH: process.env.PATH, HOME: directory.path },
            cwd: '/',
            platform: 'linux',
            now: () => new Date('2026-09-02T12:00:00Z'),
          },
          color: false,
          progress: () => undefined,
        },
        { source },
      )
      const said: Said = more.output === undefined ? JSON.parse(output) : { proposals: [], updates: [] }
      return { said, output, exitCode }
    }

    it('goes from chart 0.27.0 to 0.29.0 in two steps, and to the newest minor of 17, each with its verdict', async () => {
      const repo = tree('17.6-system-trixie')
      const text = (file: string) => readFileSync(path.join(repo, file), 'utf8')
      const step = async () => {
        const { said, exitCode } = await run(repo, { allow: ['operator-minor'], apply: true })
        const ajv = new Ajv({ allErrors: true, schemas: [reviewSchema], allowUnionTypes: true })
        expect([ajv.validate(updatesSchema, said), ajv.errors]).toEqual([true, null])
        expect(exitCode).toBe(0)
        return { told: said.proposals.map(told), chart: /tag: (.*)/.exec(text(CHART))?.[1] }
      }
      const rollout = { impacts: ['operator-rollout HelmRelease cloudnative-pg'], verdict: 'attention' }
      expect(await step()).toEqual({
        told: [
          {
            go: '17.6-system-trixie → 17.11-system-trixie',
            classes: ['pg-minor'],
            impacts: ['switchover Cluster postgres'],
            verdict: 'attention',
          },
          { go: '0.27.0 → 0.28.0', classes: ['operator-minor'], ...rollout },
        ],
        chart: '0.28.0',
      })
      expect(await step()).toEqual({
        told: [{ go: '0.28.0 → 0.29.0', classes: ['operator-minor'], ...rollout }],
        chart: '0.29.0',
      })
      expect(await step()).toEqual({ told: [], chart: '0.29.0' })
      expect(text(CLUSTER)).toMatch(/postgresql:17\.11-system-trixie@sha256:[0-9a-f]{64}\n/)
    }, 120_000)

    it('reports the bare tag with the ways out, and takes one of them when it is asked for', async () => {
      const repo = tree('17.2')
      const { said } = await run(repo)
      expect(said.proposals.map(({ name }) => name)).not.toContain('postgresql')
      const bare = said.updates.find(({ role }) => role === 'postgres')
      expect(bare?.remarks.join(' ')).toContain('old form')
      const ways = new Map(bare?.onRequest.map(one => [one.version, one]))
      expect([...ways.keys()].toSorted()).toEqual(['17.11-system-bullseye', '17.11-system-trixie'])
      // by its key, and by its classes
      for (const allow of [[ways.get('17.11-system-trixie')?.key ?? ''], ['os-change', 'flavour-form']]) {
        const asked = await run(repo, { allow })
        const proposal = asked.said.proposals.find(({ name }) => name === 'postgresql')
        expect(proposal && told(proposal)).toEqual({
          go: '17.2 → 17.11-system-trixie',
          classes: ['os-change', 'flavour-form', 'pg-minor'],
          impacts: ['switchover Cluster postgres'],
          verdict: 'attention',
        })
      }
    }, 120_000)
  },
)

/** The same in two clusters is told once. */
function told({ members, classes, impacts, verdict }: Said['proposals'][number]) {
  return {
    go: members.map(({ from, to }) => `${from.version} → ${to.version}`).join(),
    classes,
    impacts: [
      ...new Set(impacts.map(({ impact, resource }) => `${impact} ${resource.kind} ${resource.name}`)),
    ],
    verdict,
  }
}

async function pushImage(registry: Registry, tag: string): Promise<void> {
  const content = JSON.stringify({ os: 'linux', architecture: 'amd64', tag })
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  await registry.pushManifest(
    'cloudnative-pg/postgresql',
    tag,
    MANIFEST,
    {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: content.length },
      layers: [],
    },
    [content],
  )
}
