import type { ExternalObject } from '../config/config.ts'
import type { Finding } from '../manifest/finding.ts'
import type { RenderedObject, RenderedTree } from '../manifest/rendered.ts'
import { annotationFindings } from './annotations.ts'
import { dependsOnFindings } from './depends-on.ts'
import type { CompileExpression } from './expression.ts'
import { finalizerFindings } from './finalizers.ts'
import { forceFindings } from './force.ts'
import { healthCheckFindings } from './health-checks.ts'
import { healthExpressionFindings } from './health-expressions.ts'

export interface FluxRequest {
  /** the cluster that is judged */
  cluster: string
  head: RenderedTree
  /** what runs; absent: every object is new */
  base?: RenderedTree
  external: readonly ExternalObject[]
  compile: CompileExpression
}

/** What Flux makes of the objects of one cluster: how they wait for each other, what health means, what is deleted. */
export function fluxFindings({ cluster, head, base, external, compile }: FluxRequest): Finding[] {
  const objects = objectsOf(head, cluster)
  const kustomizations = head.kustomizations.filter(unit => unit.cluster === cluster)
  // charts that were not rendered make none of the kinds that are waited for by name
  const isWhole = kustomizations.every(({ status }) => status !== 'failed')
  return [
    ...dependsOnFindings(objects, external, compile),
    ...healthCheckFindings(objects, kustomizations, external, isWhole),
    ...healthExpressionFindings(objects, kustomizations, compile),
    ...forceFindings(objects, kustomizations),
    ...annotationFindings(kustomizations),
    ...(base === undefined ? [] : finalizerFindings(objects, objectsOf(base, cluster))),
  ].map(finding => ({ ...finding, cluster }))
}

function objectsOf(tree: RenderedTree, cluster: string): RenderedObject[] {
  return [...tree.kustomizations, ...tree.helmReleases]
    .filter(unit => unit.cluster === cluster)
    .flatMap(({ objects }) => objects)
}
