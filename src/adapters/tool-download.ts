import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { FoundTool, ToolName } from './tools.ts'

interface Pin {
  version: string
  /** where releases are, without the file's name */
  base: string
  /** the file below `base`, and the program inside the archive; by platform */
  file: (platform: string) => string
  program: (platform: string) => string
  /** sha256 of the archives, by platform */
  sha256: Readonly<Record<string, string>>
}

/**
 * What is downloaded where a machine has none. The sums are those of the projects' own releases: checksums.txt of kustomize
 * v5.8.1, the release notes of helm v4.2.3.
 */
export const PINS: Readonly<Record<ToolName, Pin>> = {
  kustomize: {
    version: '5.8.1',
    base: 'https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv5.8.1',
    file: platform => `kustomize_v5.8.1_${platform.replace('-', '_')}.tar.gz`,
    program: () => 'kustomize',
    sha256: {
      'linux-amd64': '029a7f0f4e1932c52a0476cf02a0fd855c0bb85694b82c338fc648dcb53a819d',
      'linux-arm64': '0953ea3e476f66d6ddfcd911d750f5167b9365aa9491b2326398e289fef2c142',
      'darwin-amd64': 'ee7cf0c1e3592aa7bb66ba82b359933a95e7f2e0b36e5f53ed0a4535b017f2f8',
      'darwin-arm64': '8886f8a78474e608cc81234f729fda188a9767da23e28925802f00ece2bab288',
    },
  },
  helm: {
    version: '4.2.3',
    base: 'https://get.helm.sh',
    file: platform => `helm-v4.2.3-${platform}.tar.gz`,
    program: platform => `${platform}/helm`,
    sha256: {
      'linux-amd64': 'e9b88b4ee95b18c706839c28d3a0220e5bc470e9cd9262410c90793c45ff8b7c',
      'linux-arm64': '21abd9354d39b2cd79a8d76be6912cd137a983cbf997193503fb8a6a6e2f2785',
      'darwin-amd64': 'ff3ac86755a45f3422473bc1200776aac0fe04c5766abe6ca66699f7b564b23b',
      'darwin-arm64': '048ecf5ad3160f83d918f9fe945238d2132b079640f7b106175331c25f242c64',
    },
  },
}

/** `problem` is one sentence for the log of the action, `repair` how to install the tool in a workflow. */
export type Download = { ok: true; tool: FoundTool } | { ok: false; problem: string; repair: string }

export interface DownloadOptions {
  platform: NodeJS.Platform
  arch: NodeJS.Architecture
  /** tests put a loopback server and their own pins here */
  pins?: Readonly<Record<ToolName, Pin>>
}

/**
 * Downloads a pinned tool into the runner's tool cache (RUNNER_TOOL_CACHE, RUNNER_TEMP), or takes it from there. What has not
 * the pinned sha256 is deleted unopened.
 */
export async function downloadTool(tool: ToolName, options: DownloadOptions): Promise<Download> {
  const { version, base, file, program, sha256 } = (options.pins ?? PINS)[tool]
  const platform = `${options.platform}-${options.arch === 'x64' ? 'amd64' : options.arch}`
  const repair =
    tool === 'helm'
      ? 'Install it in a step before: uses: azure/setup-helm, or give its path as input `helm`.'
      : 'Install it in a step before (the kustomize of a GitHub-hosted Ubuntu runner will do), or give its path as input `kustomize`.'
  const wanted = sha256[platform]
  if (wanted === undefined)
    return { ok: false, problem: `${tool} ${version} is not pinned for ${platform}.`, repair }

  // loaded only here: it is slow to load and most runners have the tools
  const cache = await import('@actions/tool-cache')
  const found = (directory: string): Download => ({
    ok: true,
    tool: { path: path.join(directory, program(platform)), version, from: 'download' },
  })
  const known = cache.find(tool, version, options.arch)
  if (known !== '') return found(known)

  const url = `${base}/${file(platform)}`
  let archive: string
  try {
    archive = await cache.downloadTool(url)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      ok: false,
      problem: `${tool} ${version} could not be downloaded from ${url}: ${reason}.`,
      repair,
    }
  }
  try {
    const sum = createHash('sha256')
    await pipeline(createReadStream(archive), sum)
    const actual = sum.digest('hex')
    if (actual !== wanted) {
      const problem = `${url} is refused: its sha256 is ${actual}, not ${wanted}.`
      return { ok: false, problem, repair }
    }
    return found(await cache.cacheDir(await cache.extractTar(archive), tool, version, options.arch))
  } finally {
    await rm(archive, { force: true })
  }
}
