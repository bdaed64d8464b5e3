import type { Json } from '../manifest/json.ts'

/** A way in which an object does not fit its schema. Plain data; the story adds object, file and line. */
export interface SchemaProblem {
  /** 'schema-unknown-field', 'schema-type', 'schema-required', … (RULES in rules.ts) */
  ruleId: string
  message: string
  repair?: string
  /** path without leading dot, list items as [0]; '' for the object itself */
  field: string
  /**
   * The stage of the API server that refuses it (cases/admission.jsonl): 'apply-schema' is the type check of server-side
   * apply, 'schema' the validation after defaulting, 'no-kind' a version that is not served.
   */
  layer: 'apply-schema' | 'schema' | 'no-kind'
  /** how the API server says it */
  refusal: Refusal
  /** true: said again, in words, by another problem; people are shown that one alone */
  repeated?: true
}

/** An error as the API server words it (apimachinery pkg/util/validation/field/errors.go). */
export interface Refusal {
  reason: RefusalReason
  /** '' where the API server names none; keys of maps stand after a dot as they are */
  field: string
  message: string
}

export type RefusalReason =
  | 'Invalid'
  | 'TypeInvalid'
  | 'Required'
  | 'NotSupported'
  | 'TooLong'
  | 'TooMany'
  | 'Duplicate'
  | 'Forbidden'
  /** the type check of apply gives no reason */
  | ''

/** Steps from the object to a value: names of fields and indexes of lists. */
export type Path = readonly (string | number)[]

/** `spec.tablespaces[0].name`; names that hold a dot or the like stand in brackets: `metadata.labels["app.kubernetes.io/name"]`. */
export function fieldOf(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (!/^[\w-]+$/.test(step)) text += `[${JSON.stringify(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** The path as the API server writes it: `metadata.labels.app.kubernetes.io/name`. */
export function plainField(path: Path): string {
  let text = ''
  for (const [depth, step] of path.entries())
    text += typeof step === 'number' ? `[${step}]` : depth === 0 ? step : `.${step}`
  return text
}

/** `Invalid value: "x": detail`. A value that may not be shown is given as `undefined`. */
export function invalid(
  field: string,
  value: Json | undefined,
  detail: string,
  reason: RefusalReason = 'Invalid',
): Refusal {
  const written =
    value === undefined ? '(not shown)' : typeof value === 'object' ? JSON.stringify(value) : quoted(value)
  return { reason, field, message: `Invalid value: ${written}: ${detail}` }
}

/** A value as Go's %q or %v prints it. */
export function quoted(value: Json): string {
  return JSON.stringify(value)
}

const LONGEST = 60

/** A value in words, short: "the text 'three'", 'the number 3', 'a list', 'null'. */
export function inWords(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty object' : 'an object'
  if (typeof value === 'string') return value === '' ? 'an empty text' : `the text '${shorten(value)}'`
  return typeof value === 'boolean' ? `the boolean ${value}` : `the number ${value}`
}

/** A value as it is written, short: 'a' in quotes, 3, null. */
export function asWritten(value: Json): string {
  return typeof value === 'string' ? `'${shorten(value)}'` : shorten(JSON.stringify(value))
}

function shorten(text: string): string {
  const characters = Array.from(text.slice(0, 2 * LONGEST))
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}…` : text
}

/** 'a', 'a or b', 'a, b or c'. */
export function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
