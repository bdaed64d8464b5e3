import { canonicalJson, isObject, type Json } from '../manifest/json.ts'
import { nearName } from '../manifest/near-name.ts'
import type { Context } from './context.ts'
import { FORMATS } from './formats.ts'
import { goRegexp } from '../manifest/go-regexp.ts'
import { alternatives, asWritten, fieldOf, type Path, type SchemaProblem } from './problem.ts'
import type { StructuralSchema } from './structural.ts'

// apimachinery pkg/api/resource/quantity.go, ParseQuantity
const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/

/** The keywords that look at one value: enum, pattern, format, sizes and ranges. The value has the type of its schema. */
export function checkKeywords(
  value: Exclude<Json, null>,
  schema: StructuralSchema,
  path: Path,
  context: Context,
): SchemaProblem[] {
  const field = fieldOf(path)
  const written = () => (context.masked(path) ? 'a value not shown' : asWritten(value))
  const found: SchemaProblem[] = []
  const say = (ruleId: string, message: string, repair?: string) =>
    found.push({
      ruleId,
      message: `${field} ${message}`,
      ...(repair === undefined ? {} : { repair }),
      field,
      layer: 'schema',
    })

  if (schema.enum !== undefined && !schema.enum.some(one => canonicalJson(one) === canonicalJson(value))) {
    const near = typeof value === 'string' ? nearName(value, schema.enum.map(String)) : undefined
    const allowed =
      schema.enum.length === 1 ? asWritten(schema.enum[0] ?? null) : `one of ${list(schema.enum)}`
    say('schema-enum', `must be ${allowed}, is ${written()}`, near && `Did you mean '${near}'?`)
  }
  if (typeof value === 'string') checkText(value, schema, written, context, say)
  else if (typeof value === 'number') checkNumber(value, schema, written, context, say)
  else if (Array.isArray(value))
    checkSize(value.length, schema.minItems, schema.maxItems, ['item', 'items'], say)
  else if (isObject(value))
    checkSize(
      Object.keys(value).length,
      schema.minProperties,
      schema.maxProperties,
      ['entry', 'entries'],
      say,
    )
  return found
}

type Say = (ruleId: string, message: string, repair?: string) => void

function checkText(
  value: string,
  schema: StructuralSchema,
  written: () => string,
  context: Context,
  say: Say,
): void {
  const { pattern, format } = schema
  if (pattern !== undefined && goRegexp(pattern)?.test(value) === false)
    say('schema-pattern', `is ${written()}, must match ${pattern}`)
  if (format === 'quantity' && !QUANTITY.test(value))
    say('schema-format', `must be a quantity (500m, 1Gi), is ${written()}`)
  const known = format !== undefined && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
  if (known !== undefined && !known.check(value))
    // encrypted or templated Secrets aside, a Secret's data is base64 of something nobody should read here
    say(
      'schema-format',
      `must be ${known.name}, is ${written()}`,
      format === 'byte' && context.kind === 'Secret'
        ? 'Encode it, or write it plain under stringData.'
        : undefined,
    )
  // maxLength counts code points (cases/admission.jsonl, lab-str-emoji), minLength too
  if (schema.minLength !== undefined || schema.maxLength !== undefined)
    checkSize(Array.from(value).length, schema.minLength, schema.maxLength, ['character', 'characters'], say)
}

function checkNumber(
  value: number,
  schema: StructuralSchema,
  written: () => string,
  context: Context,
  say: Say,
): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  if (minimum !== undefined && (exclusiveMinimum === true ? value <= minimum : value < minimum))
    say(
      'schema-range',
      `must be ${exclusiveMinimum === true ? 'more than' : 'at least'} ${minimum}, is ${written()}`,
    )
  if (maximum !== undefined && (exclusiveMaximum === true ? value >= maximum : value > maximum))
    say(
      'schema-range',
      `must be ${exclusiveMaximum === true ? 'less than' : 'at most'} ${maximum}, is ${written()}`,
    )
  if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf))
    say('schema-range', `must be a multiple of ${multipleOf}, is ${written()}`)
  if (context.goType && schema.format === 'int32' && (value > 2 ** 31 - 1 || value < -(2 ** 31)))
    say('schema-range', `must fit 32 bits, is ${written()}`)
}

// 0.3 is a multiple of 0.1 although 0.3 / 0.1 is not whole in binary
function isMultiple(value: number, of: number): boolean {
  const times = value / of
  return Math.abs(times - Math.round(times)) < 1e-9
}

function checkSize(
  size: number,
  least: number | undefined,
  most: number | undefined,
  [one, many]: [string, string],
  say: Say,
): void {
  const count = (n: number) => `${n} ${n === 1 ? one : many}`
  if (least !== undefined && size < least) {
    if (size === 0)
      say('schema-length', `must not be empty${least > 1 ? `, it needs ${count(least)} or more` : ''}`)
    else say('schema-length', `has ${count(size)}, needs ${least} or more`)
  }
  if (most !== undefined && size > most) say('schema-length', `has ${count(size)}, may have ${most} at most`)
}

function list(values: readonly Json[]): string {
  const shown = values.slice(0, 12).map(asWritten)
  return values.length > shown.length
    ? `${shown.join(', ')} and ${values.length - shown.length} more`
    : alternatives(shown)
}
