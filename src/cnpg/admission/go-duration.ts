// time.ParseDuration and Duration.String of Go 1.26 (src/time/format.go, time.go).

const UNITS: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n, // U+00B5
  μs: 1000n, // U+03BC
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const LIMIT = 2n ** 63n
const SECOND = 1_000_000_000n

/** @returns nanoseconds, or the message of Go's error */
export function parseDuration(text: string): bigint | string {
  const invalid = `time: invalid duration ${JSON.stringify(text)}`
  const negative = text.startsWith('-')
  let rest = text.replace(/^[+-]/, '')
  if (rest === '0') return 0n
  if (rest === '') return invalid
  let total = 0n
  while (rest !== '') {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest)
    const whole = number?.[1] ?? ''
    const fraction = number?.[2] ?? ''
    if (whole === '' && fraction === '') return invalid
    rest = rest.slice(number?.[0].length ?? 0)
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? ''
    if (unit === '') return `time: missing unit in duration ${JSON.stringify(text)}`
    const size = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined
    if (size === undefined)
      return `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`
    rest = rest.slice(unit.length)
    const value = BigInt(`0${whole}`) * size + fractionOf(fraction, size)
    if (value > LIMIT) return invalid
    total += value
    if (total > LIMIT) return invalid
  }
  if (!negative && total === LIMIT) return invalid
  return negative ? -total : total
}

/** leadingFraction: digits beyond an int64 are dropped; the product is one of floats. */
function fractionOf(digits: string, size: bigint): bigint {
  let value = 0n
  let scale = 1
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit)
    if (value > (LIMIT - 1n) / 10n || next > LIMIT) break
    value = next
    scale *= 10
  }
  return BigInt(Math.trunc(Number(value) * (Number(size) / scale)))
}

/** As Go prints it: 90s → 1m30s, 100ms → 100ms, 0 → 0s. */
export function printDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s'
  const sign = nanoseconds < 0n ? '-' : ''
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  if (size < SECOND) {
    if (size < 1000n) return `${sign}${size}ns`
    if (size < 1_000_000n) return `${sign}${withFraction(size, 1000n)}µs`
    return `${sign}${withFraction(size, 1_000_000n)}ms`
  }
  const seconds = withFraction(size % (60n * SECOND), SECOND)
  const minutes = size / (60n * SECOND)
  if (minutes === 0n) return `${sign}${seconds}s`
  if (minutes < 60n) return `${sign}${minutes}m${seconds}s`
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}s`
}

function withFraction(value: bigint, unit: bigint): string {
  const rest = value % unit
  if (rest === 0n) return `${value / unit}`
  const width = unit.toString().length - 1
  return `${value / unit}.${rest.toString().padStart(width, '0').replace(/0+$/, '')}`
}
