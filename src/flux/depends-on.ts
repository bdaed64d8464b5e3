import type { ExternalObject } from '../config/config.ts'
import type { Finding } from '../manifest/finding.ts'
import { isObject, textAt, valueAt } from '../manifest/json.ts'
import type { RenderedObject } from '../manifest/rendered.ts'
import { groupOf } from '../manifest/resource.ts'

/** The kinds of Flux that wait for others of their own kind (spec.dependsOn). */
const WAITING = new Map([
  ['Kustomization', 'kustomize.toolkit.fluxcd.io'],
  ['HelmRelease', 'helm.toolkit.fluxcd.io'],
])

/**
 * What is wrong with spec.dependsOn among the objects of one cluster: a dependency that nothing applies, which keeps the
 * object waiting for ever, and a circle, in which all wait for each other.
 * @param external objects that the configuration says live outside this repository
 */
export function dependsOnFindings(
  objects: readonly RenderedObject[],
  external: readonly ExternalObject[],
): Finding[] {
  const findings: Finding[] = []
  for (const [kind, group] of WAITING) {
    const waiting = objects.filter(
      ({ resource }) => resource.kind === kind && groupOf(resource.apiVersion) === group,
    )
    const byKey = new Map(waiting.map(object => [keyOf(object), object]))
    const isExternal = (key: string) =>
      external.some(known => known.kind === kind && `${known.namespace}/${known.name}` === key)
    for (const object of waiting) {
      for (const { key, index } of dependenciesOf(object)) {
        if (byKey.has(key) || isExternal(key)) continue
        findings.push({
          ruleId: 'flux-depends-on-unknown',
          level: 'warning',
          message: `It depends on ${kind} ${key}, which nothing in this repository applies: it waits until somebody else creates it.`,
          repair: `Correct the name or namespace, or declare ${kind} ${key} under \`external:\` in .github/cnpg-steward.yaml.`,
          resource: object.resource,
          field: `spec.dependsOn[${index}].name`,
          ...object.origin,
        })
      }
    }
    for (const circle of circles(byKey)) {
      const first = byKey.get(circle[0] ?? '')
      if (first === undefined) continue
      findings.push({
        ruleId: 'flux-depends-on-cycle',
        level: 'error',
        message: `${kind}s wait for each other in a circle: ${[...circle, circle[0]].join(' → ')}; none of them is ever applied.`,
        repair: 'Take one of the dependsOn entries out.',
        resource: first.resource,
        field: 'spec.dependsOn',
        ...first.origin,
      })
    }
  }
  return findings
}

function keyOf({ resource }: RenderedObject): string {
  return `${resource.namespace}/${resource.name}`
}

/** A dependency without a namespace is in the namespace of who waits (kustomize-controller checkDependencies). */
function dependenciesOf({ manifest, resource }: RenderedObject): { key: string; index: number }[] {
  const list = valueAt(manifest, 'spec', 'dependsOn')
  if (!Array.isArray(list)) return []
  return list.flatMap((entry, index) => {
    const name = isObject(entry) ? textAt(entry, 'name') : undefined
    return name === undefined
      ? []
      : [{ key: `${textAt(entry, 'namespace') ?? resource.namespace}/${name}`, index }]
  })
}

/** Every circle once, starting where the objects' order meets it first. */
function circles(byKey: ReadonlyMap<string, RenderedObject>): string[][] {
  const done = new Set<string>()
  const found: string[][] = []
  const visit = (key: string, path: string[]) => {
    const seen = path.indexOf(key)
    if (seen !== -1) {
      found.push(path.slice(seen))
      return
    }
    const object = byKey.get(key)
    if (object === undefined || done.has(key)) return
    path.push(key)
    for (const dependency of dependenciesOf(object)) visit(dependency.key, path)
    path.pop()
    done.add(key)
  }
  for (const key of byKey.keys()) visit(key, [])
  return found
}
