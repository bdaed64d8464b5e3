import { nearName } from '../../manifest/near-name.ts'
import type { ParameterDefinition } from './parameter-catalog.ts'

/**
 * Why PostgreSQL refuses a value in a configuration file, as its own parsers do (src/backend/utils/misc/guc.c: parse_int,
 * parse_real, parse_and_validate_value; src/backend/utils/adt/bool.c: parse_bool_with_len).
 * Check hooks of single parameters (search_path, DateStyle, …) are not judged: strings always pass.
 * @returns one clause, as in 'max_connections takes a whole number, not "many"', or undefined where the value is taken
 */
export function valueProblem(
  name: string,
  value: string,
  definition: ParameterDefinition,
): string | undefined {
  if (definition.context === 'internal') return `${name} cannot be set: the server tells it`
  switch (definition.type) {
    case 'bool':
      return isBoolean(value) ? undefined : `${name} takes on or off, not "${value}"`
    case 'enum': {
      const values = definition.values ?? []
      if (values.some(known => known.toLowerCase() === value.toLowerCase())) return undefined
      const near = nearName(value, values)
      return `${name} takes ${list(values)}, not "${value}"${near === undefined ? '' : `; did you mean ${near}?`}`
    }
    case 'integer':
    case 'real':
      return numberProblem(name, value, definition)
    case 'string':
    case 'hidden':
      break
  }
  return undefined
}

/** The value in the parameter's own unit, undefined where it is no such number; for comparing two spellings. */
export function numberIn(value: string, { type, unit }: ParameterDefinition): number | undefined {
  const read = readNumber(value, type)
  if (read === undefined) return undefined
  const factor = read.unit === '' ? 1 : factorOf(read.unit, unit)
  if (factor === undefined) return undefined
  const inUnit = read.number * factor
  // a whole number is rounded, halves to even (rint)
  return type === 'integer' ? roundHalfEven(inUnit) : inUnit
}

function numberProblem(name: string, value: string, definition: ParameterDefinition): string | undefined {
  const read = readNumber(value, definition.type)
  const kind = definition.type === 'integer' ? 'a whole number' : 'a number'
  if (read === undefined) return `${name} takes ${kind}${unitHint(definition)}, not "${value}"`
  if (read.unit !== '') {
    if (definition.unit === undefined) return `${name} takes ${kind} without a unit, not "${value}"`
    if (factorOf(read.unit, definition.unit) === undefined)
      return `${name} takes ${kind}${unitHint(definition)}; "${read.unit}" is no such unit`
  }
  const number = numberIn(value, definition)
  const { min, max } = definition
  if (number === undefined || min === undefined || max === undefined) return undefined
  if (number < min || number > max) {
    const unit = definition.unit === undefined ? '' : ` (in ${definition.unit})`
    return `${name} takes ${min} to ${max}${unit}, not "${value}"`
  }
  return hookProblem(name, value, number)
}

// Check hooks that an ordinary number fails (PostgreSQL 17: src/backend/access/transam/slru.c check_slru_buffers,
// src/backend/commands/vacuum.c check_vacuum_buffer_usage_limit).
const MULTIPLES_OF_16 = new Set([
  'commit_timestamp_buffers',
  'multixact_member_buffers',
  'multixact_offset_buffers',
  'notify_buffers',
  'serializable_buffers',
  'subtransaction_buffers',
  'transaction_buffers',
])

function hookProblem(name: string, value: string, number: number): string | undefined {
  if (MULTIPLES_OF_16.has(name) && number % 16 !== 0) return `${name} takes multiples of 16, not "${value}"`
  if (name === 'vacuum_buffer_usage_limit' && number > 0 && number < 128)
    return `${name} takes 0, or 128 kB to 16 GB, not "${value}"`
  return undefined
}

function unitHint({ unit }: ParameterDefinition): string {
  if (unit === undefined) return ''
  return ` with one of the units ${Object.keys(isTime(unit) ? TIME : MEMORY).join(', ')}`
}

/** As strtod reads it, and for whole numbers strtol first, to which a 0 in front means octal; then blanks and a unit. */
function readNumber(
  text: string,
  type: ParameterDefinition['type'],
): { number: number; unit: string } | undefined {
  const match =
    /^\s*([+-]?)(0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*([a-zA-Z]*)\s*$/.exec(
      text,
    )
  if (match === null) return undefined
  const [, sign = '', digits = '', unit = ''] = match
  const octal = type === 'integer' && /^0[0-9]+$/.test(digits)
  if (octal && /[89]/.test(digits)) return undefined
  const magnitude = octal ? Number.parseInt(digits, 8) : Number(digits)
  return { number: sign === '-' ? -magnitude : magnitude, unit }
}

const MEMORY: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
}
const TIME: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

function isTime(unit: string): boolean {
  return Object.hasOwn(TIME, unit)
}

/** How many of the parameter's unit ('8kB', 'ms') one of the written unit is; units are told apart by letter case. */
function factorOf(written: string, own: string | undefined): number | undefined {
  if (own === undefined) return undefined
  const table = isTime(own) ? TIME : MEMORY
  const from = Object.hasOwn(table, written) ? table[written] : undefined
  const [, count = '', unit = ''] = /^([0-9]*)([a-zA-Z]+)$/.exec(own) ?? []
  const to = Object.hasOwn(table, unit) ? table[unit] : undefined
  if (from === undefined || to === undefined) return undefined
  return from / (to * (count === '' ? 1 : Number(count)))
}

function roundHalfEven(number: number): number {
  const floor = Math.floor(number)
  if (number - floor !== 0.5) return Math.round(number)
  return floor % 2 === 0 ? floor : floor + 1
}

/** on, off, true, false, yes, no and what begins them without doubt ('t', 'of'), 1 and 0; any letter case. */
export function isBoolean(value: string): boolean {
  const text = value.toLowerCase()
  if (text === '1' || text === '0') return true
  if (text === '') return false
  return (
    ['true', 'false', 'yes', 'no'].some(word => word.startsWith(text)) ||
    // "o" may be either
    (text.length > 1 && ['on', 'off'].some(word => word.startsWith(text)))
  )
}

function list(values: readonly string[]): string {
  const shown = values.filter(
    value => value !== '' && !['true', 'false', 'yes', 'no', '1', '0'].includes(value),
  )
  return shown.length > 12 ? `one of ${shown.slice(0, 12).join(', ')}, …` : shown.join(', ')
}
