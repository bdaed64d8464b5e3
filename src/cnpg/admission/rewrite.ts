import { isObject, type Json } from '../../manifest/json.ts'

/**
 * What the API server makes of the webhook's answer: the object as sent, changed to what Go wrote, where Go wrote
 * something (controller-runtime pkg/webhook/admission/defaulter_custom.go: the JSON patch from the one to the other,
 * without the removals that decoding alone would bring; gomodules.xyz/jsonpatch 2.4 compares lists item by item).
 * Default() of this operator removes nothing, so no removal is left.
 */
export function rewritten(sent: Json, written: Json): Json {
  if (isObject(sent) && isObject(written)) {
    const merged = new Map(Object.entries(sent))
    for (const [name, value] of Object.entries(written)) {
      const before = merged.get(name)
      merged.set(name, before === undefined ? value : rewritten(before, value))
    }
    return Object.fromEntries(merged)
  }
  if (Array.isArray(sent) && Array.isArray(written))
    return written.map((item, index) => {
      const before = sent[index]
      return before === undefined ? item : rewritten(before, item)
    })
  return written
}
