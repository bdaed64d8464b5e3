import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { checkEmbeddedMetadata } from './check-metadata.ts'
import { dns1035Label } from './names.ts'
import { invalid, type Refusal } from './problem.ts'
import { somewhereBelow, type StructuralSchema } from './structural.ts'

const embeds = somewhereBelow(schema => schema['x-kubernetes-embedded-resource'] === true)

/**
 * Objects within objects (x-kubernetes-embedded-resource): apiVersion and kind are required, metadata has the form that it
 * has everywhere (apiextensions-apiserver 0.35, pkg/apiserver/schema/objectmeta/validation.go).
 */
export function checkEmbedded(value: Json, schema: StructuralSchema, path = ''): Refusal[] {
  if (!embeds(schema)) return []
  const { items, properties, additionalProperties } = schema
  if (Array.isArray(value))
    return items === undefined ? [] : value.flatMap((item, i) => checkEmbedded(item, items, `${path}[${i}]`))
  if (!isObject(value)) return []
  const found = schema['x-kubernetes-embedded-resource'] === true ? checkResource(value, path) : []
  for (const [name, inner] of Object.entries(value)) {
    const property =
      properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
    if (property !== undefined) found.push(...checkEmbedded(inner, property, child(path, name)))
    else if (typeof additionalProperties === 'object')
      found.push(...checkEmbedded(inner, additionalProperties, `${path}[${name}]`))
  }
  return found
}

function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function checkResource(value: JsonObject, path: string): Refusal[] {
  const found: Refusal[] = []
  for (const name of ['apiVersion', 'kind']) {
    const field = child(path, name)
    const text = Object.hasOwn(value, name) ? value[name] : undefined
    if (text === undefined) found.push({ reason: 'Required', field, message: 'Required value' })
    else if (typeof text !== 'string') found.push(invalid(field, text, 'must be a string'))
    else if (text === '') found.push(invalid(field, '', 'must not be empty'))
    else if (name === 'kind') {
      const says = dns1035Label(text.toLowerCase())
      if (says.length > 0)
        found.push(invalid(field, text, `may have mixed case, but should otherwise match: ${says.join(',')}`))
    } else if (text.split('/').length > 2)
      found.push(invalid(field, text, `unexpected GroupVersion string: ${text}`))
  }
  const metadata = Object.hasOwn(value, 'metadata') ? value.metadata : undefined
  if (isObject(metadata)) found.push(...checkEmbeddedMetadata(metadata, child(path, 'metadata')))
  return found
}
