import { joinUnjudged, type Finding, type Unjudged } from './manifest/finding.ts'
import type { RenderedKustomization, RenderFailure } from './manifest/rendered.ts'
import { buildKustomization } from './render/build.ts'
import type { BuiltObject } from './render/built-object.ts'
import { renderProblems } from './render/failures.ts'
import { finishKustomization } from './render/kustomization.ts'
import { kustomizeDirectories } from './render/kustomize-directories.ts'
import { inParallel, PARALLEL } from './render/in-parallel.ts'
import type { Artifact } from './render/source-ignore.ts'
import type { UnitSource } from './render/walk.ts'
import { HELM_MISSING } from './render-releases.ts'
import type { RenderedRepository, RenderRequest, RenderTools } from './rendered-repository.ts'

/**
 * A tree without Flux: every kustomize directory that no other one includes, built as `kustomize build --enable-helm` does
 * (Argo CD style), with charts that were fetched before.
 */
export async function renderDirectories(
  request: RenderRequest,
  artifact: Artifact,
  tools: RenderTools,
): Promise<RenderedRepository> {
  const { tree } = request
  const { helm, charts } = tools
  const directories = await kustomizeDirectories(tree, artifact, tools.cache)
  const kustomizations: RenderedKustomization[] = []
  const files = new Set<string>()
  const failedFiles = new Set<string>()
  const findings: Finding[] = []
  const incomplete: Unjudged[] = []
  await inParallel(directories, PARALLEL, async directory => {
    tools.progress(`${tree.name}: kustomize directory ${directory}`)
    const here = { cluster: '', namespace: '', name: directory, path: directory }
    const built = await buildKustomization({
      tree,
      artifact,
      kustomize: tools.kustomize,
      cache: tools.cache,
      unit: { directory },
      inflate: helm === undefined ? { unknown: HELM_MISSING } : { charts, helm: helm.version },
    })
    const { inputs } = built
    findings.push(...built.remarks)
    for (const file of built.files) (built.ok ? files : failedFiles).add(file)
    if (built.ok) kustomizations.push({ ...here, ...finishDirectory(built.objects, built.leftOut), inputs })
    else if (built.problems.length > 0)
      kustomizations.push({ ...here, status: 'failed', error: built.error, objects: [], inputs })
    else {
      kustomizations.push({ ...here, status: 'skipped', objects: [], inputs })
      const affected = [`Kustomization ${directory}`]
      incomplete.push(...built.unknown.map(unknown => ({ ...unknown, affected })))
    }
  })
  const rendered: RenderedRepository = {
    kustomizations: kustomizations.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    helmReleases: [],
    findings,
    incomplete: [nothingOfFlux(directories.length), ...incomplete],
    files,
    failedFiles,
    roots: new Map(),
    sources: new Map([
      [
        '',
        {
          artifact,
          units: new Map(directories.map(directory => [`/${directory}`, AS_IT_STANDS])),
          releases: new Map(),
        },
      ],
    ]),
  }
  return withProblems(rendered)
}

/** Adds what the units tell of themselves: failures, and what could not be rendered. */
export function withProblems(rendered: RenderedRepository): RenderedRepository {
  const { findings, incomplete } = renderProblems(rendered)
  return {
    ...rendered,
    findings: [...rendered.findings, ...findings],
    incomplete: joinUnjudged([...rendered.incomplete, ...incomplete]),
  }
}

/** Objects of a kustomize directory: what it prints is what is applied. */
function finishDirectory(
  built: readonly BuiltObject[],
  leftOut: RenderFailure[],
): Pick<RenderedKustomization, 'status' | 'error' | 'objects' | 'leftOut'> {
  const finished = finishKustomization({}, built, {
    variables: new Map(),
    strict: false,
    variablesUnknown: false,
  })
  if (!finished.ok) return { status: 'failed', error: finished.error, objects: [] }
  const [error] = leftOut
  return error === undefined
    ? { status: 'rendered', objects: finished.objects }
    : { status: 'failed', error, objects: finished.objects, leftOut }
}

/** A kustomize directory is built without anything of Flux. */
const AS_IT_STANDS: UnitSource = { variables: new Map(), variablesUnknown: false, strict: false }

function nothingOfFlux(directories: number): Unjudged {
  return directories === 0
    ? {
        reason: 'no-entry-point',
        message: 'No Flux object and no kustomize directory was found: nothing of this tree was rendered.',
        repair: 'Name the roots under `clusters:` in .github/cnpg-steward.yaml, or give --entry NAME=PATH.',
        affected: ['the whole tree'],
      }
    : {
        reason: 'no-flux-objects',
        message: `No Flux object was found; ${directories} kustomize ${directories === 1 ? 'directory was' : 'directories were'} built as they stand.`,
        repair:
          'If Flux runs this repository, name its roots under `clusters:` in .github/cnpg-steward.yaml, or give --entry NAME=PATH.',
        affected: ['the whole tree'],
      }
}
