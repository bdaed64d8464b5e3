import { worstImpact, type Change, type FieldChange, type Impact } from '../../manifest/change.ts'
import { isObject, type Json, type JsonObject } from '../../manifest/json.ts'
import { groupOf, type Resource } from '../../manifest/resource.ts'
import type { TouchedUnit } from '../../manifest/touched-unit.ts'
import { databaseKey, type DatabaseExpectation, type Expectation } from './expectation.ts'

/** What a commit changes, as a review of it says. */
export interface CommitChanges {
  changes: readonly Change[]
  impacts: readonly Impact[]
  units: readonly TouchedUnit[]
}

/** As `flux bootstrap` calls it; where neither tree nor configuration says what a cluster is applied from. */
const USUAL_SOURCE = 'GitRepository flux-system/flux-system'

/**
 * What is to be seen in each cluster that a commit touches, in the order of their names.
 * @param commit 40 hexadecimal digits
 */
export function expectationsOf(commit: string, { changes, impacts, units }: CommitChanges): Expectation[] {
  const clusters = new Set([...changes, ...units].map(({ cluster }) => cluster))
  return [...clusters].toSorted().flatMap((cluster): Expectation[] => {
    const own = units.filter(unit => unit.cluster === cluster)
    const databases = databasesOf(
      changes.filter(change => change.cluster === cluster),
      impacts.filter(impact => impact.cluster === cluster),
    )
    // nothing that Flux applies: nobody says when it has arrived
    if (own.length === 0 && databases.length === 0) return []
    return [
      {
        commit,
        cluster,
        source: most(own.flatMap(({ source }) => source ?? [])) ?? USUAL_SOURCE,
        units: own.map(({ kind, namespace, name, dependsOn, chartVersion }) => ({
          kind,
          namespace,
          name,
          dependsOn: [...dependsOn],
          ...(chartVersion === undefined ? {} : { chartVersion }),
        })),
        databases,
      },
    ]
  })
}

function databasesOf(changes: readonly Change[], impacts: readonly Impact[]): DatabaseExpectation[] {
  const found = new Map<string, DatabaseExpectation>()
  const add = (database: DatabaseExpectation): void => {
    const key = databaseKey(database)
    // moved to another unit it comes and goes: it is there in the end
    if (found.get(key)?.absent === undefined && found.has(key)) return
    found.set(key, database)
  }
  const impactOn = ({ namespace, name }: Resource, otherwise: string | undefined): string =>
    worstImpact(
      impacts
        .filter(({ resource }) => isDatabase(resource))
        .filter(({ resource }) => resource.namespace === namespace && resource.name === name)
        .map(({ impact }) => impact),
    ) ??
    otherwise ??
    'unknown'
  for (const { change, resource, renamedFrom, orphaned, fields, impact, ...owner } of changes) {
    if (!isDatabase(resource)) continue
    const unit =
      owner.helmRelease === undefined
        ? `Kustomization ${owner.kustomization}`
        : `HelmRelease ${owner.helmRelease}`
    const common = { unit, impact: impactOn(resource, impact) }
    const gone = change === 'removed' ? resource : renamedFrom
    if (gone !== undefined && orphaned !== true)
      add({ ...common, namespace: gone.namespace, name: gone.name, absent: true })
    if (change === 'removed') continue
    add({ ...common, namespace: resource.namespace, name: resource.name, ...wantedOf(fields) })
  }
  // databases that change without their Cluster doing so: another operator, another image of a catalog
  for (const { resource, kustomization, impact } of impacts) {
    const { namespace, name } = resource
    if (!isDatabase(resource) || found.has(databaseKey({ namespace, name }))) continue
    add({ namespace, name, unit: `Kustomization ${kustomization}`, impact: impactOn(resource, impact) })
  }
  return [...found.values()]
}

function isDatabase({ apiVersion, kind }: Resource): boolean {
  return kind === 'Cluster' && groupOf(apiVersion) === 'postgresql.cnpg.io'
}

function wantedOf(
  fields: readonly FieldChange[],
): Pick<DatabaseExpectation, 'image' | 'instances' | 'parameters' | 'spec'> {
  const set: JsonObject = {}
  for (const { path, to } of fields) {
    const steps = stepsOf(path)
    // of a list a change tells the items that differ, and the live one is compared as a whole
    if (to !== undefined && steps !== undefined) put(set, steps, to)
  }
  const { spec } = set
  if (!isObject(spec)) return {}
  const { imageName, instances, postgresql, ...others } = spec
  const { parameters, ...ofPostgresql } = isObject(postgresql) ? postgresql : {}
  const texts = Object.entries(isObject(parameters) ? parameters : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  const rest: JsonObject =
    Object.keys(ofPostgresql).length === 0 ? others : { ...others, postgresql: ofPostgresql }
  return {
    ...(typeof imageName === 'string' ? { image: imageName } : {}),
    ...(typeof instances === 'number' ? { instances } : {}),
    ...(texts.length === 0 ? {} : { parameters: Object.fromEntries(texts) }),
    ...(Object.keys(rest).length === 0 ? {} : { spec: rest }),
  }
}

/**
 * The names in the path of a field: spec.postgresql.parameters[pg_stat_statements.max].
 * @returns `undefined` where it leads into a list
 */
function stepsOf(path: string): string[] | undefined {
  const steps: string[] = []
  for (const [, plain, bracketed] of path.matchAll(/([^.[\]]+)|\[("(?:[^"\\]|\\.)*"|[^\]]*)\]/g)) {
    if (plain !== undefined) steps.push(plain)
    else if (bracketed === undefined || /^\d+$/.test(bracketed)) return undefined
    else steps.push(bracketed.startsWith('"') ? String(JSON.parse(bracketed)) : bracketed)
  }
  return steps
}

function put(into: JsonObject, steps: readonly string[], value: Json): void {
  let here = into
  for (const step of steps.slice(0, -1)) {
    const inner: Json = Object.hasOwn(here, step) ? (here[step] ?? null) : null
    const next: JsonObject = isObject(inner) ? inner : {}
    // a name may be __proto__
    Object.defineProperty(here, step, { value: next, enumerable: true, configurable: true, writable: true })
    here = next
  }
  const last = steps.at(-1)
  if (last !== undefined)
    Object.defineProperty(here, last, { value, enumerable: true, configurable: true, writable: true })
}

/** What most of them say; of as many the first. */
function most(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted(([, one], [, other]) => other - one)[0]?.[0]
}
