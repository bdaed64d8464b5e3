import { isObject, textAt, valueAt, type Json } from '../../manifest/json.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf, resourceLabel } from '../../manifest/resource.ts'
import { valuesAt } from './walk.ts'

/** A Secret or ConfigMap that this tree makes, directly or through a controller. */
export interface Made {
  kind: 'Secret' | 'ConfigMap'
  /** undefined: in namespaces that a selector or an annotation chooses */
  namespace: string | undefined
  name: string
  /** who makes it: 'ExternalSecret databases/postgres' */
  by: string
  /** its keys; undefined where they are not known */
  keys?: readonly string[]
  /** its username, where it stands in Git */
  username?: string
}

type Maker = (object: RenderedObject) => Omit<Made, 'by'>[]

/** A kind whose objects make one Secret in their namespace, named in a field; absent or empty there: by their own name. */
function named(path: string, keys?: readonly string[]): Maker {
  return ({ manifest, resource }) => [
    {
      kind: 'Secret',
      namespace: resource.namespace,
      name: textAt(manifest, ...path.split('.')) || resource.name,
      ...(keys === undefined ? {} : { keys }),
    },
  ]
}

/** The same for kinds that name the namespace, too. */
function placed(path: string, name: string, namespace: string): Maker {
  return ({ manifest, resource }) =>
    valuesAt(manifest, path).map(({ value }) => ({
      kind: 'Secret',
      namespace: textAt(value, namespace) || resource.namespace,
      name: textAt(value, name) ?? '',
    }))
}

/** How each kind names what it makes; the source is the API of its project. */
const MAKERS: Readonly<Record<string, Maker>> = {
  '/Secret': plain('Secret', ['data', 'stringData']),
  '/ConfigMap': plain('ConfigMap', ['data', 'binaryData']),
  'external-secrets.io/ExternalSecret': externalSecret,
  // which namespaces it chooses is decided by their labels
  'external-secrets.io/ClusterExternalSecret': ({ manifest, resource }) => [
    {
      kind: 'Secret',
      namespace: undefined,
      name:
        textAt(manifest, 'spec', 'externalSecretSpec', 'target', 'name') ||
        textAt(manifest, 'spec', 'externalSecretName') ||
        resource.name,
    },
  ],
  'bitnami.com/SealedSecret': ({ manifest, resource }) => {
    const sealed = valueAt(manifest, 'spec', 'encryptedData')
    const plainToo = valueAt(manifest, 'spec', 'template', 'data')
    return [
      {
        kind: 'Secret',
        namespace: resource.namespace,
        name: textAt(manifest, 'spec', 'template', 'metadata', 'name') || resource.name,
        keys: [...keysOf(sealed), ...keysOf(plainToo)],
      },
    ]
  },
  'cert-manager.io/Certificate': named('spec.secretName', ['tls.crt', 'tls.key', 'ca.crt']),
  'onepassword.com/OnePasswordItem': named('metadata.name'),
  'secrets.hashicorp.com/VaultStaticSecret': named('spec.destination.name'),
  'secrets.hashicorp.com/VaultDynamicSecret': named('spec.destination.name'),
  'secrets.hashicorp.com/VaultPKISecret': named('spec.destination.name'),
  'secrets.hashicorp.com/HCPVaultSecretsApp': named('spec.destination.name'),
  'ricoberger.de/VaultSecret': named('metadata.name'),
  'k8s.bitwarden.com/BitwardenSecret': named('spec.secretName'),
  'spv.no/AzureKeyVaultSecret': named('spec.output.secret.name'),
  'infra.contrib.fluxcd.io/Terraform': named('spec.writeOutputsToSecret.name'),
  'secrets.doppler.com/DopplerSecret': placed('spec.managedSecret', 'name', 'namespace'),
  'secrets.infisical.com/InfisicalSecret': object => [
    ...placed('spec.managedSecretReference', 'secretName', 'secretNamespace')(object),
    ...placed('spec.managedKubeSecretReferences[]', 'secretName', 'secretNamespace')(object),
  ],
  'isindir.github.com/SopsSecret': placed('spec.secretTemplates[]', 'name', 'namespace'),
  'objectbucket.io/ObjectBucketClaim': ({ resource }) =>
    (['Secret', 'ConfigMap'] as const).map(kind => ({
      kind,
      namespace: resource.namespace,
      name: resource.name,
      ...(kind === 'Secret' ? { keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] } : {}),
    })),
  'ceph.rook.io/CephObjectStoreUser': ({ manifest, resource }) => [
    {
      kind: 'Secret',
      namespace: textAt(manifest, 'spec', 'clusterNamespace') ?? resource.namespace,
      name: `rook-ceph-object-user-${textAt(manifest, 'spec', 'store') ?? ''}-${resource.name}`,
    },
  ],
  'trust.cert-manager.io/Bundle': ({ resource }) =>
    (['Secret', 'ConfigMap'] as const).map(kind => ({ kind, namespace: undefined, name: resource.name })),
  // cloudnative-pg api/v1/cluster_funcs.go, the names that it gives what it makes
  'postgresql.cnpg.io/Cluster': ({ resource }) =>
    ['app', 'superuser', 'ca', 'server', 'replication', 'pooler'].map(suffix => ({
      kind: 'Secret',
      namespace: resource.namespace,
      name: `${resource.name}-${suffix}`,
    })),
}

