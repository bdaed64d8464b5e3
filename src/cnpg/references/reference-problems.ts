import type { ExternalObject } from '../../config/config.ts'
import { isObject, textAt, valueAt } from '../../manifest/json.ts'
import { nearName } from '../../manifest/near-name.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf } from '../../manifest/resource.ts'
import { isOpen, type ObjectProblem } from '../breaks/problem.ts'
import { hasGenerators, madeObjects, type Made } from './made-objects.ts'
import { referencesOf, type Reference } from './named-objects.ts'
import { valuesAt } from './walk.ts'

export interface ReferenceRequest {
  objects: readonly RenderedObject[]
  external: readonly ExternalObject[]
  /** whether every Kustomization was rendered: else nothing is missed. A chart seldom makes what was only misspelt. */
  isRendered: boolean
  /** whether that goes for charts, too: those of a namespace; undefined: all */
  isWhole: (namespace?: string) => boolean
}

/**
 * What objects of CloudNativePG name that nothing here makes, or that lacks what is read of it. No webhook looks: a Cluster
 * with a missing Secret waits, its backups fail, or the password is never set (recorded: "reconciled").
 * Whatever is not found may be made outside Git: it is a note, and a warning only where a slip of the pen is likely.
 */
export function referenceProblems({
  objects,
  external,
  isRendered,
  isWhole,
}: ReferenceRequest): ObjectProblem[] {
  const made = madeObjects(objects)
  const foreseeable = isRendered && !hasGenerators(objects)
  return objects.flatMap(object =>
    referencesOf(object).flatMap((reference): ObjectProblem[] => {
      if (isOpen(reference.name)) return []
      return reference.kind === 'Secret' || reference.kind === 'ConfigMap'
        ? aboutMade(object, reference, made, external, {
            slips: foreseeable,
            notes: foreseeable && isWhole(object.resource.namespace),
          })
        : aboutOther(object, reference, objects, external, { slips: isRendered, notes: isWhole(undefined) })
    }),
  )
}

function isDeclared(
  external: readonly ExternalObject[],
  kind: string,
  namespace: string,
  name: string,
): boolean {
  return external.some(known => known.kind === kind && known.namespace === namespace && known.name === name)
}

function aboutMade(
  object: RenderedObject,
  reference: Reference,
  made: readonly Made[],
  external: readonly ExternalObject[],
  may: { slips: boolean; notes: boolean },
): ObjectProblem[] {
  const { namespace } = object.resource
  const { kind, name, field } = reference
  const alike = made.filter(one => one.kind === kind)
  const makers = alike.filter(
    one => one.name === name && (one.namespace === undefined || one.namespace === namespace),
  )
  if (makers.length > 0)
    return [...missingKeys(object, reference, makers), ...wrongUser(object, reference, makers)]
  if (!may.slips || isDeclared(external, kind, namespace, name)) return []
  const near = slip(
    name,
    alike.filter(one => one.namespace === namespace).map(one => one.name),
  )
  const elsewhere = alike.find(one => one.name === name)
  if (near === undefined && elsewhere === undefined && !may.notes) return []
  return [
    unknown(
      object,
      reference,
      near === undefined
        ? elsewhere === undefined
          ? undefined
          : `${elsewhere.by} makes one in namespace ${elsewhere.namespace ?? ''}; it must be in that of the ${object.resource.kind}. `
        : `Did you mean ${near}? `,
      `namespace ${namespace || 'default'}`,
      `${kind} ${namespace}/${name}`,
      field,
    ),
  ]
}

/** A near name that was probably meant; app-1 and app-2 are two, and both meant. */
function slip(name: string, names: readonly string[]): string | undefined {
  return nearName(
    name,
    names.filter(other => uncounted(other) !== uncounted(name)),
  )
}

function uncounted(name: string): string {
  return name.replaceAll(/[-_.]?\d+/g, '')
}

/** Kinds without a namespace are often installed with the cluster: only a tree that has some of the kind is asked. */
function aboutOther(
  object: RenderedObject,
  reference: Reference,
  objects: readonly RenderedObject[],
  external: readonly ExternalObject[],
  may: { slips: boolean; notes: boolean },
): ObjectProblem[] {
  const { kind, name, field } = reference
  const namespace = kind === 'ServiceAccount' ? object.resource.namespace : ''
  if (kind === 'PriorityClass' && name.startsWith('system-')) return []
  const here = objects
    .filter(
      ({ resource }) => resource.kind === kind && (namespace === '' || resource.namespace === namespace),
    )
    .map(({ resource }) => resource.name)
  if (here.includes(name) || here.length === 0 || isDeclared(external, kind, namespace, name)) return []
  const near = slip(name, here)
  if (!(near === undefined ? may.notes : may.slips)) return []
  return [
    unknown(
      object,
      reference,
      near === undefined ? undefined : `Did you mean ${near}? `,
      'this repository',
      `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`,
      field,
    ),
  ]
}

function unknown(
  object: RenderedObject,
  { kind, name }: Reference,
  hint: string | undefined,
  where: string,
  declared: string,
  field: string,
): ObjectProblem {
  return {
    object,
    ruleId: 'cnpg-reference-unknown',
    level: hint === undefined ? 'note' : 'warning',
    message: `Nothing here makes ${kind} ${name} in ${where}, which the ${object.resource.kind} names: if it is not made elsewhere, the operator waits for it.`,
    repair: `${hint ?? ''}Correct the name, or declare ${declared} under \`external:\` in .github/cnpg-steward.yaml.`,
    field,
  }
}

