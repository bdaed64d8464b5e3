// A quantity of Kubernetes, exactly as k8s.io/apimachinery 0.36 pkg/api/resource/quantity.go reads, compares and prints it.

type Format = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

export interface Quantity {
  /** in units of 10⁻⁹, the smallest that a quantity keeps */
  nano: bigint
  format: Format
  /** as it was written: Go keeps the text of what it takes for canonical, '+5Gi' and '04G' too, and prints that */
  written?: string
}

const NANO = 1_000_000_000n
const MAX_BINARY = (2n ** 63n - 1n) * NANO
const DECIMAL: Record<string, number> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
}
const BINARY: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }
// beyond these a value is huge or the smallest there is, whatever else is written; it bounds the work on hostile text
const MAX_EXPONENT = 1000
const ZERO: Quantity = { nano: 0n, format: 'DecimalSI' }

export const WRONG_FORMAT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
export const WRONG_SUFFIX = "unable to parse quantity's suffix"
export const WRONG_NUMBER = 'unable to parse numeric part of quantity'

/**
 * Reads a quantity (ParseQuantity).
 * @returns the message of Go's error where it is none: WRONG_FORMAT, WRONG_SUFFIX or WRONG_NUMBER
 */
export function parseQuantity(text: string): Quantity | string {
  if (text === '') return WRONG_FORMAT
  // parseQuantityString: digits may be missing on either side of the dot, or altogether ('Gi' is 0)
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text)
  if (parts === null) return WRONG_FORMAT
  const [, sign, whole = '', fraction = '', suffix = ''] = parts
  const unit = unitOf(suffix)
  if (unit === undefined) return WRONG_SUFFIX
  const { base, exponent } = unit
  let { format } = unit
  const isShort = isFast(unit, whole, fraction)
  if (!isShort && `${whole}${fraction}` === '') return WRONG_NUMBER
  const digits = BigInt(`0${whole}${fraction}`)
  let nano: bigint
  if (base === 2) nano = roundUp(digits * 2n ** BigInt(exponent), fraction.length - 9)
  else nano = roundUp(digits, fraction.length - 9 - exponent)
  if (format === 'BinarySI') {
    if (nano > MAX_BINARY) nano = MAX_BINARY
    if (nano > 0n && nano < NANO) format = 'DecimalSI'
  }
  const quantity: Quantity = { nano: sign === '-' ? -nano : nano, format }
  return isShort && isCanonical(unit, digits, whole, fraction) ? { ...quantity, written: text } : quantity
}

interface Unit {
  base: 2 | 10
  exponent: number
  format: Format
}

/** Whether ParseQuantity takes its way for numbers that fit an int64. The other way needs a digit. */
function isFast({ base, exponent }: Unit, whole: string, fraction: string): boolean {
  const length = Math.max(1, whole.replace(/^0+/, '').length)
  if (base === 2) return fraction === '' && 15 - length - Math.trunc((exponent * 3) / 10) - 1 >= 0
  return 18 - (length + fraction.length) >= 0 && exponent - fraction.length >= -9
}

function isCanonical({ base, exponent }: Unit, digits: bigint, whole: string, fraction: string): boolean {
  if (base === 2) return (digits & 7n) !== 0n
  return (exponent - fraction.length) % 3 === 0 && /[1-9]/.test(whole) && digits % 1000n !== 0n
}

function unitOf(suffix: string): Unit | undefined {
  const decimal = Object.hasOwn(DECIMAL, suffix) ? DECIMAL[suffix] : undefined
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' }
  const binary = Object.hasOwn(BINARY, suffix) ? BINARY[suffix] : undefined
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'BinarySI' }
  if (!/^[eE][-+]?\d+$/.test(suffix)) return undefined
  const wide = BigInt(suffix.slice(1).replace('+', ''))
  if (wide !== BigInt.asIntN(64, wide)) return undefined
  const exponent = Number(BigInt.asIntN(32, wide))
  return {
    base: 10,
    exponent: Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, exponent)),
    format: 'DecimalExponent',
  }
}

/** digits × 10⁻ˢᶜᵃˡᵉ, rounded away from zero: whoever asks for something gets something. */
function roundUp(digits: bigint, scale: number): bigint {
  if (scale <= 0) return digits * 10n ** BigInt(-scale)
  if (digits === 0n) return 0n
  const divisor = 10n ** BigInt(Math.min(scale, 4 * MAX_EXPONENT + digits.toString().length))
  return (digits + divisor - 1n) / divisor
}

/** The quantity, or 0 where there is none or it cannot be read (an absent item of a Go map). */
export function quantityOrZero(text: string | undefined): Quantity {
  const quantity = text === undefined ? ZERO : parseQuantity(text)
  return typeof quantity === 'string' ? ZERO : quantity
}

/** Below 0, 0 or above 0 as a is less than, equal to or more than b (Quantity.Cmp). */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0
}

/** The canonical form, which Go writes whenever it encodes a quantity: 1000m → 1, 1024Mi → 1Gi, 1.5 → 1500m. */
export function printQuantity({ nano, format, written }: Quantity): string {
  if (written !== undefined) return written
  if (nano === 0n) return '0'
  if (format === 'BinarySI') {
    const magnitude = nano < 0n ? -nano : nano
    if (magnitude >= 1024n * NANO && nano % NANO === 0n) return printBinary(nano / NANO)
    return printDecimal(nano, 'DecimalSI')
  }
  return printDecimal(nano, format)
}

function printBinary(value: bigint): string {
  let amount = value
  let times = 0
  while (amount % 1024n === 0n) {
    amount /= 1024n
    times++
  }
  return `${amount}${['', ...Object.keys(BINARY)][times] ?? ''}`
}

function printDecimal(nano: bigint, format: Format): string {
  let amount = nano
  let exponent = -9
  while (amount % 10n === 0n) {
    amount /= 10n
    exponent++
  }
  while (exponent % 3 !== 0) {
    amount *= 10n
    exponent--
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${amount}` : `${amount}e${exponent}`
  const suffix = Object.entries(DECIMAL).find(([, power]) => power === exponent)?.[0]
  return `${amount}${suffix ?? ''}`
}
