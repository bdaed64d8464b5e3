import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { KUSTOMIZATION_NAMES } from '../render/kustomization-file.ts'
import type { KustomizeBuild, KustomizeRequest, KustomizeResult } from '../render/tools.ts'
import { brokenLimit, Patience } from './child-limits.ts'
import { execute, ToolError } from './exec.ts'
import { withRoom } from './scratch-space.ts'
import { describeKustomizeError } from './kustomize-error.ts'

export interface KustomizeProgram {
  /** `kustomize`, or `kubectl`, whose `kustomize` command is the same library of an older version */
  program: 'kustomize' | 'kubectl'
  /** absolute path of the program */
  path: string
  /** of kustomize, as who found the program has read it: '5.8.1'; absent, or no version: it is asked */
  version?: string
  /** absolute path of helm, for `helmCharts` */
  helm?: string
  /** absolute; absent: the system's */
  temporaryDirectory?: string
  /** how long a build may take, and how many bytes it may print; absent: what no honest one needs */
  timeoutMs?: number
  maxOutput?: number
}

// A build takes 10 to 30 ms; these stop a bomb, not a large repository.
const TIMEOUT = 60_000
const MAX_OUTPUT = 256 * 1024 * 1024
// for machines that cannot deny the network: the discard port, and no protocol for git
const NOWHERE = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  GIT_ALLOW_PROTOCOL: 'none',
}

/**
 * A build lives for a tenth of a second and holds some MiB: collecting garbage as often as Go does by default is 40 % of what it
 * costs. The limit (Go 1.19) makes it collect again before memory runs short (confinement.ts allows 2 GiB).
 */
const MEMORY = { GOGC: '400', GOMEMLIMIT: '1GiB' }

/**
 * Builds with the real kustomize, each build in a directory of its own that holds the given files and nothing else.
 * @throws ToolError where the program cannot be run
 */
export async function kustomizeTool(program: KustomizeProgram): Promise<KustomizeBuild> {
  const version = /^\d+\.\d+\.\d+/.exec(program.version ?? '')?.[0] ?? (await readVersion(program))
  const patience = new Patience()
  return {
    version: `kustomize ${version}`,
    build: async request => {
      // the real path: kustomize resolves links before it prints a path
      const named = program.temporaryDirectory ?? tmpdir()
      const parent = withRoom(named, () => realpathSync(named))
      // Synchronous on purpose: a dozen small files take less time than a dozen turns of the thread pool.
      const directory = withRoom(parent, () => mkdtempSync(join(parent, 'cnpg-steward-kustomize-')))
      try {
        return await buildIn(directory, program, version, request, patience)
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    },
  }
}

async function buildIn(
  directory: string,
  program: KustomizeProgram,
  version: string,
  request: KustomizeRequest,
  patience: Patience,
): Promise<KustomizeResult> {
  if (patience.exhausted !== undefined) return limit(request, patience.exhausted)
  const tree = join(directory, 'tree')
  const target = join(tree, request.directory)
  withRoom(directory, () => {
    writeFiles(tree, request.files)
    mkdirSync(target, { recursive: true })
  })
  const options = ['--load-restrictor', 'LoadRestrictionsNone']
  if (request.enableHelm === true) {
    if (program.helm === undefined)
      return {
        ok: false,
        error: { ruleId: 'render-build', message: 'helmCharts need helm, which was not found' },
      }
    const helm = needsHelmShim(version) ? writeHelmShim(directory, program.helm) : program.helm
    options.push('--enable-helm', '--helm-command', helm)
  }
  const limits = { timeoutMs: program.timeoutMs ?? TIMEOUT, maxOutput: program.maxOutput ?? MAX_OUTPUT }
  const args = [program.program === 'kustomize' ? 'build' : 'kustomize', target, ...options]
  const result = await execute(program.path, args, {
    cwd: tree,
    env: {
      PATH: '/usr/bin:/bin',
      HOME: directory,
      TMPDIR: directory,
      ...NOWHERE,
      ...MEMORY,
    },
    confine: true,
    ...limits,
  })
  patience.count(result)
  const broken = brokenLimit(result, limits)
  if (broken !== undefined) return limit(request, broken)
  if (result.code === 0) return { ok: true, yaml: result.stdout.toString('utf8') }
  return { ok: false, error: describeKustomizeError(result.stderr, tree, request) }
}

/** A limit of ours: Flux may well build it. Told at the kustomization that was built. */
function limit({ directory, files }: KustomizeRequest, what: string): KustomizeResult {
  const file = KUSTOMIZATION_NAMES.map(name => posix.join(directory, name)).find(path => files.has(path))
  return {
    ok: false,
    error: {
      ruleId: 'render-limit',
      message: `kustomize ${what}`,
      repair: 'make what is built here smaller, or split it',
      ...(file === undefined ? {} : { file, line: 1 }),
    },
  }
}

function writeFiles(tree: string, files: ReadonlyMap<string, Uint8Array>): void {
  const directories = new Set([tree, ...[...files.keys()].map(path => dirname(join(tree, path)))])
  for (const directory of directories) mkdirSync(directory, { recursive: true })
  for (const [path, bytes] of files) writeFileSync(join(tree, path), bytes)
}

async function readVersion({ program, path }: KustomizeProgram): Promise<string> {
  const args = program === 'kustomize' ? ['version'] : ['version', '--client']
  const result = await execute(path, args, {
    cwd: tmpdir(),
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' },
    timeoutMs: 10_000,
    maxOutput: 64 * 1024,
  })
  const output = result.stdout.toString('utf8')
  // 'v5.8.1'; '{kustomize/v4.5.7 …}' of old ones; 'Kustomize Version: v5.8.1' of kubectl
  const version = (program === 'kustomize' ? /v(\d+\.\d+\.\d+)/ : /Kustomize Version: v(\S+)/).exec(
    output,
  )?.[1]
  if (result.code !== 0 || version === undefined)
    throw new ToolError(path, args, result.code, result.stderr || `no version in: ${output}`)
  return version
}

/** kustomize before 5.8 asks for `helm version -c --short`, which helm 4 refuses (kustomize issue 6013). */
function needsHelmShim(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < 5 || (major === 5 && minor < 8)
}

/** A helm that answers the old question and hands everything else to the real one. */
function writeHelmShim(directory: string, helm: string): string {
  const shim = join(directory, 'helm')
  const quoted = `'${helm.replaceAll("'", String.raw`'\''`)}'`
  const script = `#!/bin/sh\nif [ "$1" = version ]; then exec ${quoted} version --short; fi\nexec ${quoted} "$@"\n`
  writeFileSync(shim, script, { mode: 0o700 })
  return shim
}
