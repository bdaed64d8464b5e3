import { canonicalJson, isObject, textAt, valueAt, type Json } from '../../manifest/json.ts'
import type { Manifest } from '../../manifest/resource.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import { effect, type Effect } from './effect.ts'
import { rollout, rolloutPlan } from './rollout.ts'

/**
 * What changed volumes do. Source: CloudNativePG 1.30.0, pkg/reconciler/persistentvolumeclaim (existing.go: only size and
 * volumeAttributesClassName of what exists are patched), internal/webhook/v1/cluster_webhook.go (validateStorageChange,
 * validateWalStorageChange, validateTablespacesChange).
 */
export function storageEffects(base: Manifest, head: Manifest): Effect[] {
  return [
    ...volume('spec.storage', specField(base, 'storage'), specField(head, 'storage')),
    ...walVolume(base, head),
    ...tablespaceEffects(base, head),
  ]
}

function walVolume(base: Manifest, head: Manifest): Effect[] {
  const before = valueAt(base, 'spec', 'walStorage')
  const after = valueAt(head, 'spec', 'walStorage')
  if (before !== undefined && after === undefined)
    return [refused('spec.walStorage', 'walStorage cannot be taken away')]
  if (before === undefined && after !== undefined)
    return [newVolume('spec.walStorage', 'a volume for WAL', head)]
  return volume('spec.walStorage', before, after)
}

function newVolume(field: string, what: string, head: Manifest): Effect {
  const { impact, seen } = rollout(rolloutPlan(head), false)
  return effect(
    impact,
    field,
    `every instance gets ${what}, and its Pod is replaced for it: ${seen}. It cannot be taken away again.`,
  )
}

function refused(field: string, what: string, values = {}): Effect {
  return effect(
    'ignored',
    field,
    `${what}: the operator's webhook refuses the update, nothing changes`,
    values,
  )
}

function tablespaceEffects(base: Manifest, head: Manifest): Effect[] {
  const before = byName(valueAt(base, 'spec', 'tablespaces'))
  const after = byName(valueAt(head, 'spec', 'tablespaces'))
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(name => {
    const [left, right] = [before.get(name), after.get(name)]
    const field = `spec.tablespaces[${(right ?? left)?.index ?? 0}]`
    if (right === undefined) return [refused('spec.tablespaces', `tablespace ${name} cannot be taken away`)]
    if (left === undefined) return [newVolume(field, `a volume for tablespace ${name}`, head)]
    return [
      ...volume(`${field}.storage`, valueAt(left.item, 'storage'), valueAt(right.item, 'storage')),
      ...(withoutStorage(left.item) === withoutStorage(right.item)
        ? []
        : [effect('none', field, `tablespace ${name} is altered while it runs`)]),
    ]
  })
}

function byName(list: Json | undefined): Map<string, { item: Json; index: number }> {
  return new Map(
    (Array.isArray(list) ? list : []).map((item, index) => [
      textAt(item, 'name') ?? String(index),
      { item, index },
    ]),
  )
}

/** The size counts, wherever it stands: moving it into pvcTemplate does not hide a shrink (api/v1, GetSizeOrNil). */
function sizeOf(storage: Json | undefined): { size?: string; at: string } {
  const direct = valueAt(storage, 'size')
  if (typeof direct === 'string' && direct !== '') return { size: direct, at: 'size' }
  const requested = textAt(storage, 'pvcTemplate', 'resources', 'requests', 'storage')
  return {
    ...(requested === undefined ? {} : { size: requested }),
    at: 'pvcTemplate.resources.requests.storage',
  }
}

function volume(field: string, before: Json | undefined, after: Json | undefined): Effect[] {
  const effects: Effect[] = []
  const [old, now] = [sizeOf(before), sizeOf(after)]
  if (old.size !== now.size) effects.push(resize(field, old, now, after))
  const differs = (...path: string[]): boolean =>
    canonicalJson(valueAt(before, ...path) ?? null) !== canonicalJson(valueAt(after, ...path) ?? null)
  if (differs('storageClass'))
    effects.push(
      effect(
        'ignored',
        `${field}.storageClass`,
        'storageClass holds for new volumes only: those that exist stay where they are',
        { from: valueAt(before, 'storageClass'), to: valueAt(after, 'storageClass') },
      ),
    )
  if (differs('resizeInUseVolumes'))
    effects.push(effect('none', `${field}.resizeInUseVolumes`, 'holds for the next change of the size'))
  if (differs('pvcTemplate', 'volumeAttributesClassName'))
    effects.push(
      effect(
        'resize',
        `${field}.pvcTemplate.volumeAttributesClassName`,
        'the volumes are modified while they are in use',
      ),
    )
  if (templateOf(before) !== templateOf(after))
    effects.push(effect('ignored', `${field}.pvcTemplate`, 'pvcTemplate holds for new volumes only'))
  return effects
}

function resize(
  field: string,
  old: ReturnType<typeof sizeOf>,
  now: ReturnType<typeof sizeOf>,
  after: Json | undefined,
): Effect {
  const values = { from: old.size, to: now.size }
  const at = `${field}.${now.size === undefined ? old.at : now.at}`
  if (now.size === undefined) return refused(field, 'the size is gone', values)
  const [from, to] = [parseQuantity(old.size ?? ''), parseQuantity(now.size)]
  // what cannot be read comes back as the reason
  if (typeof from === 'string' || typeof to === 'string')
    return effect(
      'unknown',
      at,
      'one of the sizes cannot be read: whether the volumes grow is not known',
      values,
    )
  const growth = compareQuantities(to, from)
  if (growth < 0) return refused(at, 'storage cannot shrink', values)
  if (growth === 0) return effect('none', at, 'another spelling of the same size', values)
  if (valueAt(after, 'resizeInUseVolumes') === false)
    return effect('ignored', at, 'resizeInUseVolumes is false: volumes that exist keep their size', values)
  return effect(
    'resize',
    at,
    'every volume grows while it is in use, if its StorageClass allows expansion; nothing restarts, and it cannot shrink again',
    values,
  )
}

function specField(manifest: Manifest, name: string): Json | undefined {
  return valueAt(manifest, 'spec', name)
}

function withoutStorage(item: Json): string {
  return canonicalJson(isObject(item) ? { ...item, storage: null } : item)
}

function templateOf(storage: Json | undefined): string {
  const value = valueAt(storage, 'pvcTemplate')
  if (!isObject(value)) return 'null'
  const { resources: _resources, volumeAttributesClassName: _class, ...rest } = value
  return canonicalJson(rest)
}
