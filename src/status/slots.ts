import { valueAt, type JsonObject } from '../manifest/json.ts'
import { objects, text } from './fields.ts'

const DEFAULT_PREFIX = '_cnpg_'

/** Whether the operator keeps a replication slot for each standby: only where the defaulted spec says so. */
export function highAvailabilitySlots(cluster: JsonObject | undefined): boolean {
  const slots = valueAt(cluster, 'spec', 'replicationSlots', 'highAvailability')
  return slots !== undefined && slots !== null && valueAt(slots, 'enabled') !== false
}

/** The slot of an instance (api/v1/cluster_funcs.go GetSlotNameFromInstanceName). */
export function slotName(cluster: JsonObject | undefined, instance: string): string {
  return highAvailabilitySlots(cluster)
    ? `${prefixOf(cluster)}${instance}`.toLowerCase().replaceAll(/[^a-z0-9_]+/g, '_')
    : ''
}

/** Slots that the operator has not made (status.go printUnmanagedReplicationSlotStatus). */
export function unmanagedSlots(
  cluster: JsonObject | undefined,
  primary: JsonObject | undefined,
): JsonObject[] {
  const managed = valueAt(cluster, 'spec', 'replicationSlots', 'highAvailability')
  return objects(primary, 'replicationSlotsInfo').filter(
    slot =>
      managed === undefined || managed === null || !text(slot, 'slotName').startsWith(prefixOf(cluster)),
  )
}

function prefixOf(cluster: JsonObject | undefined): string {
  return text(cluster, 'spec', 'replicationSlots', 'highAvailability', 'slotPrefix') || DEFAULT_PREFIX
}
