import type { ImpactKind } from '../../manifest/change.ts'
import type { Json } from '../../manifest/json.ts'

/** What one edit of an object does, by evidence: the field, its values, and what people will see. */
export interface Effect {
  impact: ImpactKind
  /** the field that does it, from the root of the object: 'spec.instances' */
  field: string
  from?: Json
  to?: Json
  /** one or two sentences without the values */
  reason: string
}

/** An effect with values where there are any to show. */
export function effect(
  impact: ImpactKind,
  field: string,
  reason: string,
  values: { from?: Json | undefined; to?: Json | undefined } = {},
): Effect {
  const { from, to } = values
  return {
    impact,
    field,
    reason,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }
}
