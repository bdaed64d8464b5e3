import { renderTree } from '../render-tree.ts'
import { renderJson } from '../report/json.ts'
import { renderText } from '../report/text.ts'
import { renderYaml } from '../report/yaml.ts'
import type { RenderCommand } from './arguments.ts'
import { openTree, prepare } from './open.ts'
import { CannotJudge, type Context, type Outcome } from './run.ts'

/** `render`: what Flux would apply. Exit code 1 where a part fails to render, 2 where nothing was found to render. */
export async function render(command: RenderCommand, context: Context): Promise<Outcome> {
  await using opened = await openTree(command, context)
  const { config, tools } = await prepare(command, opened.tree, context)
  const rendered = await renderTree({ tree: opened.tree, config, entries: command.entries }, tools)
  const { cluster, kustomization } = command
  const kustomizations = rendered.kustomizations.filter(
    unit =>
      (cluster === undefined || unit.cluster === cluster) &&
      (kustomization === undefined || `${unit.namespace}/${unit.name}` === kustomization),
  )
  const helmReleases = rendered.helmReleases.filter(
    unit => kustomization === undefined && (cluster === undefined || unit.cluster === cluster),
  )
  if (kustomizations.length === 0 && (cluster !== undefined || kustomization !== undefined)) {
    const known = [...new Set(rendered.kustomizations.map(unit => unit.cluster))].filter(name => name !== '')
    throw new CannotJudge(
      `Nothing was rendered for ${[cluster, kustomization].filter(Boolean).join(' ')}.`,
      known.length === 0 ? 'No cluster was found.' : `Clusters: ${known.join(', ')}.`,
    )
  }
  const shown = { ...rendered, kustomizations, helmReleases }
  const failed = [...kustomizations, ...helmReleases].some(unit => unit.status === 'failed')
  const nothing = rendered.incomplete.some(({ reason }) => reason === 'no-entry-point')
  const exitCode = nothing ? 2 : failed ? 1 : 0
  switch (command.output) {
    case 'json':
      return { output: renderJson(shown), exitCode }
    case 'text':
      return { output: renderText(shown, { colour: context.color }), exitCode }
    case 'yaml':
    case 'markdown':
    case 'sarif':
    case 'plan':
    case 'renovate':
    default:
      return { output: renderYaml(shown), exitCode }
  }
}
