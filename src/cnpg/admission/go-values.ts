// strconv of Go 1.26.

const MAX = 2n ** 63n - 1n

/** strconv.Atoi on a 64-bit machine; @returns `undefined` where the text is no int. */
export function atoi(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  const value = BigInt(text.replace('+', ''))
  return value > MAX || value < -MAX - 1n ? undefined : value
}

/** The error that strconv.Atoi gives for a text that is no int. */
export function atoiError(text: string): string {
  const why = /^[+-]?\d+$/.test(text) ? 'value out of range' : 'invalid syntax'
  return `strconv.Atoi: parsing ${JSON.stringify(text)}: ${why}`
}

/** strconv.ParseUint(text, base, bits): no sign. */
export function parseUint(text: string, base: 10 | 16, bits: 32 | 64): bigint | undefined {
  const digits = base === 10 ? /^\d+$/ : /^[0-9a-fA-F]+$/
  if (!digits.test(text)) return undefined
  const value = BigInt(base === 10 ? text : `0x${text}`)
  return value >= 2n ** BigInt(bits) ? undefined : value
}

/** strconv.ParseBool. */
export function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false
  return undefined
}

/** len() of a Go string: bytes of UTF-8. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}
