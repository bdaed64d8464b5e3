import { isObject, valueAt, type Json } from '../../manifest/json.ts'

/** A value below an object, with its path as a finding writes it. */
export interface Found {
  value: Json
  field: string
}

/**
 * All values at a path.
 * @param path 'spec.managed.roles[].passwordSecret': `[]` stands for each item of a list
 */
export function valuesAt(manifest: Json, path: string): Found[] {
  let here: Found[] = [{ value: manifest, field: '' }]
  for (const step of path.split('.')) {
    const isList = step.endsWith('[]')
    const name = isList ? step.slice(0, -2) : step
    here = here.flatMap(({ value, field }) => {
      const inner = isObject(value) ? valueAt(value, name) : undefined
      const at = field === '' ? name : `${field}.${name}`
      if (inner === undefined || inner === null) return []
      if (!isList) return [{ value: inner, field: at }]
      return Array.isArray(inner)
        ? inner.map((item, index) => ({ value: item, field: `${at}[${index}]` }))
        : []
    })
  }
  return here
}
