import { accessSync, constants, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import semver from 'semver'
import { execute } from './exec.ts'
import type { PackagedTools } from './packaged-tools.ts'

export type ToolName = 'kustomize' | 'helm'

export interface FoundTool {
  /** absolute path of the program */
  path: string
  /** '5.8.1'; 'unknown' for a build that does not say */
  version: string
  /** 'given': --kustomize, --helm or the action's inputs */
  from: 'given' | 'PATH' | 'npm package' | 'download'
}

/** `style` is how it is called: `kustomize build DIR`, or `kubectl kustomize DIR`. `version` is kustomize's in both. */
export interface FoundKustomize extends FoundTool {
  style: 'kustomize' | 'kubectl'
}

export interface MissingTool {
  tool: ToolName
  /** one sentence: not there, or there and why it cannot be used */
  message: string
  repair: string
  /** the person named this path: nothing else may be taken instead */
  given: boolean
}

export interface FoundTools {
  kustomize?: FoundKustomize
  helm?: FoundTool
  missing: MissingTool[]
  /** what works and may surprise */
  notes: string[]
}

export interface ToolSearch {
  /** PATH, HOME and XDG_CACHE_HOME are read, nothing else */
  env: Readonly<Record<string, string | undefined>>
  /** paths given by the person; a relative one counts from `cwd` */
  kustomize?: string
  helm?: string
  cwd: string
  platform: NodeJS.Platform
  /** the tools of the npm package; a test gives its own */
  packaged?: (search: { cache: string }) => Promise<PackagedTools | undefined>
}

/** Flux 2 builds with kustomize 5; version 4 refuses its fields (sortOptions) and orders objects otherwise. */
export const OLDEST_KUSTOMIZE = '5.0.0'
/** What Flux 2.9 builds with (fluxcd/kustomize-controller, go.mod); a kubectl with an older one loses against the package. */
const CURRENT_KUSTOMIZE = '5.8.0'
/** Helm 2 renders in a server; helm 3 before 3.8 has no charts from OCI registries. */
export const OLDEST_HELM = '3.8.0'

/**
 * Finds the programs that render: where the person says, else in PATH, else in the npm package of the checkout. A standalone
 * kustomize comes first (10 ms a build; `kubectl kustomize` takes 30 to 50), an old kubectl after the package.
 * What is missing is data: rendering says so for what needs it.
 */
export async function findTools(search: ToolSearch): Promise<FoundTools> {
  const missing: MissingTool[] = []
  const cache = path.join(cacheDirectory(search.env), 'tools')
  let unpacked: Promise<PackagedTools | undefined> | undefined
  const packaged = async () => await (unpacked ??= (search.packaged ?? packagedTools)({ cache }))
  const [kustomize, helm] = await Promise.all([
    findKustomize(search, packaged, missing),
    findHelm(search, packaged, missing),
  ])
  return {
    ...(kustomize === undefined ? {} : { kustomize }),
    ...(helm === undefined ? {} : { helm }),
    missing: missing.toSorted((a, b) => (a.tool < b.tool ? 1 : -1)),
    notes: notesOn(kustomize, helm),
  }
}

/** Loaded where PATH has not got all: unzipping is not part of a usual start. */
async function packagedTools(search: { cache: string }): Promise<PackagedTools | undefined> {
  return await (await import('./packaged-tools.ts')).packagedTools(search)
}

/** Where caches of this program live. */
export function cacheDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const root = env.XDG_CACHE_HOME || (env.HOME ? path.join(env.HOME, '.cache') : path.join(tmpdir(), 'cache'))
  return path.join(root, 'cnpg-steward')
}

type Packaged = () => Promise<PackagedTools | undefined>

