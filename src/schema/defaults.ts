import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { schemaOfField, somewhereBelow, type StructuralSchema } from './structural.ts'

/**
 * The value with the schema's defaults, as the API server fills them in before it validates: absent fields, and null
 * where the field is not nullable (apiextensions-apiserver, pkg/apiserver/schema/defaulting/algorithm.go). The value
 * given is not changed; parts without defaults are shared with it.
 */
export function withDefaults(value: Json, schema: StructuralSchema): Json {
  return hasDefaults(schema) ? filledIn(value, schema) : value
}

function filledIn(value: Json, schema: StructuralSchema): Json {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return value
    const filled = value.map(item => withDefaults(replaceNull(item, items), items))
    return filled.every((item, i) => item === value[i]) ? value : filled
  }
  if (!isObject(value)) return value
  let filled: JsonObject | undefined
  const set = (name: string, inner: Json) => {
    filled ??= { ...value }
    // defineProperty: a field may be called __proto__
    Object.defineProperty(filled, name, {
      value: inner,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  for (const [name, inner] of Object.entries(value)) {
    const field = schemaOfField(schema, name)
    if (field === undefined) continue
    const after = withDefaults(replaceNull(inner, field), field)
    if (after !== inner) set(name, after)
  }
  for (const [name, field] of Object.entries(schema.properties ?? {}))
    if (field.default !== undefined && !Object.hasOwn(value, name))
      set(name, withDefaults(field.default, field))
  return filled ?? value
}

/** Most parts of most schemas have no default anywhere, and nothing walks there. The default of the schema itself may count: it costs no more than the walk. */
const hasDefaults = somewhereBelow(schema => schema.default !== undefined)

function replaceNull(value: Json, schema: StructuralSchema): Json {
  return value === null && schema.nullable !== true && schema.default !== undefined ? schema.default : value
}
