import type { JsonObject } from '../../src/manifest/json.ts'
import { isObject } from '../../src/manifest/json.ts'
import type { AccessConfig } from '../../src/config/access.ts'
import { serveRecording, type ApiServer, type Serving } from '../status/api-server.ts'
import { recording } from '../status/recordings.ts'
import { temporaryDirectory } from '../temporary.ts'

type Files = Record<string, string>

const flux = (name: string, path: string, more = '') => `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 10m
  prune: true
  path: ${path}
  sourceRef: { kind: GitRepository, name: fleet }
${more}`
const listed = (...files: string[]) =>
  `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [${files.join(', ')}]\n`

/** The database of the recordings, as a repository has it. */
export function databaseFile(workMem: string): Files {
  return {
    'databases/cluster.yaml': `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: postgres, namespace: databases }
spec:
  instances: 3
  imageName: localhost/postgresql:17.11
  storage: { size: 1Gi }
  postgresql: { parameters: { work_mem: ${workMem} } }
`,
  }
}

/** A repository whose clusters apply the same database: the first follows main, the second release. */
export function fleetFiles(names: readonly string[] = ['infra']): Files {
  const cluster = (name: string, index: number): Files => ({
    [`clusters/${name}/flux/gotk-sync.yaml`]: `---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: fleet, namespace: flux-system }
spec: { interval: 1m, url: "https://git.example.org/fleet", ref: { branch: ${index === 0 ? 'main' : 'release'} } }
${flux('flux-system', `./clusters/${name}/flux`)}`,
    [`clusters/${name}/flux/databases.yaml`]: flux('databases', './databases'),
    [`clusters/${name}/flux/kustomization.yaml`]: listed('gotk-sync.yaml', 'databases.yaml'),
  })
  const clusters: Files[] = names.map(cluster)
  return {
    ...Object.assign({}, ...clusters),
    '.github/cnpg-steward.yaml': JSON.stringify({
      clusters: names.map(name => ({ name, path: `clusters/${name}/flux` })),
    }),
    'databases/kustomization.yaml': listed('cluster.yaml'),
    ...databaseFile('4MB'),
  }
}

const SOURCE = '/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/fleet'
const UNIT = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/databases'

/** A real database as it was recorded, behind a real API server over HTTPS, with Flux objects that the test moves on. */
export class ReplayedCluster implements AsyncDisposable {
  readonly serving: Serving
  readonly server: ApiServer
  readonly #directory = temporaryDirectory()
  /** for a configuration of accesses */
  readonly kubeconfig: string

  static async start(): Promise<ReplayedCluster> {
    const serving: Serving = { recording: recording('01-healthy'), objects: {} }
    return new ReplayedCluster(serving, await serveRecording(serving))
  }

  private constructor(serving: Serving, server: ApiServer) {
    this.serving = serving
    this.server = server
    this.#directory.write({ kubeconfig: server.kubeconfig })
    this.kubeconfig = `${this.#directory.path}/kubeconfig`
    this.has('0'.repeat(40))
    this.applies('0'.repeat(40))
  }

  /** As it was recorded. */
  reset(): void {
    this.serving.recording = recording('01-healthy')
    this.serving.down = false
    this.serving.forbidden = () => false
  }

  /** Flux has fetched a commit. */
  has(commit: string, branch = 'main'): void {
    this.#put(SOURCE, { artifact: { revision: `${branch}@sha1:${commit}` } })
  }

  /** Flux has applied a commit, or fails to. */
  applies(commit: string, more: { branch?: string; suspend?: boolean; fails?: string } = {}): void {
    const { branch = 'main', suspend = false, fails } = more
    const revision = `${branch}@sha1:${commit}`
    const condition =
      fails === undefined
        ? {
            type: 'Ready',
            status: 'True',
            reason: 'ReconciliationSucceeded',
            message: `Applied revision: ${revision}`,
          }
        : { type: 'Ready', status: 'False', reason: 'ReconciliationFailed', message: fails }
    this.#put(
      UNIT,
      {
        ...(fails === undefined
          ? { lastAppliedRevision: revision }
          : { lastAppliedRevision: 'main@sha1:old' }),
        lastAttemptedRevision: revision,
        conditions: [condition],
      },
      { suspend },
    )
  }

  /** The operator has done what an edit of a parameter asks for: the spec has it, and every instance has loaded it. */
  edits(parameters: Record<string, string>): void {
    const { recording: recorded } = this.serving
    const spec = inside(inside(inside(recorded.cluster, 'spec'), 'postgresql'), 'parameters')
    Object.assign(spec, parameters)
    for (const { body } of Object.values(recorded['pg-status']))
      if (isObject(body)) body.loadedConfigurationHash = JSON.stringify(parameters)
  }

  #put(path: string, status: JsonObject, spec: JsonObject = {}): void {
    this.serving.objects = {
      ...this.serving.objects,
      [path]: { metadata: { generation: 1 }, spec, status: { observedGeneration: 1, ...status } },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
    this.#directory[Symbol.dispose]()
  }
}

function inside(value: JsonObject, key: string): JsonObject {
  const found = value[key]
  if (!isObject(found)) throw new Error(`the recording has no ${key}`)
  return found
}

/** The bot's side: acme/fleet may see these clusters, each on its branch. */
export function accessTo(
  clusters: Record<string, ReplayedCluster>,
  more: Partial<AccessConfig['repositories'][number]['clusters'][number]> = {},
): AccessConfig {
  const names = Object.keys(clusters)
  return {
    access: Object.fromEntries(
      Object.entries(clusters).map(([name, { kubeconfig }]) => [
        name,
        { line: 1, kind: 'kubeconfig' as const, file: kubeconfig, allowExec: false },
      ]),
    ),
    repositories: [
      {
        repository: 'acme/fleet',
        clusters: names.map((name, index) => ({
          name,
          access: name,
          branch: index === 0 ? 'main' : 'release',
          ...more,
        })),
        ask: { permission: 'triage', users: [], teams: [] },
      },
    ],
    deadlines: {},
  }
}

/** A clock that only the test moves, from when the database was recorded. */
export class TestClock {
  #at = Date.parse(recording('01-healthy').at)
  readonly now = (): Date => new Date(this.#at)
  /** what is to happen as time passes */
  readonly #plans: { at: number; happens: () => void }[] = []

  /** Something that happens so many seconds from now. */
  after(seconds: number, happens: () => void): void {
    this.#plans.push({ at: this.#at + seconds * 1000, happens })
    this.#plans.sort((a, b) => a.at - b.at)
  }

  advance(seconds: number): void {
    const until = this.#at + seconds * 1000
    for (let [next] = this.#plans; next !== undefined && next.at <= until; [next] = this.#plans) {
      this.#plans.shift()
      this.#at = Math.max(this.#at, next.at)
      next.happens()
    }
    this.#at = until
  }
}
