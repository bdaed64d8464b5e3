import { openParameterCatalogs } from '../src/adapters/parameter-catalogs.ts'
import { openCatalog } from '../src/adapters/schema-catalog.ts'
import { defaultConfig, type Config } from '../src/config/config.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { RenderCache } from '../src/render/render-cache.ts'
import type { RenderTools } from '../src/render-tree.ts'
import type { Review } from '../src/report/review.ts'
import { reviewPullRequest } from '../src/review-pull-request.ts'
import { realKustomize } from './tools.ts'

const catalog = openCatalog()
const parameters = openParameterCatalogs()
// what is equal in two reviews of a file is built once
const cache = new RenderCache()

/** The real kustomize, no helm, and charts that cannot be had. */
export async function offlineTools(): Promise<RenderTools> {
  return {
    kustomize: await realKustomize(),
    charts: {
      pull: async () => ({ ok: false, unavailable: true, reason: 'chart-offline', message: 'offline' }),
      unpack: async () => await Promise.reject(new Error('nothing was pulled')),
    },
    cache,
    isNamespaced: () => undefined,
    progress: () => undefined,
  }
}

/** Reviews the change from one set of files to another, path → text, with the product's own story. */
export async function offlineReview(
  base: Record<string, string>,
  head: Record<string, string>,
  config: Config = defaultConfig,
  tools?: RenderTools,
  all = false,
): Promise<Review> {
  return await reviewPullRequest(
    {
      base: memoryTree(base, 'base'),
      head: memoryTree(head, 'head'),
      baseRevision: { ref: 'main' },
      headRevision: { ref: 'feature' },
      config,
      configFindings: [],
      all,
      entries: [],
    },
    {
      ...(tools ?? (await offlineTools())),
      catalog,
      parameters,
      clock: () => 0,
      today: '2026-11-26',
    },
  )
}
