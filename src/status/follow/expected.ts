import { worstImpact, type Change, type FieldChange, type Impact } from '../../manifest/change.ts'
import { isObject, type Json } from '../../manifest/json.ts'
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
): Pick<DatabaseExpectation, 'image' | 'instances' | 'parameters'> {
  const image = setTo(fields, 'spec.imageName')
  const instances = setTo(fields, 'spec.instances')
  const prefix = 'spec.postgresql.parameters'
  const whole = setTo(fields, prefix)
  const parameters = [
    ...(isObject(whole) ? Object.entries(whole) : []),
    ...fields.flatMap(({ path, to }): [string, Json][] => {
      // names with a dot stand in brackets: parameters[pg_stat_statements.max]
      const [, plain, bracketed] =
        /^(?:\.(.+)|\[(.+)\])$/.exec(path.startsWith(prefix) ? path.slice(prefix.length) : '') ?? []
      const name = plain ?? bracketed
      return name === undefined || to === undefined ? [] : [[name, to]]
    }),
  ].filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return {
    ...(typeof image === 'string' ? { image } : {}),
    ...(typeof instances === 'number' ? { instances } : {}),
    ...(parameters.length === 0 ? {} : { parameters: Object.fromEntries(parameters) }),
  }
}

/** What a change sets a field to: by itself, or with what holds it. `undefined`: it does not touch it. */
function setTo(fields: readonly FieldChange[], wanted: string): Json | undefined {
  for (const { path, to } of fields) {
    if (path === wanted) return to
    if (!wanted.startsWith(`${path}.`)) continue
    let here: Json | undefined = to
    for (const step of wanted.slice(path.length + 1).split('.'))
      here = isObject(here) && Object.hasOwn(here, step) ? here[step] : undefined
    if (here !== undefined) return here
  }
  return undefined
}

/** What most of them say; of as many the first. */
function most(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted(([, one], [, other]) => other - one)[0]?.[0]
}
