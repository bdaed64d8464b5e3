import path from 'node:path'
import type { ParameterCatalogs } from '../cnpg/parameters/parameter-catalog.ts'
import { keepBuilds, keepTemplates } from '../render/kept-renders.ts'
import { RenderCache } from '../render/render-cache.ts'
import type { RenderTools } from '../render-tree.ts'
import { fromCatalog, type SchemaCatalog } from '../schema/catalog.ts'
import { createValidator } from '../schema/validator.ts'
import { chartCache } from './chart-cache.ts'
import { chartSource } from './charts.ts'
import { helmTemplate } from './helm.ts'
import { kustomizeTool } from './kustomize.ts'
import { openParameterCatalogs } from './parameter-catalogs.ts'
import { openCatalog } from './schema-catalog.ts'
import { renderStore } from './render-store.ts'
import { cacheDirectory, findTools, type FoundTools, type MissingTool } from './tools.ts'

export interface ToolboxOptions {
  /** PATH, HOME and XDG_CACHE_HOME are read, nothing else */
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  platform: NodeJS.Platform
  kustomize?: string
  helm?: string
  /** fetch no chart: what the cache has, or nothing */
  offline: boolean
  /** hosts inside the network that charts may come from (configuration of the base branch) */
  chartHosts: readonly string[]
  progress: (message: string) => void
  /** where the schemas lie beside a bundle; the parameters of PostgreSQL are in `postgres` below it */
  catalogDirectory?: string
}

export interface Toolbox {
  tools: RenderTools & { catalog: SchemaCatalog; parameters: ParameterCatalogs }
  found: FoundTools
}

/** There is no kustomize: nothing can be rendered. */
export class ToolMissing extends Error {
  readonly repair: string
  constructor({ message, repair }: MissingTool) {
    super(message)
    this.name = 'ToolMissing'
    this.repair = repair
  }
}

/**
 * The tools of a run, found and wired: kustomize, helm, charts with their cache, schemas.
 * @throws ToolMissing without a kustomize, or where the one that was named cannot be used
 */
export async function openToolbox(options: ToolboxOptions): Promise<Toolbox> {
  const { env, cwd, platform, kustomize, helm } = options
  const found = await findTools({
    env,
    cwd,
    platform,
    ...(kustomize === undefined ? {} : { kustomize }),
    ...(helm === undefined ? {} : { helm }),
  })
  const blocking = found.missing.find(({ tool, given }) => given || tool === 'kustomize')
  if (found.kustomize === undefined || blocking !== undefined)
    throw new ToolMissing(
      blocking ?? {
        tool: 'kustomize',
        message: 'There is no kustomize.',
        repair: 'Install kustomize.',
        given: false,
      },
    )
  const catalog = openCatalog(options.catalogDirectory)
  const store = renderStore({
    directory: path.join(cacheDirectory(env), 'renders'),
    complain: options.progress,
  })
  const scopes = createValidator([fromCatalog(catalog, {})])
  const tools: Toolbox['tools'] = {
    kustomize: keepBuilds(
      await kustomizeTool({
        program: found.kustomize.style,
        path: found.kustomize.path,
        version: found.kustomize.version,
        ...(found.helm === undefined ? {} : { helm: found.helm.path }),
      }),
      store,
    ),
    charts: chartSource({
      cache: chartCache(path.join(cacheDirectory(env), 'charts')),
      offline: options.offline,
      allowHosts: options.chartHosts,
    }),
    cache: new RenderCache(),
    catalog,
    parameters: openParameterCatalogs(
      options.catalogDirectory === undefined ? undefined : path.join(options.catalogDirectory, 'postgres'),
    ),
    isNamespaced: (apiVersion, kind) => {
      const scope = scopes.scopeOf(apiVersion, kind)
      return scope === undefined ? undefined : scope === 'Namespaced'
    },
    progress: options.progress,
    ...(found.helm === undefined
      ? {}
      : { helm: keepTemplates(await helmTemplate({ command: found.helm.path }), store) }),
  }
  return { tools, found }
}