async function findKustomize(
  search: ToolSearch,
  packaged: Packaged,
  missing: MissingTool[],
): Promise<FoundKustomize | undefined> {
  if (search.kustomize !== undefined) {
    const given = path.resolve(search.cwd, search.kustomize)
    const version = await kustomizeVersion(given, 'kustomize')
    if (version !== undefined && !isOlder(version, OLDEST_KUSTOMIZE))
      return { path: given, version, from: 'given', style: 'kustomize' }
    const inKubectl = await kustomizeVersion(given, 'kubectl')
    if (version === undefined && inKubectl !== undefined && !isOlder(inKubectl, OLDEST_KUSTOMIZE))
      return { path: given, version: inKubectl, from: 'given', style: 'kubectl' }
    missing.push(refusal('kustomize', given, version ?? inKubectl))
    return undefined
  }
  const refused: MissingTool[] = []
  const fromPath = async (style: 'kustomize' | 'kubectl'): Promise<FoundKustomize | undefined> => {
    const file = whichProgram(style, search.env.PATH)
    if (file === undefined) return undefined
    const version = await kustomizeVersion(file, style)
    if (version !== undefined && !isOlder(version, OLDEST_KUSTOMIZE))
      return { path: file, version, from: 'PATH', style }
    refused.push({
      ...missingTool('kustomize', search.platform),
      message: unusable('kustomize', file, version),
    })
    return undefined
  }
  const standalone = await fromPath('kustomize')
  if (standalone !== undefined) return standalone
  const kubectl = await fromPath('kubectl')
  if (kubectl !== undefined && !isOlder(kubectl.version, CURRENT_KUSTOMIZE)) return kubectl
  const unpacked = await packaged()
  if (unpacked !== undefined) {
    const version = await kustomizeVersion(unpacked.kubectl, 'kubectl')
    if (version !== undefined)
      return { path: unpacked.kubectl, version, from: 'npm package', style: 'kubectl' }
  }
  if (kubectl === undefined) missing.push(refused[0] ?? missingTool('kustomize', search.platform))
  return kubectl
}

async function findHelm(
  search: ToolSearch,
  packaged: Packaged,
  missing: MissingTool[],
): Promise<FoundTool | undefined> {
  if (search.helm !== undefined) {
    const given = path.resolve(search.cwd, search.helm)
    const version = await helmVersion(given)
    if (version !== undefined && !isOlder(version, OLDEST_HELM))
      return { path: given, version, from: 'given' }
    missing.push(refusal('helm', given, version))
    return undefined
  }
  const file = whichProgram('helm', search.env.PATH)
  const version = file === undefined ? undefined : await helmVersion(file)
  if (file !== undefined && version !== undefined && !isOlder(version, OLDEST_HELM))
    return { path: file, version, from: 'PATH' }
  const unpacked = await packaged()
  const packagedVersion = unpacked === undefined ? undefined : await helmVersion(unpacked.helm)
  if (unpacked !== undefined && packagedVersion !== undefined)
    return { path: unpacked.helm, version: packagedVersion, from: 'npm package' }
  const repair = missingTool('helm', search.platform)
  missing.push(file === undefined ? repair : { ...repair, message: unusable('helm', file, version) })
  return undefined
}

/**
 * The first executable of that name in PATH. Relative entries are left out: the working directory may hold the content of
 * a pull request.
 */
export function whichProgram(name: string, searchPath: string | undefined): string | undefined {
  for (const directory of (searchPath ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(directory)) continue
    const file = path.join(directory, process.platform === 'win32' ? `${name}.exe` : name)
    try {
      accessSync(file, constants.X_OK)
      if (statSync(file).isFile()) return file
    } catch {
      // not there, or not ours to run
    }
  }
  return undefined
}

/** kustomize 5: 'v5.8.1'; 4 and older: '{Version:kustomize/v4.5.7 GitCommit:…}'; built with go install: '(devel)'. */
async function kustomizeVersion(file: string, style: 'kustomize' | 'kubectl'): Promise<string | undefined> {
  if (style === 'kustomize') {
    const output = await ask(file, ['version'])
    if (output === undefined) return undefined
    const version = /^(?:\{Version:(?:kustomize\/)?)?v(\d+\.\d+\.\d+\S*)/.exec(output)?.[1]
    return version ?? (output.startsWith('(devel)') ? 'unknown' : undefined)
  }
  const output = await ask(file, ['version', '--client', '--output=json'])
  return output === undefined ? undefined : /"kustomizeVersion":\s*"v([^"]+)"/.exec(output)?.[1]
}

