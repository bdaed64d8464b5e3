/** Escapes of Go's and CEL's quoted texts that have a name. */
export const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** Go's %q: what does not print is escaped. */
export function goQuote(text: string): string {
  const inner = text.replaceAll(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, character => {
    const named = NAMED_ESCAPES[character]
    if (named !== undefined) return named
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`
  })
  return `"${inner}"`
}

/** Go's %v of a float64: the shortest digits, with an exponent outside of 1e-4 to 1e21. */
export function goFloat(number: number): string {
  if (Number.isNaN(number)) return 'NaN'
  if (!Number.isFinite(number)) return number > 0 ? '+Inf' : '-Inf'
  const size = Math.abs(number)
  if (size !== 0 && (size < 1e-4 || size >= 1e21))
    return number.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  return String(number)
}
