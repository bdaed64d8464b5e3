import type { ExternalObject } from '../config/config.ts'
import type { Finding } from '../manifest/finding.ts'
import { isObject, textAt, valueAt, type JsonObject } from '../manifest/json.ts'
import { nearName } from '../manifest/near-name.ts'
import type { RenderedObject } from '../manifest/rendered.ts'
import { groupOf } from '../manifest/resource.ts'
import type { CompileExpression } from './expression.ts'
import { isOpen } from './flux-kinds.ts'

/** The kinds of Flux that wait for others of their own kind (spec.dependsOn). */
const WAITING = new Map([
  ['Kustomization', 'kustomize.toolkit.fluxcd.io'],
  ['HelmRelease', 'helm.toolkit.fluxcd.io'],
])

/**
 * What is wrong with spec.dependsOn among the objects of one cluster: a dependency that nothing applies, which keeps the
 * object waiting for ever, a circle, in which all wait for each other, one that is suspended, and a readyExpr that Flux
 * refuses or that is false of a dependency that is ready.
 * Source: kustomize-controller 1.9 checkDependencies, helm-controller 1.6.
 * @param external objects that the configuration says live outside this repository
 */
export function dependsOnFindings(
  objects: readonly RenderedObject[],
  external: readonly ExternalObject[],
  compile: CompileExpression,
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
      for (const dependency of dependenciesOf(object)) {
        const { key, index } = dependency
        const known = byKey.get(key)
        findings.push(...readyProblems(object, dependency, known, compile))
        if (known !== undefined && kind === 'Kustomization')
          findings.push(...suspendedProblems(object, dependency, known))
        if (known !== undefined || isExternal(key) || isOpen(key)) continue
        const near = nearName(
          key.slice(key.indexOf('/') + 1),
          waiting
            .filter(({ resource }) => resource.namespace === key.slice(0, key.indexOf('/')))
            .map(({ resource }) => resource.name),
        )
        const elsewhere = waiting.find(({ resource }) => key.endsWith(`/${resource.name}`))
        const hint =
          near !== undefined
            ? `Did you mean ${near}? `
            : elsewhere === undefined
              ? ''
              : `There is ${keyOf(elsewhere)}. `
        findings.push({
          ruleId: 'flux-depends-on-unknown',
          level: 'warning',
          message: `It depends on ${kind} ${key}, which nothing in this repository applies: it waits until somebody else creates it.`,
          // what else there is may change without the mistake becoming another one: no part of the message
          repair: `${hint}Correct the name or namespace, or declare ${kind} ${key} under \`external:\` in .github/cnpg-steward.yaml.`,
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

interface Dependency {
  key: string
  index: number
  readyExpr?: string
}

/** A dependency without a namespace is in the namespace of who waits (kustomize-controller checkDependencies). */
function dependenciesOf({ manifest, resource }: RenderedObject): Dependency[] {
  const list = valueAt(manifest, 'spec', 'dependsOn')
  if (!Array.isArray(list)) return []
  return list.flatMap((entry, index): Dependency[] => {
    const name = isObject(entry) ? textAt(entry, 'name') : undefined
    if (name === undefined) return []
    const readyExpr = textAt(entry, 'readyExpr') ?? ''
    return [
      {
        key: `${textAt(entry, 'namespace') ?? resource.namespace}/${name}`,
        index,
        ...(readyExpr === '' ? {} : { readyExpr }),
      },
    ]
  })
}

/** Of the same source a dependency must have applied the same revision; one that is suspended never does. */
function suspendedProblems(
  object: RenderedObject,
  { key, index, readyExpr }: Dependency,
  dependency: RenderedObject,
): Finding[] {
  if (readyExpr !== undefined || valueAt(dependency.manifest, 'spec', 'suspend') !== true) return []
  if (valueAt(object.manifest, 'spec', 'suspend') === true || sourceOf(object) !== sourceOf(dependency))
    return []
  return [
    {
      ruleId: 'flux-depends-on-suspended',
      level: 'warning',
      message: `It depends on Kustomization ${key}, which is suspended: with the next commit that one stays at the old revision, and this one is no longer applied either.`,
      repair: `Resume ${key}, or take the dependency out.`,
      resource: object.resource,
      field: `spec.dependsOn[${index}].name`,
      ...object.origin,
    },
  ]
}

function sourceOf({ manifest, resource }: RenderedObject): string {
  const reference = (name: string) => textAt(manifest, 'spec', 'sourceRef', name)
  return `${reference('kind') ?? ''} ${reference('namespace') ?? resource.namespace}/${reference('name') ?? ''}`
}

/** readyExpr takes the place of the check for the condition Ready; it is compiled, with self and dep as its variables. */
function readyProblems(
  object: RenderedObject,
  { key, index, readyExpr }: Dependency,
  dependency: RenderedObject | undefined,
  compile: CompileExpression,
): Finding[] {
  if (readyExpr === undefined || isOpen(readyExpr)) return []
  const finding = (message: string, repair: string): Finding[] => [
    {
      ruleId: 'flux-depends-on-expression',
      level: 'error',
      message,
      repair,
      resource: object.resource,
      field: `spec.dependsOn[${index}].readyExpr`,
      ...object.origin,
    },
  ]
  const compiled = compile(readyExpr, ['self', 'dep'])
  if (!compiled.ok)
    return compiled.certain
      ? finding(
          `Flux refuses readyExpr: ${compiled.problem}. The object is never applied.`,
          'Compare fields of dep (the dependency) and self, as in dep.status.observedGeneration == dep.metadata.generation.',
        )
      : []
  if (dependency === undefined) return []
  const result = compiled.evaluate({
    self: withStatus(object.manifest),
    dep: withStatus(dependency.manifest),
  })
  // the status may hold more than is known here
  if (!('value' in result) || result.value || /\.status\.(?!conditions|observedGeneration)/.test(readyExpr))
    return []
  return finding(
    `readyExpr is false of ${key} as this repository applies it, however ready it is: the object is never applied.`,
    'Compare what is equal once both are up to date.',
  )
}

/** An object of Flux that is ready. */
function withStatus(manifest: JsonObject): JsonObject {
  const metadata = isObject(manifest['metadata']) ? manifest['metadata'] : {}
  return {
    ...manifest,
    metadata: { ...metadata, generation: 1 },
    status: {
      observedGeneration: 1,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'ReconciliationSucceeded',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
          observedGeneration: 1,
        },
      ],
    },
  }
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
