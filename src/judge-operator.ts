import { OPERATOR, operatorVersion } from './cnpg/operator-version.ts'
import { releaseProblems } from './cnpg/release/release-problems.ts'
import type { Config } from './config/config.ts'
import type { Finding } from './manifest/finding.ts'
import type { RenderedObject, RenderedTree } from './manifest/rendered.ts'
import { versionWrittenAt } from './version-bumps.ts'

/**
 * What the CloudNativePG project says about the release that a cluster runs (end of life, advisories, Kubernetes and PostgreSQL
 * versions), and about the update to it where base has another.
 * @param today ISO date
 */
export function judgeOperator(
  cluster: string,
  { head, base, config }: { head: RenderedTree; base?: RenderedTree; config: Config },
  today: string,
): Finding[] {
  const version = operatorVersion(head, cluster)?.version
  if (version === undefined) return []
  const before = base === undefined ? undefined : operatorVersion(base, cluster)?.version
  const objects = objectsOf(head, cluster)
  const problems = releaseProblems({
    version,
    ...(before === undefined || before === version ? {} : { from: before }),
    today,
    ...(config.kubernetesVersion === undefined ? {} : { kubernetes: config.kubernetesVersion }),
    objects,
  })
  if (problems.length === 0) return []
  const { writtenIn, place } = versionWrittenAt(OPERATOR, cluster, base ?? head, head)
  // the story moves findings from their object's line to the field's
  const where = writtenIn === undefined ? place : writtenIn.object.origin
  return problems.map(({ object, field, ...problem }) => ({
    ...problem,
    cluster,
    ...(object === undefined
      ? {
          ...(writtenIn === undefined ? {} : { resource: writtenIn.object.resource, field: writtenIn.field }),
          ...where,
        }
      : {
          resource: object.resource,
          ...(field === '' ? {} : { field }),
          ...ownerOf(object, head, cluster),
          ...object.origin,
        }),
  }))
}

function objectsOf(tree: RenderedTree, cluster: string): RenderedObject[] {
  return [...tree.kustomizations, ...tree.helmReleases]
    .filter(unit => unit.cluster === cluster)
    .flatMap(({ objects }) => objects)
}

function ownerOf(object: RenderedObject, tree: RenderedTree, cluster: string): { kustomization?: string } {
  const owner = tree.kustomizations.find(unit => unit.cluster === cluster && unit.objects.includes(object))
  return owner === undefined || owner.namespace === ''
    ? {}
    : { kustomization: `${owner.namespace}/${owner.name}` }
}
