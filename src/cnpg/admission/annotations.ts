import { isObject, type Json } from '../../manifest/json.ts'
import type { Cluster, IsolationCheck } from './cluster-types.ts'
import { invalid, type FieldError } from './field-error.ts'

const HIBERNATION = 'cnpg.io/hibernation'
const PINGER = 'alpha.cnpg.io/livenessPinger'

export function validateHibernationAnnotation({ annotations }: Cluster): FieldError[] {
  const value = annotations[HIBERNATION]
  return value === undefined || value === 'on' || value === 'off'
    ? []
    : [
        invalid(
          `metadata.annotations.${HIBERNATION}`,
          value,
          'Annotation value for hibernation should be "on" or "off"',
        ),
      ]
}

export function validateLivenessPingerProbe({ annotations }: Cluster): FieldError[] {
  const value = annotations[PINGER]
  const pinger = value === undefined ? undefined : readPinger(value)
  return typeof pinger === 'string'
    ? [invalid(`metadata.annotations.${PINGER}`, value, `error decoding liveness pinger config: ${pinger}`)]
    : []
}

/** The isolation check that the alpha annotation asks for, if it is there and valid. */
export function pingerOf(annotations: Cluster['annotations']): IsolationCheck | undefined {
  const value = annotations[PINGER]
  const pinger = value === undefined ? undefined : readPinger(value)
  return typeof pinger === 'string' ? undefined : pinger
}

/** api/v1/cluster_defaults.go NewLivenessPingerConfigFromAnnotations; @returns what is wrong as text */
function readPinger(text: string): IsolationCheck | string {
  let given: Json
  try {
    given = JSON.parse(text)
  } catch {
    return 'while unmarshalling pinger config: invalid JSON'
  }
  if (given !== null && !isObject(given))
    return 'while unmarshalling pinger config: json: cannot unmarshal into Go value of type v1.IsolationCheckConfiguration'
  // encoding/json does not tell upper from lower case in names
  const fields = new Map(Object.entries(given ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  const enabled = fields.get('enabled') ?? undefined
  const timeout = (name: string) => {
    const value = fields.get(name) ?? 0
    return typeof value === 'number' && Number.isInteger(value) ? value : undefined
  }
  const request = timeout('requesttimeout')
  const connection = timeout('connectiontimeout')
  if (
    (enabled !== undefined && typeof enabled !== 'boolean') ||
    request === undefined ||
    connection === undefined
  )
    return 'while unmarshalling pinger config: json: cannot unmarshal a value of another type'
  if (enabled === undefined) return 'pinger config is missing the enabled field'
  return {
    enabled,
    requestTimeout: request === 0 ? 1000 : request,
    connectionTimeout: connection === 0 ? 1000 : connection,
  }
}
