import { equalJson, type Json } from '../manifest/json.ts'
import { nearName } from '../manifest/near-name.ts'
import type { Context } from './context.ts'
import { FORMATS } from './formats.ts'
import { goRegexp } from '../manifest/go-regexp.ts'
import {
  alternatives,
  asWritten,
  fieldOf,
  invalid,
  plainField,
  quoted,
  type Path,
  type Refusal,
  type SchemaProblem,
} from './problem.ts'
import type { StructuralSchema } from './structural.ts'
import { isInteger } from './value-type.ts'

// The keywords that look at one value, with the words of kube-openapi pkg/validation/errors/schema.go.

// apimachinery pkg/api/resource/quantity.go, ParseQuantity
const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/

/** Says of one value what is wrong with it, to people and as the API server does. */
class Speaker {
  readonly problems: SchemaProblem[] = []
  readonly #path: Path
  readonly #context: Context
  readonly #value: Json

  constructor(value: Json, path: Path, context: Context) {
    this.#value = value
    this.#path = path
    this.#context = context
  }

  /** the value for people */
  get written(): string {
    return this.#context.masked(this.#path) ? 'a value not shown' : asWritten(this.#value)
  }

  /** `Invalid value`, with the value itself */
  invalid(detail: string): Refusal {
    const shown = this.#context.masked(this.#path) ? undefined : this.#value
    return invalid(plainField(this.#path), shown, `${plainField(this.#path)} in body ${detail}`)
  }

  /** another reason, without a value */
  refusal(reason: Refusal['reason'], message: string): Refusal {
    return { reason, field: plainField(this.#path), message }
  }

  get masked(): boolean {
    return this.#context.masked(this.#path)
  }

  say(ruleId: string, message: string, refusal: Refusal, repair?: string): void {
    const field = fieldOf(this.#path)
    this.problems.push({
      ruleId,
      message: `${field} ${message}`,
      ...(repair === undefined ? {} : { repair }),
      field,
      layer: 'schema',
      refusal,
    })
  }
}

/** enum */
export function checkEnum(
  value: Json,
  allowed: readonly Json[],
  path: Path,
  context: Context,
): SchemaProblem[] {
  const speaker = new Speaker(value, path, context)
  // null is none of them, whatever they hold (kube-openapi pkg/validation/validate/validator.go)
  if (allowed.length === 0) return []
  if (value !== null && allowed.some(one => equalJson(one, value))) return []
  const near = typeof value === 'string' ? nearName(value, allowed.map(String)) : undefined
  const words = allowed.length === 1 ? asWritten(allowed[0] ?? null) : `one of ${list(allowed)}`
  const supported = allowed.map(one => quoted(typeof one === 'string' ? one : JSON.stringify(one)))
  const shown = speaker.masked ? '(not shown)' : quoted(value)
  speaker.say(
    'schema-enum',
    `must be ${words}, is ${speaker.written}`,
    speaker.refusal('NotSupported', `Unsupported value: ${shown}: supported values: ${supported.join(', ')}`),
    near && `Did you mean '${near}'?`,
  )
  return speaker.problems
}

/** Lengths, pattern and format of a text, the problems of each of the two checks apart. */
export function checkText(
  value: string,
  schema: StructuralSchema,
  path: Path,
  context: Context,
): readonly (readonly SchemaProblem[])[] {
  const { format: wanted, pattern, minLength, maxLength } = schema
  if (wanted === undefined && pattern === undefined && minLength === undefined && maxLength === undefined)
    return NOTHING
  const length = new Speaker(value, path, context)
  checkLength(value, schema, length)
  const format = new Speaker(value, path, context)
  const known = formatOf(schema)
  // Go decodes the bytes of its own kinds, and leaves out ends of lines (encoding/base64, Encoding.Decode)
  const checked = context.goType && schema.format === 'byte' ? value.replaceAll(/[\r\n]/g, '') : value
  if (known !== undefined && !known.check(checked))
    format.say(
      'schema-format',
      `must be ${known.name}, is ${format.written}`,
      {
        ...format.invalid(
          `must be of type ${schema.format}: ${quoted(format.masked ? '(not shown)' : value)}`,
        ),
        reason: 'TypeInvalid',
      },
      // encrypted or templated Secrets aside, a Secret's data is base64 of something nobody should read here
      schema.format === 'byte' && context.kind === 'Secret'
        ? 'Encode it, or write it plain under stringData.'
        : undefined,
    )
  if (schema.format === 'quantity' && context.goType && !QUANTITY.test(value))
    format.say(
      'schema-format',
      `must be a quantity (500m, 1Gi), is ${format.written}`,
      format.invalid('must be a quantity'),
    )
  return known === undefined ? [[...length.problems, ...format.problems]] : [length.problems, format.problems]
}

const NOTHING = [[]]

function formatOf({ format }: StructuralSchema) {
  return format !== undefined && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
}

/** The first of the three that fails is told (kube-openapi pkg/validation/validate/validator.go, stringValidator). */
function checkLength(value: string, schema: StructuralSchema, speaker: Speaker): void {
  const { minLength, maxLength, pattern } = schema
  // both count code points (cases/admission.jsonl, lab-str-emoji)
  const size = minLength === undefined && maxLength === undefined ? 0 : Array.from(value).length
  if (maxLength !== undefined && size > maxLength)
    speaker.say(
      'schema-length',
      tooLong(size, maxLength, 'character'),
      speaker.refusal(
        'TooLong',
        `Too long: may not be more than ${maxLength} ${maxLength === 1 ? 'byte' : 'bytes'}`,
      ),
    )
  else if (minLength !== undefined && size < minLength)
    speaker.say(
      'schema-length',
      tooShort(size, minLength, ['character', 'characters']),
      speaker.invalid(`should be at least ${minLength} chars long`),
    )
  else if (pattern !== undefined && goRegexp(pattern)?.test(value) === false)
    speaker.say(
      'schema-pattern',
      `is ${speaker.written}, must match ${pattern}`,
      speaker.invalid(`should match '${pattern}'`),
    )
}

/** Ranges and multiples. */
export function checkNumber(
  value: number,
  schema: StructuralSchema,
  path: Path,
  context: Context,
): SchemaProblem[] {
  const speaker = new Speaker(value, path, context)
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  // bounds of integers are cut to integers (kube-openapi pkg/validation/validate/values.go, MaximumNativeType)
  const bound = (n: number) => (isInteger(value) ? Math.trunc(n) : n)
  if (multipleOf !== undefined) {
    if (bound(multipleOf) <= 0)
      speaker.say(
        'schema-range',
        `cannot be judged: its schema wants a multiple of ${multipleOf}`,
        speaker.invalid(
          `factor MultipleOf declared for ${plainField(path)} must be positive: ${bound(multipleOf)}`,
        ),
      )
    else if (!isMultiple(value, bound(multipleOf)))
      speaker.say(
        'schema-range',
        `must be a multiple of ${multipleOf}, is ${speaker.written}`,
        speaker.invalid(`should be a multiple of ${multipleOf}`),
      )
  }
  if (minimum !== undefined) {
    const least = bound(minimum)
    if (exclusiveMinimum === true ? value <= least : value < least)
      speaker.say(
        'schema-range',
        `must be ${exclusiveMinimum === true ? 'more than' : 'at least'} ${minimum}, is ${speaker.written}`,
        speaker.invalid(`should be greater than ${exclusiveMinimum === true ? '' : 'or equal to '}${least}`),
      )
  }
  if (maximum !== undefined) {
    const most = bound(maximum)
    if (exclusiveMaximum === true ? value >= most : value > most)
      speaker.say(
        'schema-range',
        `must be ${exclusiveMaximum === true ? 'less than' : 'at most'} ${maximum}, is ${speaker.written}`,
        speaker.invalid(`should be less than ${exclusiveMaximum === true ? '' : 'or equal to '}${most}`),
      )
  }
  if (context.goType && schema.format === 'int32' && (value > 2 ** 31 - 1 || value < -(2 ** 31)))
    speaker.say(
      'schema-range',
      `must fit 32 bits, is ${speaker.written}`,
      speaker.invalid('should fit 32 bits'),
    )
  return speaker.problems
}

// 0.3 is a multiple of 0.1 although 0.3 / 0.1 is not whole in binary (go-openapi/swag, IsFloat64AJSONInteger)
function isMultiple(value: number, of: number): boolean {
  const times = of < 1 ? (1 / of) * value : value / of
  return Math.abs(times - Math.round(times)) < 1e-9
}

/** minItems and maxItems, or minProperties and maxProperties. */
export function checkSize(
  size: number,
  what: 'items' | 'properties',
  schema: StructuralSchema,
  path: Path,
  context: Context,
): SchemaProblem[] {
  const [least, most] =
    what === 'items' ? [schema.minItems, schema.maxItems] : [schema.minProperties, schema.maxProperties]
  if (least === undefined && most === undefined) return []
  const speaker = new Speaker(size, path, context)
  const field = plainField(path)
  if (least !== undefined && size < least)
    speaker.say(
      'schema-length',
      tooShort(size, least, what === 'items' ? ['item', 'items'] : ['entry', 'entries']),
      invalid(field, size, `${field} in body should have at least ${least} ${what}`),
    )
  if (most !== undefined && size > most)
    speaker.say(
      'schema-length',
      tooLong(size, most, what === 'items' ? 'item' : 'entry'),
      speaker.refusal(
        'TooMany',
        `Too many: ${size}: must have at most ${most} ${most === 1 ? 'item' : 'items'}`,
      ),
    )
  return speaker.problems
}

function tooShort(size: number, least: number, [one, many]: [string, string]): string {
  const count = (n: number) => `${n} ${n === 1 ? one : many}`
  if (size > 0) return `has ${count(size)}, needs ${least} or more`
  return `must not be empty${least > 1 ? `, it needs ${count(least)} or more` : ''}`
}

function tooLong(size: number, most: number, one: string): string {
  const many = one === 'entry' ? 'entries' : `${one}s`
  return `has ${size} ${size === 1 ? one : many}, may have ${most} at most`
}

function list(values: readonly Json[]): string {
  const shown = values.slice(0, 12).map(asWritten)
  return values.length > shown.length
    ? `${shown.join(', ')} and ${values.length - shown.length} more`
    : alternatives(shown)
}
