import type { Json } from '../../manifest/json.ts'

/** An error of a webhook with its field, as k8s.io/apimachinery 0.36 pkg/util/validation/field prints it. */
export interface FieldError {
  field: string
  message: string
}

/** A value that is wrong; `undefined` prints as Go's nil. */
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { field, message: `Invalid value: ${printed(value)}: ${detail}` }
}

export function required(field: string, detail: string): FieldError {
  return { field, message: `Required value: ${detail}` }
}

export function forbidden(field: string, detail: string): FieldError {
  return { field, message: `Forbidden: ${detail}` }
}

export function duplicate(field: string, value: Json): FieldError {
  return { field, message: `Duplicate value: ${printed(value)}` }
}

export function notSupported(field: string, value: string, supported: readonly string[]): FieldError {
  return {
    field,
    message: `Unsupported value: ${printed(value)}: supported values: ${supported.map(printed).join(', ')}`,
  }
}

function printed(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value)
}
