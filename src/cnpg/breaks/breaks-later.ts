import type { ExternalObject } from '../../config/config.ts'
import type { Finding } from '../../manifest/finding.ts'
import type { RenderedObject, RenderedTree } from '../../manifest/rendered.ts'
import { groupOf, resourceKey } from '../../manifest/resource.ts'
import { catalogProblems, objectStoreProblems } from '../references/catalog-problems.ts'
import { referenceProblems, secretStoreProblems } from '../references/reference-problems.ts'
import { networkProblems } from '../network/network-problems.ts'
import { operandOf } from '../operand.ts'
import { operatorVersion } from '../operator-version.ts'
import type { ParameterCatalogs } from '../parameters/parameter-catalog.ts'
import { backupProblems } from './backup-problems.ts'
import { clusterProblems } from './cluster-problems.ts'
import type { ObjectProblem } from './problem.ts'
import { treeProblems } from './tree-problems.ts'
import { updateProblems } from './update-problems.ts'

export interface BreaksLaterRequest {
  head: RenderedTree
  /** what runs; absent: every object is new */
  base?: RenderedTree
  catalogs: ParameterCatalogs
  external: readonly ExternalObject[]
  /** the operator's version where the tree does not say */
  operator?: string
}

/** What API server and operator accept, and what breaks then; findings at the line of their object. */
export function breaksLater(request: BreaksLaterRequest): Finding[] {
  const { head, base } = request
  const units = [...head.kustomizations, ...head.helmReleases]
  return [...new Set(units.map(({ cluster }) => cluster))].flatMap(cluster => {
    const objects = objectsOf(head, cluster)
    const before = base === undefined ? [] : objectsOf(base, cluster)
    const operator = operatorVersion(head, cluster)?.version ?? request.operator
    const known = new Map(before.map(object => [resourceKey(object.resource), object]))
    const references = {
      objects,
      external: request.external,
      isRendered: isRendered(head, cluster),
      isWhole: (namespace?: string) => isWhole(head, cluster, namespace),
    }
    const problems: ObjectProblem[] = [
      ...treeProblems(objects, request.external, references.isWhole),
      ...backupProblems(objects),
      ...referenceProblems(references),
      ...secretStoreProblems(references),
      ...catalogProblems(references),
      ...objectStoreProblems(references),
      ...networkProblems({
        objects,
        helmReleases: head.helmReleases.filter(unit => unit.cluster === cluster),
        isRendered: references.isRendered,
      }),
      ...objects.flatMap(object => {
        const operand = operandOf(object.manifest, objects, operator)
        const old = known.get(resourceKey(object.resource))
        const found = [
          ...(isCluster(object) ? clusterProblems(object.manifest, operand, request.catalogs) : []),
          ...(old === undefined || old.manifest === object.manifest
            ? []
            : updateProblems(old, object, {
                base: operandOf(old.manifest, before, operator),
                head: operand,
              })),
        ]
        return found.map(problem => ({ ...problem, object }))
      }),
    ]
    return problems.map(({ object, ...problem }) => ({
      ...problem,
      resource: object.resource,
      cluster,
      ...ownerOf(object, head, cluster),
      ...object.origin,
    }))
  })
}

function objectsOf(tree: RenderedTree, cluster: string): RenderedObject[] {
  return [...tree.kustomizations, ...tree.helmReleases]
    .filter(unit => unit.cluster === cluster)
    .flatMap(({ objects }) => objects)
}

function isCluster({ resource }: RenderedObject): boolean {
  return resource.kind === 'Cluster' && groupOf(resource.apiVersion) === 'postgresql.cnpg.io'
}

function ownerOf(object: RenderedObject, tree: RenderedTree, cluster: string): { kustomization?: string } {
  const owner = tree.kustomizations.find(unit => unit.cluster === cluster && unit.objects.includes(object))
  return owner === undefined || owner.namespace === ''
    ? {}
    : { kustomization: `${owner.namespace}/${owner.name}` }
}

function isRendered(tree: RenderedTree, cluster: string): boolean {
  return !tree.kustomizations.some(unit => unit.cluster === cluster && unit.status === 'failed')
}

/**
 * A Kustomization that does not render, or a chart of this namespace, may hold what seems to be missing.
 * @param namespace undefined: of objects that have none, any chart
 */
function isWhole(tree: RenderedTree, cluster: string, namespace: string | undefined): boolean {
  return (
    isRendered(tree, cluster) &&
    !tree.helmReleases.some(
      unit =>
        unit.cluster === cluster &&
        unit.status !== 'rendered' &&
        (namespace === undefined || unit.namespace === namespace),
    )
  )
}
