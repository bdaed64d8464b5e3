import { isObject, type Json, type JsonObject } from '../../manifest/json.ts'
import type { Cluster } from './cluster-types.ts'
import { invalid, type FieldError } from './field-error.ts'
import { decodeGo } from './go-decode.ts'

// evanphx/json-patch 5.9.11 on the Pod of pkg/specs/pods.go buildInstance.

const ANNOTATION = 'cnpg.io/podPatch'

/** A part of the Pod that depends on more than the Cluster: what is below it is not known. */
const UNKNOWN = Symbol('unknown')
/** Key of an object whose other keys are not known. */
const OPEN = Symbol('open')

type Part = null | boolean | number | string | typeof UNKNOWN | Part[] | PartObject
interface PartObject {
  [key: string]: Part
  [OPEN]?: true
}

/**
 * validatePodPatchAnnotation: the patch must be a JSON patch and apply to an instance's Pod.
 * @returns `notEvaluated` where that hangs on a part of the Pod that is not known here
 */
export function podPatchErrors(cluster: Cluster): { errors: FieldError[]; notEvaluated: string[] } {
  const text = cluster.annotations[ANNOTATION]
  if (text === undefined) return { errors: [], notEvaluated: [] }
  const refused = (detail: string) => ({
    errors: [invalid(`metadata.annotations.${ANNOTATION}`, text, detail)],
    notEvaluated: [],
  })
  const patch = decodePatch(text)
  if (typeof patch === 'string') return refused(`error decoding JSON patch: ${patch}`)
  const pod: Part = podOf(cluster)
  for (const operation of patch) {
    const outcome = apply(pod, operation)
    if (outcome === 'unknown')
      return {
        errors: [],
        notEvaluated: [
          `the annotation ${ANNOTATION}: whether ${operation.op} of ${operation.path} applies depends on the Pod that the operator builds`,
        ],
      }
    if (outcome !== undefined)
      return refused(
        `jsonpatch doesn't apply cleanly to the pod: while applying JSON patch from annotation: ${outcome}`,
      )
  }
  const wrong = decodingError(pod)
  return wrong === undefined
    ? { errors: [], notEvaluated: [] }
    : refused(`jsonpatch doesn't apply cleanly to the pod: while deserializing pod to JSON: ${wrong}`)
}

interface Operation {
  op: string
  path: string
  from: string
  value: Json | undefined
}

/** DecodePatch; @returns the message of its error */
function decodePatch(text: string): Operation[] | string {
  let given: Json
  try {
    given = JSON.parse(text)
  } catch {
    return 'invalid state detected'
  }
  if (given === null) return []
  if (!Array.isArray(given) || given.some(item => item !== null && !isObject(item)))
    return 'json: cannot unmarshal into Go value of type jsonpatch.Patch'
  const operations: Operation[] = []
  for (const item of given) {
    const fields: JsonObject = isObject(item) ? item : {}
    const { op, path, from, value } = fields
    const wrong = (why: string) => `invalid operation ${JSON.stringify(fields)}: ${why}`
    if (typeof op !== 'string' || !['add', 'replace', 'move', 'copy', 'remove', 'test'].includes(op))
      return wrong('unsupported operation')
    if ((op === 'add' || op === 'replace') && value === undefined)
      return wrong("failed to decode 'value': operation missing value field: missing value")
    if ((op === 'move' || op === 'copy') && typeof from !== 'string')
      return wrong("failed to decode 'from': operation missing from field: missing value")
    if (typeof path !== 'string')
      return wrong("failed to decode 'path': operation missing path field: missing value")
    operations.push({ op, path, from: typeof from === 'string' ? from : '', value })
  }
  return operations
}

/** The Pod of the first instance as far as the Cluster alone tells it. */
function podOf({ name, spec }: Cluster): PartObject {
  const instance = `${name}-1`
  const probe = () =>
    open({ httpGet: open({ path: '', port: 8000, scheme: 'HTTPS' }), timeoutSeconds: 5, periodSeconds: 10 })
  const container = (containerName: string) =>
    open({
      name: containerName,
      command: UNKNOWN,
      volumeMounts: UNKNOWN,
      resources: part(spec.resources ?? {}),
      securityContext: open({}),
    })
  return {
    metadata: {
      name: instance,
      ...({ namespace: UNKNOWN } satisfies PartObject),
      labels: open({
        'cnpg.io/cluster': name,
        'cnpg.io/instanceName': instance,
        'cnpg.io/podRole': 'instance',
      }),
      annotations: open({ 'cnpg.io/nodeSerial': '1' }),
    },
    spec: open({
      hostname: instance,
      initContainers: [container('bootstrap-controller')],
      containers: [
        open({
          ...container('postgres'),
          env: UNKNOWN,
          startupProbe: probe(),
          readinessProbe: probe(),
          livenessProbe: probe(),
          ports: [
            open({ name: 'postgresql', containerPort: 5432, protocol: 'TCP' }),
            open({ name: 'metrics', containerPort: 9187, protocol: 'TCP' }),
            open({ name: 'status', containerPort: 8000, protocol: 'TCP' }),
          ],
        }),
      ],
      volumes: UNKNOWN,
      securityContext: open({}),
      terminationGracePeriodSeconds: UNKNOWN,
    }),
    status: open({}),
  }
}

