import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { ClusterConfig, Config } from '../src/config/config.ts'
import { readConfig } from '../src/config/load-config.ts'
import type { Json } from '../src/manifest/json.ts'
import { isManifest, type Manifest } from '../src/manifest/resource.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { RenderCache } from '../src/render/render-cache.ts'
import { renderTree, type RenderedRepository } from '../src/render-tree.ts'
import { ruleIds } from '../src/rules.ts'
import { realKustomize } from './tools.ts'

/** The root of this repository. */
export const ROOT = path.resolve(import.meta.dirname, '..')
/** Where the story puts the operator and its cluster. */
export const DATABASES = 'kubernetes/apps/databases/cloudnative-pg'

/** The files of the GitOps tree of this repository, with its configuration, by path. */
export function treeFiles(): Record<string, string> {
  const folders = ['kubernetes', 'infrastructure', 'clusters', 'test/fixtures/example-app']
  const files = globSync(
    folders.map(folder => `${folder}/**/*.{yaml,md}`),
    { cwd: ROOT },
  )
  return Object.fromEntries(
    ['.github/cnpg-steward.yaml', ...files].map(file => [file, readFileSync(path.join(ROOT, file), 'utf8')]),
  )
}

/** The configuration of this repository. */
export async function configuration(): Promise<Config> {
  const { config, findings } = await readConfig(memoryTree(treeFiles()), ruleIds)
  if (findings.length > 0) throw new Error(JSON.stringify(findings))
  return config
}

/**
 * Renders the tree of this repository as the product does, charts left out.
 * @param clusters other roots than those of the configuration, and files beside those of the tree
 */
export async function renderRepository(
  clusters?: ClusterConfig[],
  files: Record<string, string> = {},
): Promise<RenderedRepository> {
  const config = await configuration()
  return await renderTree(
    {
      tree: memoryTree({ ...treeFiles(), ...files }),
      config: { ...config, clusters: clusters ?? config.clusters },
      entries: [],
    },
    {
      kustomize: await realKustomize(),
      charts: {
        pull: async () =>
          await Promise.resolve({
            ok: false,
            unavailable: true,
            reason: 'chart-offline',
            message: 'offline',
          }),
        unpack: async () => await Promise.reject(new Error('nothing was pulled')),
      },
      cache: new RenderCache(),
      isNamespaced: () => undefined,
      progress: () => undefined,
    },
  )
}

/** `kustomize build`, the real one from PATH. */
export function build(directory: string, ...flags: string[]): string {
  return execFileSync('kustomize', ['build', directory, ...flags], { encoding: 'utf8', stdio: 'pipe' })
}

/** The objects of a YAML stream. */
export function manifestsOf(yaml: string): Manifest[] {
  return parseAllDocuments(yaml).map(document => {
    const json: Json = document.toJSON()
    if (!isManifest(json)) throw new Error(`no object: ${String(document)}`)
    return json
  })
}
