// cel-go 0.26, ext/strings.go at version 2, which is what Kubernetes 1.29 and later give to rules. Positions count code points.
import { EvaluationError, noSuchOverload } from '../errors.ts'
import { NAMED_ESCAPES } from './go-quote.ts'
import { List, PlainList, type Value } from '../values.ts'

/** The characters as Go's runes. */
export function runes(text: string): string[] {
  return Array.from(text)
}

/** The length in code points. */
export function lengthOf(text: string): number {
  // most strings have no surrogates
  return /[\ud800-\udfff]/.test(text) ? runes(text).length : text.length
}

export function charAt(text: string, index: bigint): string {
  const characters = runes(text)
  if (index < 0n || index > characters.length) throw new EvaluationError(`index out of range: ${index}`)
  return characters[Number(index)] ?? ''
}

export function indexOf(text: string, sought: string, offset = 0n): bigint {
  if (sought === '') return offset
  const where = runes(text)
  const what = runes(sought)
  if (offset < 0n) throw new EvaluationError(`index out of range: ${offset}`)
  for (let i = Number(offset); i <= where.length - what.length; i++)
    if (what.every((character, j) => where[i + j] === character)) return BigInt(i)
  return -1n
}

export function lastIndexOf(text: string, sought: string, offset?: bigint): bigint {
  const where = runes(text)
  const what = runes(sought)
  if (sought === '') return offset ?? BigInt(where.length)
  if (offset !== undefined && offset < 0n) throw new EvaluationError(`index out of range: ${offset}`)
  // beyond the text nothing is found, not even before it
  if (offset !== undefined && offset >= where.length) return -1n
  const last = where.length - what.length
  for (let i = Math.min(last, Number(offset ?? BigInt(Math.max(last, 0)))); i >= 0; i--)
    if (what.every((character, j) => where[i + j] === character)) return BigInt(i)
  return -1n
}

export function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, part => part.toLowerCase())
}

export function upperAscii(text: string): string {
  return text.replaceAll(/[a-z]+/g, part => part.toUpperCase())
}

/** Go's strings.Replace: a negative limit is none, an empty pattern stands between all characters. */
export function replace(text: string, old: string, by: string, limit = -1n): string {
  let left = limit < 0n ? Infinity : Number(limit)
  if (left === 0) return text
  if (old !== '') {
    const parts = text.split(old)
    let out = parts[0] ?? ''
    for (const part of parts.slice(1)) {
      out += (left > 0 ? by : old) + part
      left--
    }
    return out
  }
  let out = ''
  for (const character of [...runes(text), '']) {
    if (left > 0) out += by
    left--
    out += character
  }
  return out
}

/** Go's strings.SplitN. */
export function split(text: string, separator: string, limit = -1n): string[] {
  if (limit === 0n) return []
  const parts = separator === '' ? runes(text) : text.split(separator)
  const most = limit < 0n ? parts.length : Number(limit)
  if (parts.length <= most) return parts
  return [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)]
}

export function substring(text: string, start: bigint, end?: bigint): string {
  const characters = runes(text)
  const to = end ?? BigInt(characters.length)
  if (end !== undefined && start > end)
    throw new EvaluationError(`invalid substring range. start: ${start}, end: ${end}`)
  if (start < 0n || start > characters.length) throw new EvaluationError(`index out of range: ${start}`)
  if (to < 0n || to > characters.length) throw new EvaluationError(`index out of range: ${to}`)
  return characters.slice(Number(start), Number(to)).join('')
}

/** Unicode's white space, as Go's strings.TrimSpace has it: not the zero-width no-break space that JavaScript trims. */
export function trim(text: string): string {
  const space = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u
  const fromStart = text.replace(space, '')
  return runes(runes(fromStart).toReversed().join('').replace(space, '')).toReversed().join('')
}

export function join(list: List, separator = ''): string {
  return list
    .items()
    .map(item => {
      if (typeof item !== 'string') throw noSuchOverload()
      return item
    })
    .join(separator)
}

/** strings.quote(text). */
export function quote(text: string): string {
  return `"${runes(text)
    .map(character => NAMED_ESCAPES[character] ?? character)
    .join('')}"`
}

export function textList(texts: readonly string[]): Value {
  return new PlainList([...texts])
}
