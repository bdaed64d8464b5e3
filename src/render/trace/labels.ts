import { childAt, entriesIn, itemsIn, textIn, type Traced, type TracedMap } from '../../manifest/traced.ts'
import { groupOf } from '../../manifest/resource.ts'

/** Where labels and annotations go; `create`: also where there is no such map yet (kustomize api v0.21 builtinpluginconsts). */
interface FieldSpec {
  path: readonly string[]
  create: boolean
  kinds?: readonly string[]
}

const WORKLOADS = ['ReplicationController', 'Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet', 'Job']
const TEMPLATES: readonly FieldSpec[] = [
  { path: ['spec', 'template', 'metadata'], create: true, kinds: WORKLOADS },
  { path: ['spec', 'jobTemplate', 'metadata'], create: true, kinds: ['CronJob'] },
  { path: ['spec', 'jobTemplate', 'spec', 'template', 'metadata'], create: true, kinds: ['CronJob'] },
]
const METADATA: FieldSpec = { path: ['metadata'], create: true }
const TERMS = ['podAffinity', 'podAntiAffinity']
const SELECTORS: readonly FieldSpec[] = [
  { path: ['spec', 'selector'], create: true, kinds: ['Service', 'ReplicationController'] },
  {
    path: ['spec', 'selector', 'matchLabels'],
    create: true,
    kinds: ['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet'],
  },
  { path: ['spec', 'selector', 'matchLabels'], create: false, kinds: ['Job', 'PodDisruptionBudget'] },
  { path: ['spec', 'jobTemplate', 'spec', 'selector', 'matchLabels'], create: false, kinds: ['CronJob'] },
  { path: ['spec', 'podSelector', 'matchLabels'], create: false, kinds: ['NetworkPolicy'] },
  {
    path: ['spec', 'ingress', 'from', 'podSelector', 'matchLabels'],
    create: false,
    kinds: ['NetworkPolicy'],
  },
  { path: ['spec', 'egress', 'to', 'podSelector', 'matchLabels'], create: false, kinds: ['NetworkPolicy'] },
  ...TERMS.flatMap((term): FieldSpec[] => {
    const affinity = ['spec', 'template', 'spec', 'affinity', term]
    const kinds = ['Deployment', 'StatefulSet']
    const preferred = ['preferredDuringSchedulingIgnoredDuringExecution', 'podAffinityTerm']
    return [
      { path: [...affinity, ...preferred, 'labelSelector', 'matchLabels'], create: false, kinds },
      {
        path: [...affinity, 'requiredDuringSchedulingIgnoredDuringExecution', 'labelSelector', 'matchLabels'],
        create: false,
        kinds,
      },
    ]
  }),
  {
    path: ['spec', 'template', 'spec', 'topologySpreadConstraints', 'labelSelector', 'matchLabels'],
    create: false,
    kinds: ['Deployment', 'StatefulSet'],
  },
]

/** `labels:` and `commonLabels:` of a kustomization on an object. */
export function addLabels(node: TracedMap, kustomization: TracedMap): TracedMap {
  let result = node
  const metadataLabels = (specs: readonly FieldSpec[]) =>
    specs.map(spec => ({ ...spec, path: [...spec.path, 'labels'] }))
  const claims: FieldSpec = {
    path: ['spec', 'volumeClaimTemplates', 'metadata', 'labels'],
    create: true,
    kinds: ['StatefulSet'],
  }
  const templates = [...metadataLabels([METADATA, ...TEMPLATES]), claims]
  for (const item of itemsIn(kustomization, 'labels')) {
    const selectors = isTrue(childAt(item, 'includeSelectors'))
    const only = isTrue(childAt(item, 'onlyFields'))
    const own = only ? [] : metadataLabels([METADATA])
    const specs = [
      ...(selectors || isTrue(childAt(item, 'includeTemplates')) ? templates : own),
      ...(selectors ? SELECTORS : []),
      ...itemsIn(item, 'fields').map(fieldSpec),
    ]
    for (const spec of specs) result = setAt(result, spec, entriesIn(item, 'pairs'))
  }
  for (const spec of [...templates, ...SELECTORS])
    result = setAt(result, spec, entriesIn(kustomization, 'commonLabels'))
  return result
}

/** `commonAnnotations:` of a kustomization on an object. */
export function addAnnotations(node: TracedMap, kustomization: TracedMap): TracedMap {
  let result = node
  for (const { path, ...spec } of [METADATA, ...TEMPLATES])
    result = setAt(
      result,
      { ...spec, path: [...path, 'annotations'] },
      entriesIn(kustomization, 'commonAnnotations'),
    )
  return result
}

function fieldSpec(node: Traced): FieldSpec {
  const kind = textIn(node, 'kind')
  return {
    path: (textIn(node, 'path') ?? '').split('/').map(step => step.replace(/\[\]$/, '')),
    create: isTrue(childAt(node, 'create')),
    ...(kind === undefined ? {} : { kinds: [kind] }),
  }
}

function isTrue(node: Traced | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true
}

type Entries = ReturnType<typeof entriesIn>

function setAt(object: TracedMap, { path, create, kinds }: FieldSpec, pairs: Entries): TracedMap {
  if (pairs.length === 0) return object
  const kind = textIn(object, 'kind') ?? ''
  if (kinds !== undefined && !kinds.includes(kind)) return object
  // a Service with a group is Knative's
  if (kinds !== undefined && kind === 'Service' && groupOf(textIn(object, 'apiVersion') ?? '') !== '')
    return object
  const set = put(object, path, create, pairs)
  return set.kind === 'map' ? set : object
}

function put(node: Traced, path: readonly string[], create: boolean, pairs: Entries): Traced {
  const [step, ...rest] = path
  if (node.kind === 'list') return { ...node, items: node.items.map(item => put(item, path, create, pairs)) }
  if (node.kind !== 'map') return node
  const entries = new Map(node.entries)
  if (step === undefined) {
    for (const [name, { key, node: value }] of pairs) {
      const spot = key === undefined ? undefined : { ...key, mechanism: 'transformer' as const }
      const text: Traced =
        value.kind === 'scalar'
          ? {
              ...value,
              value: value.value === null ? '' : String(value.value),
              spot:
                value.spot === undefined ? undefined : { ...value.spot, mechanism: 'transformer' as const },
            }
          : value
      entries.set(name, { key: spot, node: text })
    }
    return { ...node, entries }
  }
  const before = entries.get(step)
  if (before === undefined && !create) return node
  const below: Traced = before?.node ?? { kind: 'map', entries: new Map() }
  entries.set(step, {
    key: before?.key ?? pairs[0]?.[1].key,
    node: put(below, rest, create, pairs),
  })
  return { ...node, entries }
}