/** Annotations by which copies of a Secret or ConfigMap appear in other namespaces. */
const COPIED =
  /^(?:reflector\.v1\.k8s\.emberstack\.com\/reflection-auto-enabled|replicator\.v1\.mittwald\.de\/replicate-to(?:-matching)?|kubed\.appscode\.com\/sync|kubernetes-replicator\/.*)$/

/** Kinds that make objects of any kind: where there are some, what seems to be missing may be theirs. */
const GENERATORS = new Set([
  'fluxcd.controlplane.io/ResourceSet',
  'kro.run/ResourceGraphDefinition',
  'apiextensions.crossplane.io/Composition',
  'argoproj.io/ApplicationSet',
])

/** What this tree makes of Secrets and ConfigMaps. */
export function madeObjects(objects: readonly RenderedObject[]): Made[] {
  return objects.flatMap(object => {
    const { resource, manifest } = object
    const made = MAKERS[`${groupOf(resource.apiVersion)}/${resource.kind}`]?.(object) ?? []
    const copied = [
      valueAt(manifest, 'metadata', 'annotations'),
      valueAt(manifest, 'spec', 'target', 'template', 'metadata', 'annotations'),
      valueAt(manifest, 'spec', 'secretTemplate', 'annotations'),
      valueAt(manifest, 'spec', 'template', 'metadata', 'annotations'),
    ].some(annotations => keysOf(annotations).some(key => COPIED.test(key)))
    return made
      .filter(({ name }) => name !== '')
      .map(one => ({
        ...one,
        ...(copied ? { namespace: undefined } : {}),
        by: resourceLabel(resource),
      }))
  })
}

/** Whether something here makes objects that cannot be foreseen: Kyverno's generate rules, ResourceSets, compositions. */
export function hasGenerators(objects: readonly RenderedObject[]): boolean {
  return objects.some(
    ({ resource, manifest }) =>
      GENERATORS.has(`${groupOf(resource.apiVersion)}/${resource.kind}`) ||
      (groupOf(resource.apiVersion) === 'kyverno.io' &&
        valuesAt(manifest, 'spec.rules[].generate').length > 0),
  )
}

function plain(kind: Made['kind'], holders: readonly string[]): Maker {
  return ({ manifest, resource }) => {
    const keys = holders.flatMap(holder => keysOf(valueAt(manifest, holder)))
    return [
      {
        kind,
        namespace: resource.namespace,
        name: resource.name,
        // an empty one is filled by somebody else
        ...(keys.length === 0 ? {} : { keys }),
        ...known(textAt(manifest, 'stringData', 'username') ?? decoded(textAt(manifest, 'data', 'username'))),
      },
    ]
  }
}

function known(username: string | undefined): { username?: string } {
  // encrypted, filled in later, or a template
  return username === undefined || /ENC\[|PLACEHOLDER|\{\{|\$\{|^</.test(username) ? {} : { username }
}

function decoded(base64: string | undefined): string | undefined {
  if (base64 === undefined || !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(base64)) return undefined
  return Buffer.from(base64, 'base64').toString('utf8')
}

/** external-secrets.io v1: the template decides the keys unless it is merged with what was fetched. */
function externalSecret({ manifest, resource }: RenderedObject): Omit<Made, 'by'>[] {
  const target = valueAt(manifest, 'spec', 'target')
  if (textAt(target, 'creationPolicy') === 'None') return []
  const template = valueAt(target, 'template')
  const fetched =
    valueAt(manifest, 'spec', 'dataFrom') === undefined
      ? valuesAt(manifest, 'spec.data[].secretKey').flatMap(({ value }) =>
          typeof value === 'string' ? [value] : [],
        )
      : undefined
  const written = keysOf(valueAt(template, 'data'))
  const isMerged = textAt(template, 'mergePolicy') === 'Merge' || textAt(target, 'creationPolicy') === 'Merge'
  const keys =
    valueAt(template, 'templateFrom') !== undefined || textAt(target, 'creationPolicy') === 'Merge'
      ? undefined
      : written.length === 0
        ? fetched
        : isMerged
          ? fetched === undefined
            ? undefined
            : [...fetched, ...written]
          : written
  return [
    {
      kind: 'Secret',
      namespace: resource.namespace,
      name: textAt(target, 'name') || resource.name,
      ...(keys === undefined || keys.length === 0 ? {} : { keys }),
      ...known(textAt(template, 'data', 'username')),
    },
  ]
}

function keysOf(value: Json | undefined): string[] {
  return isObject(value) ? Object.keys(value) : []
}
