import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import type { DatabaseStatus } from '../status/database-status.ts'

/**
 * The JSON of `status --output json`; src/report/schema/status.schema.json describes it. Everything that was read is in it, but
 * values of environment variables, which may be secret, and what repeats whole objects as text.
 */
export function statusJson({ state, reasons, collected }: DatabaseStatus): string {
  const { namespace, name, at, unread, instances, ...read } = collected
  const objects = Object.fromEntries(
    Object.entries(read).map(([key, value]) => [key, Array.isArray(value) ? value.map(shown) : shown(value)]),
  )
  return `${JSON.stringify(
    { version: 1, namespace, name, at, state, reasons, instances, ...objects, errors: unread },
    null,
    2,
  )}\n`
}

const REPEATED = new Set(['kubectl.kubernetes.io/last-applied-configuration', 'cnpg.io/podSpec'])

function shown(value: Json): Json {
  if (Array.isArray(value)) return value.map(shown)
  if (!isObject(value)) return value
  const kept: JsonObject = {}
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'managedFields' || REPEATED.has(key)) continue
    kept[key] = key === 'env' && Array.isArray(inner) ? inner.map(masked) : shown(inner)
  }
  return kept
}

function masked(variable: Json): Json {
  return isObject(variable) && 'value' in variable ? { ...variable, value: '***' } : variable
}
