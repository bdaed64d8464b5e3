import { canonicalJson, isObject, type Json } from '../../manifest/json.ts'
import type { FieldRule } from './cluster-fields.ts'

/** A field that differs, with the rule that speaks of it; undefined where no rule does. */
export interface ChangedField {
  path: string
  rule: FieldRule | undefined
  from: Json | undefined
  to: Json | undefined
}

/**
 * The fields that differ, as deep as the rules go: 'postgresql.parameters' where that is a rule, else the field that has
 * none. Nothing that differs is left out.
 */
export function changedFields(
  before: Json | undefined,
  after: Json | undefined,
  rules: Readonly<Record<string, FieldRule>>,
  path = '',
  inherited?: FieldRule,
): ChangedField[] {
  if (equal(before, after)) return []
  const rule = Object.hasOwn(rules, path) ? rules[path] : inherited
  const deeper = path === '' || Object.keys(rules).some(key => key.startsWith(`${path}.`))
  if (!deeper) return [{ path, rule, from: before, to: after }]
  const left = isObject(before) ? before : {}
  const right = isObject(after) ? after : {}
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].toSorted()
  const found = names.flatMap(name =>
    changedFields(left[name], right[name], rules, path === '' ? name : `${path}.${name}`, rule),
  )
  // {} against nothing, or a value that is no map at all
  return found.length > 0 || path === '' ? found : [{ path, rule, from: before, to: after }]
}

function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return canonicalJson(a) === canonicalJson(b)
}
