import { canonicalJson, isObject, textAt, valueAt, type Json } from '../../manifest/json.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf } from '../../manifest/resource.ts'
import type { Operand } from '../operand.ts'
import type { Problem } from './problem.ts'

/** What is fine for a new object, and not for one that runs. Every base is what Flux applied last. */
export function updateProblems(
  base: RenderedObject,
  head: RenderedObject,
  operands: { base: Operand; head: Operand },
): Problem[] {
  const cluster =
    head.resource.kind === 'Cluster' && groupOf(head.resource.apiVersion) === 'postgresql.cnpg.io'
  return [
    ...emptiedMaps(base, head),
    ...(cluster ? [...imageProblems(operands), ...togetherProblems(base, head)] : []),
  ]
}

/** Groups whose objects are held against a structural schema; others take null for an empty map. */
const STRUCTURAL = /^(?:postgresql\.cnpg\.io|barmancloud\.cnpg\.io|[a-z]+\.toolkit\.fluxcd\.io)$/
/** Where defaults of the CRD or the webhook stay in the live object, so that the map is never empty. */
const HOLD_DEFAULTS =
  /^(?:metadata|metadata\.(?:labels|annotations)|spec|spec\.(?:affinity|monitoring|postgresql|postgresql\.parameters|bootstrap|bootstrap\.[a-z_]+|replicationSlots.*|probes.*|storage|walStorage|backup))$/

/** Server-side apply makes null of a map whose last entries go; the schema then refuses it (run against Kubernetes 1.35). */
function emptiedMaps(base: RenderedObject, head: RenderedObject): Problem[] {
  if (!STRUCTURAL.test(groupOf(head.resource.apiVersion))) return []
  return emptied(base.manifest, head.manifest, '').map(field => ({
    ruleId: 'cnpg-map-emptied',
    level: 'error',
    message: `${field} had entries and is {} now: server-side apply makes null of it, and the API server refuses that.`,
    repair: `Leave ${field.slice(field.lastIndexOf('.') + 1)} out altogether.`,
    field,
  }))
}

function emptied(before: Json | undefined, after: Json | undefined, path: string): string[] {
  if (!isObject(before) || !isObject(after)) return []
  if (Object.keys(after).length === 0)
    return Object.keys(before).length > 0 && !HOLD_DEFAULTS.test(path) ? [path] : []
  return Object.keys(after).flatMap(name =>
    emptied(before[name], after[name], path === '' ? name : `${path}.${name}`),
  )
}

function imageProblems({ base, head }: { base: Operand; head: Operand }): Problem[] {
  if (base.by !== 'imageName' || head.by !== 'operator') return []
  const other =
    head.major === undefined
      ? "the operator's default, which this tree does not tell"
      : head.major === base.major
        ? `the operator's default, ${head.image?.reference ?? ''}`
        : `the operator's default, PostgreSQL ${head.major}: a major upgrade from ${base.major ?? 'what runs'}, without a word`
  return [
    {
      ruleId: 'cnpg-image-name-removed',
      level: 'warning',
      message: `imageName is gone: the operator writes ${other}.`,
      repair: `Keep imageName: ${base.image?.reference ?? ''}, or name an image catalog.`,
      field: 'spec',
    },
  ]
}

function togetherProblems({ manifest: base }: RenderedObject, { manifest: head }: RenderedObject): Problem[] {
  const differs = (...path: string[]): boolean =>
    canonicalJson(valueAt(base, ...path) ?? null) !== canonicalJson(valueAt(head, ...path) ?? null)
  const problems: Problem[] = []
  const image = differs('spec', 'imageName') || differs('spec', 'imageCatalogRef')
  if (
    image &&
    differs('spec', 'postgresql', 'parameters') &&
    textAt(head, 'spec', 'primaryUpdateMethod') === 'switchover'
  )
    problems.push({
      ruleId: 'cnpg-edits-together',
      level: 'warning',
      message:
        'Image and parameters change together under primaryUpdateMethod: switchover: the operator refuses that.',
      repair: 'Change the image first, the parameters in a later pull request.',
      field: 'spec.imageName',
    })
  if (differs('spec', 'storage', 'size') && differs('spec', 'resources'))
    problems.push({
      ruleId: 'cnpg-edits-together',
      level: 'warning',
      message:
        'Storage and resources change together: the rollout of the Pods and the resize of their volumes can wait for each other (cloudnative-pg#9786).',
      repair: 'Let the volumes grow first, change resources in a later pull request.',
      field: 'spec.storage.size',
    })
  return problems
}