function missingKeys(
  object: RenderedObject,
  { kind, name, keys, field }: Reference,
  makers: readonly Made[],
): ObjectProblem[] {
  // several makers complete one another
  const known = makers.flatMap(one => one.keys ?? [])
  if (makers.some(one => one.keys === undefined)) return []
  const missing = keys.filter(key => !known.includes(key) && !isOpen(key))
  if (missing.length === 0) return []
  return [
    {
      object,
      ruleId: 'cnpg-reference-key',
      level: 'warning',
      message: `${kind} ${name} (${makers.map(({ by }) => by).join(', ')}) has no key ${missing.join(' and no key ')}, which the ${object.resource.kind} reads; it has ${known.join(', ')}.`,
      repair: `Add the key, or name one that is there.`,
      field: field.replace(
        /\.name$/,
        keys.length === 1 && !keys.some(key => /^(?:ca|tls)\./.test(key)) ? '.key' : '.name',
      ),
    },
  ]
}

/** The instance manager compares: "wrong username 'x' in secret, expected 'y'" (1.28 instance_controller.go, roles/runnable.go). */
function wrongUser(
  object: RenderedObject,
  { name, field }: Reference,
  makers: readonly Made[],
): ObjectProblem[] {
  const wanted = userOf(object, field)
  const [maker] = makers
  if (wanted === undefined || makers.length !== 1 || maker?.username === undefined) return []
  if (maker.username.trim() === wanted.trim() || isOpen(wanted)) return []
  return [
    {
      object,
      ruleId: 'cnpg-secret-username',
      level: 'error',
      message: `Secret ${name} has the username ${maker.username}, and the operator expects ${wanted}: the password is never set.`,
      repair: `Write username: ${wanted} into the Secret.`,
      field,
    },
  ]
}

/** The role that a Secret is for. */
function userOf({ manifest, resource }: RenderedObject, field: string): string | undefined {
  if (resource.kind !== 'Cluster') return undefined
  if (field === 'spec.superuserSecret.name')
    return valueAt(manifest, 'spec', 'enableSuperuserAccess') === true ? 'postgres' : undefined
  const role = /^spec\.managed\.roles\[(\d+)\]\.passwordSecret\.name$/.exec(field)?.[1]
  if (role !== undefined) return textAt(manifest, 'spec', 'managed', 'roles', Number(role), 'name')
  const method = /^spec\.bootstrap\.(initdb|recovery|pg_basebackup)\.secret\.name$/.exec(field)?.[1]
  if (method === undefined) return undefined
  const bootstrap = valueAt(manifest, 'spec', 'bootstrap', method)
  // cluster_defaults.go: the owner is the database's name, the database of initdb app
  const database = textAt(bootstrap, 'database') || (method === 'initdb' ? 'app' : undefined)
  return textAt(bootstrap, 'owner') || database
}

/** Secrets and stores that ExternalSecrets for databases want: a store that is not there leaves the Secret unmade. */
export function secretStoreProblems({
  objects,
  external,
  isRendered,
  isWhole,
}: ReferenceRequest): ObjectProblem[] {
  if (!isRendered || hasGenerators(objects)) return []
  const stores = objects.filter(
    ({ resource }) =>
      groupOf(resource.apiVersion) === 'external-secrets.io' &&
      /^(?:Cluster)?SecretStore$/.test(resource.kind),
  )
  const wanted = new Set(
    objects.flatMap(object =>
      referencesOf(object).flatMap(({ kind, name }) =>
        kind === 'Secret' ? [`${object.resource.namespace}/${name}`] : [],
      ),
    ),
  )
  return objects.flatMap((object): ObjectProblem[] => {
    const { resource, manifest } = object
    if (resource.kind !== 'ExternalSecret' || groupOf(resource.apiVersion) !== 'external-secrets.io')
      return []
    const made = textAt(manifest, 'spec', 'target', 'name') || resource.name
    if (!wanted.has(`${resource.namespace}/${made}`)) return []
    const named = [
      ...valuesAt(manifest, 'spec.secretStoreRef'),
      ...valuesAt(manifest, 'spec.data[].sourceRef.storeRef'),
      ...valuesAt(manifest, 'spec.dataFrom[].sourceRef.storeRef'),
    ]
    return named.flatMap(({ value, field }): ObjectProblem[] => {
      const name = isObject(value) ? (textAt(value, 'name') ?? '') : ''
      const kind = textAt(value, 'kind') || 'SecretStore'
      const namespace = kind === 'SecretStore' ? resource.namespace : ''
      if (name === '' || isOpen(name)) return []
      const alike = stores.filter(
        store =>
          store.resource.kind === kind && (kind !== 'SecretStore' || store.resource.namespace === namespace),
      )
      if (alike.some(store => store.resource.name === name) || isDeclared(external, kind, namespace, name))
        return []
      const near = nearName(
        name,
        alike.map(store => store.resource.name),
      )
      if (near === undefined && !isWhole(undefined)) return []
      const label = namespace === '' ? name : `${namespace}/${name}`
      return [
        {
          object,
          ruleId: 'cnpg-reference-unknown',
          level: near === undefined ? 'note' : 'warning',
          message: `Nothing here makes ${kind} ${label}, from which the Secret ${made} of a database comes.`,
          repair: `${near === undefined ? '' : `Did you mean ${near}? `}Correct the name, or declare ${kind} ${label} under \`external:\` in .github/cnpg-steward.yaml.`,
          field: `${field}.name`,
        },
      ]
    })
  })
}
