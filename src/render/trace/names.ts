import { childAt, textIn, type TracedMap, type TracedScalar } from '../../manifest/traced.ts'
import type { Level } from './level.ts'
import { setIn, transformed, withEntry, type TracedObject } from './traced-object.ts'

// Kinds of Kubernetes without a namespace (kyaml v0.21 openapi, IsNamespaceScoped).
const CLUSTER_SCOPED = new Set(
  (
    'Namespace Node PersistentVolume ClusterRole ClusterRoleBinding CustomResourceDefinition StorageClass CSIDriver CSINode ' +
    'VolumeAttachment IngressClass PriorityClass RuntimeClass MutatingWebhookConfiguration ValidatingWebhookConfiguration ' +
    'ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy MutatingAdmissionPolicyBinding ' +
    'APIService CertificateSigningRequest FlowSchema PriorityLevelConfiguration StorageVersion ClusterTrustBundle ' +
    'IPAddress ServiceCIDR DeviceClass ResourceSlice VolumeAttributesClass ComponentStatus'
  ).split(' '),
)

/** `namespace:` (filters/namespace/namespace.go). */
export function setNamespace(object: TracedObject, level: Level): TracedObject {
  const asked = childAt(level.node, 'namespace')
  if (asked?.kind !== 'scalar' || typeof asked.value !== 'string' || asked.value === '') return object
  const kind = textIn(object.node, 'kind') ?? ''
  let { node } = object
  if (kind === 'Namespace' && textIn(node, 'apiVersion') === 'v1')
    node = setIn(node, ['metadata', 'name'], transformed(asked))
  if (kind === 'APIService') node = setIn(node, ['spec', 'service', 'namespace'], transformed(asked), false)
  if (kind === 'CustomResourceDefinition')
    node = setIn(
      node,
      ['spec', 'conversion', 'webhook', 'clientConfig', 'service', 'namespace'],
      transformed(asked),
      false,
    )
  if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding') node = setSubjects(node, asked)
  if (CLUSTER_SCOPED.has(kind)) return { ...object, node }
  node = setIn(node, ['metadata', 'namespace'], transformed(asked))
  return { ...object, node, namespaces: [...object.namespaces, asked.value] }
}

function setSubjects(node: TracedMap, asked: TracedScalar): TracedMap {
  const subjects = childAt(node, 'subjects')
  if (subjects?.kind !== 'list') return node
  const items = subjects.items.map(item =>
    item.kind === 'map' && textIn(item, 'name') === 'default'
      ? setIn(item, ['namespace'], transformed(asked))
      : item,
  )
  return withEntry(node, 'subjects', { ...subjects, items }, node.entries.get('subjects')?.key)
}

/** `namePrefix:` and `nameSuffix:`; the place stays that of the name. */
export function setName(object: TracedObject, level: Level): TracedObject {
  const prefix = textIn(level.node, 'namePrefix') ?? ''
  const suffix = textIn(level.node, 'nameSuffix') ?? ''
  const name = childAt(object.node, 'metadata', 'name')
  const kind = textIn(object.node, 'kind') ?? ''
  if (prefix + suffix === '' || name?.kind !== 'scalar') return object
  if (['CustomResourceDefinition', 'APIService', 'Namespace'].includes(kind)) return object
  const value = `${prefix}${String(name.value)}${suffix}`
  return {
    ...object,
    node: setIn(object.node, ['metadata', 'name'], { ...name, value }),
    names: [...object.names, value],
  }
}
