import type { Json, JsonObject } from './json.ts'

/**
 * What go-yaml v2 (go.yaml.in/yaml/v2 v2.4.2, resolve.go) makes of a scalar: YAML 1.1 words, Go's numbers, no base 60.
 * Integers beyond 2^53 lose digits as they do in Flux, which reads the JSON into float64 (kyaml v0.21.2, rnode.go UnmarshalJSON).
 */
export type GoScalar = {
  type: 'null' | 'bool' | 'int' | 'float' | 'str' | 'timestamp'
  value: null | boolean | number | string
}

const WORDS = new Map<string, GoScalar>(
  (
    [
      ['bool', true, 'y Y yes Yes YES true True TRUE on On ON'],
      ['bool', false, 'n N no No NO false False FALSE off Off OFF'],
      ['null', null, ' ~ null Null NULL'],
      ['float', Number.NaN, '.nan .NaN .NAN'],
      ['float', Number.POSITIVE_INFINITY, '.inf .Inf .INF +.inf +.Inf +.INF'],
      ['float', Number.NEGATIVE_INFINITY, '-.inf -.Inf -.INF'],
    ] as const
  ).flatMap(([type, value, words]) =>
    words.split(' ').map((word): [string, GoScalar] => [word, { type, value }]),
  ),
)
// Only these first characters can begin anything but a string.
const HINT = /^[-+0-9yYnNtTfFoO~.]/
// strconv.ParseInt(…, 0, 64): base by prefix, a leading zero is octal.
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/
// strconv.ParseFloat after a leading dot.
const DOT_FLOAT = /^\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?$/
const TIMESTAMP =
  /^[0-9]{4}-(1[0-2]|0?[1-9])-(3[01]|[12][0-9]|0?[1-9])([Tt ]([01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](\.[0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})?)?$/
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/
const MAX_INT64 = 2n ** 63n - 1n
const MAX_UINT64 = 2n ** 64n - 1n

/** Reads a plain scalar without a tag. */
export function resolvePlain(text: string): GoScalar {
  if (text !== '' && !HINT.test(text)) return { type: 'str', value: text }
  const word = WORDS.get(text)
  if (word !== undefined) return word
  const first = text.charCodeAt(0)
  if (first === 0x2e) {
    if (DOT_FLOAT.test(text)) {
      const number = Number(text.replaceAll('_', ''))
      if (Number.isFinite(number)) return { type: 'float', value: number }
    }
  } else if (first < 0x3a) {
    const plain = text.replaceAll('_', '')
    const integer = parseInteger(plain)
    if (integer !== undefined) return { type: 'int', value: integer }
    if (FLOAT.test(plain)) {
      const number = Number(plain)
      // ParseFloat refuses what is out of range; the text then stays text
      if (Number.isFinite(number)) return { type: 'float', value: number }
    }
  }
  return { type: 'str', value: text }
}

/**
 * Reads a plain scalar as kustomize does (go.yaml.in/yaml/v3 resolve.go through kyaml): of the YAML 1.1 words only true and false are
 * booleans, and a date is printed as a time.
 */
export function resolvePlainV3(text: string): GoScalar {
  const found = resolvePlain(text)
  if (found.type === 'bool' && !/^(?:true|false)$/i.test(text)) return { type: 'str', value: text }
  if (found.type === 'str' && DATE.test(text)) {
    const date = new Date(`${text}T00:00:00Z`)
    if (!Number.isNaN(date.getTime()) && date.toISOString().startsWith(text))
      return { type: 'timestamp', value: `${text}T00:00:00Z` }
  }
  return found
}

/** strconv.ParseInt, then ParseUint, base 0: `undefined` for what neither takes. */
function parseInteger(text: string): number | undefined {
  const match = INTEGER.exec(text)
  if (match === null) return undefined
  const [, sign = '', hex, binary, octal, decimal] = match
  const digits =
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal
  const magnitude = BigInt(digits ?? '0')
  // ParseUint takes no sign
  const limit = sign === '-' ? MAX_INT64 + 1n : sign === '+' ? MAX_INT64 : MAX_UINT64
  if (magnitude > limit) return undefined
  return sign === '-' && magnitude !== 0n ? -Number(magnitude) : Number(magnitude)
}

/**
 * Reads a scalar with an explicit tag of YAML's own, in its long form without the prefix: 'int', 'str', 'binary', ….
 * @returns a message where go-yaml refuses it
 */
export function resolveTagged(
  tag: string,
  text: string,
): { ok: true; value: GoScalar['value'] } | { ok: false; message: string } {
  if (tag === 'str') return { ok: true, value: text }
  if (tag === 'binary') {
    const bytes = text.replaceAll(/[\r\n]/g, '')
    // base64.StdEncoding wants its padding
    if (bytes.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(bytes))
      return { ok: false, message: '!!binary value contains invalid base64 data' }
    return { ok: true, value: Buffer.from(bytes, 'base64').toString('utf8') }
  }
  if (!['bool', 'int', 'float', 'null', 'timestamp'].includes(tag)) return { ok: true, value: text }
  const found =
    tag === 'timestamp' && TIMESTAMP.test(text)
      ? ({ type: 'timestamp', value: text } as const)
      : resolvePlain(text)
  // decode.go widens int and int64 only, not uint64
  const widened = tag === 'float' && found.type === 'int' && Number(found.value) < 2 ** 63
  if (found.type === tag || widened) return { ok: true, value: found.value }
  return { ok: false, message: `cannot decode !!${found.type} \`${text}\` as a !!${tag}` }
}

/**
 * The text of a map key that is no string, as sigs.k8s.io/yaml v1.6.0 writes it (yaml.go convertToJSONableObject).
 * @returns `undefined` for keys it refuses: null, and integers beyond int64
 */
export function keyText(key: GoScalar): string | undefined {
  if (typeof key.value === 'string') return key.value
  if (key.type === 'bool') return String(key.value)
  if (typeof key.value !== 'number') return undefined
  if (key.type === 'int') return Math.abs(key.value) < 2 ** 63 ? String(BigInt(key.value)) : undefined
  return float32Text(key.value)
}

/** strconv.FormatFloat(x, 'g', -1, 32): the shortest text that reads back as the same float32. */
function float32Text(value: number): string {
  const single = Math.fround(value)
  if (Number.isNaN(single)) return '.nan'
  if (!Number.isFinite(single)) return single > 0 ? '.inf' : '-.inf'
  if (single === 0) return Object.is(single, -0) ? '-0' : '0'
  let digits = 1
  while (digits < 9 && Math.fround(Number(single.toExponential(digits - 1))) !== single) digits++
  const [mantissa = '', exponentText = '0'] = single.toExponential(digits - 1).split('e')
  const exponent = Number(exponentText)
  // 'g' with the shortest form: an exponent below 1e-4 and from 1e6 on
  if (exponent < -4 || exponent >= 6)
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  return String(Number(`${mantissa}e${exponent}`))
}

/** Sets a key of an object made from YAML: a plain assignment would take `__proto__` for something else. */
export function define(into: JsonObject, key: string, value: Json): void {
  if (key === '__proto__')
    Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true })
  else into[key] = value
}
