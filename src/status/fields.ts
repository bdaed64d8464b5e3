import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'

// What the API server answers is JSON of somebody else's making: each of these reads a field that may be missing or of
// another type, and gives Go's zero value then, as the plugin would.

export function text(value: Json | undefined, ...path: (string | number)[]): string {
  return textAt(value, ...path) ?? ''
}

export function number(value: Json | undefined, ...path: (string | number)[]): number {
  const found = valueAt(value, ...path)
  return typeof found === 'number' ? found : 0
}

export function flag(value: Json | undefined, ...path: (string | number)[]): boolean {
  return valueAt(value, ...path) === true
}

export function list(value: Json | undefined, ...path: (string | number)[]): Json[] {
  const found = valueAt(value, ...path)
  return Array.isArray(found) ? found : []
}

export function objects(value: Json | undefined, ...path: (string | number)[]): JsonObject[] {
  return list(value, ...path).filter(isObject)
}

export function texts(value: Json | undefined, ...path: (string | number)[]): string[] {
  return list(value, ...path).filter(item => typeof item === 'string')
}

/** The entries of an object; none where there is no object. */
export function entries(value: Json | undefined, ...path: (string | number)[]): [string, Json][] {
  const found = valueAt(value, ...path)
  return isObject(found) ? Object.entries(found) : []
}

export function annotation(object: Json | undefined, name: string): string | undefined {
  return textAt(object, 'metadata', 'annotations', name)
}

export function label(object: Json | undefined, name: string): string | undefined {
  return textAt(object, 'metadata', 'labels', name)
}

export function nameOf(object: Json | undefined): string {
  return text(object, 'metadata', 'name')
}

export interface Condition {
  status: string
  reason: string
  message: string
  lastTransitionTime: string
}

/** A condition of `status.conditions`. */
export function conditionOf(object: Json | undefined, type: string): Condition | undefined {
  const found = objects(object, 'status', 'conditions').find(condition => text(condition, 'type') === type)
  return found === undefined
    ? undefined
    : {
        status: text(found, 'status'),
        reason: text(found, 'reason'),
        message: text(found, 'message'),
        lastTransitionTime: text(found, 'lastTransitionTime'),
      }
}

/** Milliseconds since 1970, or `undefined` where the text is no time. */
export function timeOf(value: string): number | undefined {
  // 2026-11-22 21:30:32 +0000 UTC is how Go prints what it keeps in certificates.expirations
  const go = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d\d)(\d\d)\b/.exec(value)
  const time = Date.parse(go === null ? value : `${go[1]}T${go[2]}${go[3]}:${go[4]}`)
  return Number.isNaN(time) ? undefined : time
}