/** 'v4.2.3'; helm 2 knows no such template and fails. */
async function helmVersion(file: string): Promise<string | undefined> {
  return /^v(\d+\.\d+\.\d+[^+\s]*)/.exec(
    (await ask(file, ['version', '--template', '{{.Version}}'])) ?? '',
  )?.[1]
}

async function ask(file: string, args: string[]): Promise<string | undefined> {
  const result = await execute(file, args, {
    cwd: tmpdir(),
    // some wrappers of kubectl are shell scripts
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: tmpdir(), LC_ALL: 'C' },
    timeoutMs: 20_000,
    maxOutput: 64 * 1024,
  }).catch(() => undefined)
  return result?.code === 0 ? result.stdout.toString('utf8').trim() : undefined
}

function isOlder(version: string, oldest: string): boolean {
  const parsed = semver.coerce(version)
  return parsed !== null && semver.lt(parsed, oldest)
}

function notesOn(kustomize: FoundKustomize | undefined, helm: FoundTool | undefined): string[] {
  const notes: string[] = []
  if (kustomize?.version === 'unknown')
    notes.push(`${kustomize.path} does not say which version of kustomize it is.`)
  else if (kustomize !== undefined && isOlder(kustomize.version, CURRENT_KUSTOMIZE))
    notes.push(
      `kustomize ${kustomize.version} is older than the library of Flux 2.9 (5.8); rare builds differ. Version 5.8.1 is the best match.`,
    )
  // kubernetes-sigs/kustomize#6013, fixed in 5.8.0: older ones call 'helm version -c --short', which helm 4 refuses
  if (kustomize && helm && isOlder(kustomize.version, '5.8.0') && !isOlder(helm.version, '4.0.0'))
    notes.push(
      `kustomize ${kustomize.version} cannot call helm ${helm.version} itself ("unknown shorthand flag: 'c'"); kustomize directories with helmCharts want kustomize 5.8.`,
    )
  return notes
}

function unusable(tool: ToolName, file: string, version: string | undefined): string {
  if (version === undefined) return `${file} does not run as ${tool}.`
  return tool === 'kustomize'
    ? `${file} is kustomize ${version}: Flux 2 builds with kustomize 5, version 4 refuses its fields and orders objects otherwise.`
    : `${file} is helm ${version}, older than ${OLDEST_HELM}: it knows no charts from OCI registries.`
}

function refusal(tool: ToolName, file: string, version: string | undefined): MissingTool {
  const wanted =
    tool === 'kustomize'
      ? `kustomize ${OLDEST_KUSTOMIZE} or newer, or a kubectl`
      : `helm ${OLDEST_HELM} or newer`
  return {
    tool,
    message: unusable(tool, file, version),
    repair: `Name a ${wanted}, or leave --${tool} out.`,
    given: true,
  }
}

/** Says how to get a tool on this platform, in one line. */
function missingTool(tool: ToolName, platform: NodeJS.Platform): MissingTool {
  const release =
    tool === 'kustomize'
      ? 'https://github.com/kubernetes-sigs/kustomize/releases'
      : 'https://github.com/helm/helm/releases'
  const winget = tool === 'kustomize' ? 'Kubernetes.kustomize' : 'Helm.Helm'
  const install =
    platform === 'darwin'
      ? `brew install ${tool}`
      : platform === 'win32'
        ? `winget install ${winget}`
        : `put ${tool} from ${release} into PATH`
  return {
    tool,
    message: tool === 'kustomize' ? 'Neither kustomize nor kubectl is in PATH.' : 'helm is not in PATH.',
    repair: `Install it: ${install}; or name it with --${tool} PATH.`,
    given: false,
  }
}