function open(known: PartObject): PartObject {
  return { ...known, [OPEN]: true }
}

/** Plain values are parts. */
function part(value: object): Part {
  return JSON.parse(JSON.stringify(value))
}

/** The keys that a Pod and its spec can have at all: a path through another one leads nowhere. */
const POD = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status'])

/** @returns what does not apply, 'unknown', or nothing */
function apply(pod: PartObject, { op, path, from, value }: Operation): string | undefined {
  const missing = (where: string) =>
    `${op} operation does not apply: doc is missing path: ${where}: missing value`
  if (op === 'move' || op === 'copy') {
    const source = find(pod, from)
    if (source === UNKNOWN) return 'unknown'
    if (source === undefined) return missing(from)
    if (op === 'move') remove(pod, from)
    return put(pod, path, source, false) ?? undefined
  }
  const found = find(pod, path)
  if (found === UNKNOWN && op !== 'add') return 'unknown'
  switch (op) {
    case 'test':
      if (found === undefined) return value === null ? undefined : missing(path)
      return JSON.stringify(found) === JSON.stringify(value ?? null)
        ? undefined
        : `testing value ${path} failed: test failed`
    case 'remove':
      if (found === undefined) return missing(path)
      remove(pod, path)
      return undefined
    case 'replace':
      if (found === undefined) return missing(path)
      return put(pod, path, value ?? null, true)
    default:
      return put(pod, path, value ?? null, false)
  }
}

function stepsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function find(pod: Part, pointer: string): Part | undefined {
  let here: Part | undefined = pod
  for (const [depth, step] of stepsOf(pointer).entries()) {
    if (here === UNKNOWN) return UNKNOWN
    if (Array.isArray(here)) here = here[indexOf(here, step)]
    else if (isPartObject(here)) {
      const inner: Part | undefined = Object.hasOwn(here, step) ? here[step] : undefined
      if (inner === undefined && here[OPEN] === true && canBe(depth, pointer, step)) return UNKNOWN
      here = inner
    } else return undefined
  }
  return here
}

/** An open object does not have just any key: those of the Pod's own types are known. */
function canBe(depth: number, pointer: string, step: string): boolean {
  const [top = ''] = stepsOf(pointer)
  if (depth === 0) return POD.has(step)
  if (top !== 'spec' || depth !== 1) return true
  const probe = decodeGo('core.PodSpec', { [step]: {} }, 'spec')
  // a field that Go does not know is dropped without an error
  return 'error' in probe || Object.hasOwn(probe.value, step)
}

function indexOf(list: readonly Part[], step: string): number {
  const index = /^-?\d+$/.test(step) ? Number(step) : Number.NaN
  return index < 0 ? list.length + index : index
}

function parentOf(pod: PartObject, pointer: string): [Part | undefined, string] {
  const steps = stepsOf(pointer)
  const last = steps.pop() ?? ''
  const above = steps.map(step => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  return [find(pod, above), last]
}

function put(pod: PartObject, pointer: string, value: Part, replace: boolean): string | undefined {
  const [parent, key] = parentOf(pod, pointer)
  if (parent === UNKNOWN) return 'unknown'
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : indexOf(parent, key)
    if (!(index >= 0 && index <= parent.length))
      return `add operation does not apply: doc is missing path: ${JSON.stringify(pointer)}: invalid index referenced`
    parent.splice(index, replace ? 1 : 0, value)
    return undefined
  }
  if (!isPartObject(parent))
    return `add operation does not apply: doc is missing path: ${JSON.stringify(pointer)}: missing value`
  parent[key] = value
  return undefined
}

function remove(pod: PartObject, pointer: string): void {
  const [parent, key] = parentOf(pod, pointer)
  if (Array.isArray(parent)) parent.splice(indexOf(parent, key), 1)
  else if (isPartObject(parent)) delete parent[key]
}

/** What the patched Pod holds that does not fit its Go types. */
function decodingError(pod: PartObject): string | undefined {
  for (const [section, type] of [
    ['metadata', 'meta.ObjectMeta'],
    ['spec', 'core.PodSpec'],
  ] as const) {
    const decoded = decodeGo(type, knownOnly(pod[section] ?? null), section)
    if ('error' in decoded) return decoded.error
  }
  return undefined
}

function knownOnly(value: Part): Json {
  if (value === UNKNOWN) return null
  if (Array.isArray(value)) return value.map(knownOnly)
  if (!isPartObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, knownOnly(inner)]))
}

function isPartObject(value: Part | undefined): value is PartObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
