// k8s.io/apimachinery 0.35, pkg/api/resource/quantity.go, amount.go.
import { EvaluationError } from '../errors.ts'
import { Opaque } from '../values.ts'

const SUFFIXES: Record<string, readonly [base: 2 | 10, exponent: number]> = {
  n: [10, -9],
  u: [10, -6],
  m: [10, -3],
  '': [10, 0],
  k: [10, 3],
  M: [10, 6],
  G: [10, 9],
  T: [10, 12],
  P: [10, 15],
  E: [10, 18],
  Ki: [2, 10],
  Mi: [2, 20],
  Gi: [2, 30],
  Ti: [2, 40],
  Pi: [2, 50],
  Ei: [2, 60],
}
const NANO = 1_000_000_000n
const MAX_INT = 9223372036854775807n

/** Kubernetes' quick form of an amount: an int64 times a power of ten (int64Amount). */
interface Amount {
  value: bigint
  scale: number
}

/**
 * A quantity in billionths, the smallest part that Kubernetes keeps. Whether it is an "integer" depends on how Kubernetes
 * holds it: amounts beyond 18 digits, of Pi and Ei, and with decimals (1.0, 1000m) are none.
 */
export class Quantity extends Opaque {
  readonly type = 'kubernetes.Quantity'
  readonly nanos: bigint
  readonly #amount: Amount | undefined
  constructor(nanos: bigint, amount?: Amount) {
    super()
    this.nanos = nanos
    this.#amount = amount
  }
  static of(amount: Amount): Quantity {
    return new Quantity(amount.value * 10n ** BigInt(amount.scale + 9), amount)
  }
  equals(other: Opaque): boolean {
    return other instanceof Quantity && other.nanos === this.nanos
  }
  compareTo(other: Quantity): bigint {
    return this.nanos < other.nanos ? -1n : this.nanos > other.nanos ? 1n : 0n
  }
  get sign(): bigint {
    return this.nanos < 0n ? -1n : this.nanos > 0n ? 1n : 0n
  }
  /** AsInt64 */
  get integer(): bigint | undefined {
    return this.#amount === undefined || this.#amount.scale < 0 ? undefined : scaled(this.#amount, 0)?.value
  }
  get approximateFloat(): number {
    return this.nanos % NANO === 0n ? Number(this.nanos / NANO) : Number(`${this.nanos}e-9`)
  }
  add(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, sum(this.#amount, other.#amount))
  }
  subtract(other: Quantity): Quantity {
    const negated =
      other.#amount === undefined ? undefined : { ...other.#amount, value: -other.#amount.value }
    return new Quantity(this.nanos - other.nanos, sum(this.#amount, negated))
  }
}

/** The amount at a lower scale, where it fits in an int64. */
function scaled(amount: Amount, scale: number): Amount | undefined {
  const value = amount.value * 10n ** BigInt(amount.scale - scale)
  return BigInt.asIntN(64, value) === value ? { value, scale } : undefined
}

/** int64Amount.Add */
function sum(a: Amount | undefined, b: Amount | undefined): Amount | undefined {
  if (a === undefined || b === undefined) return undefined
  if (b.value === 0n) return a
  if (a.value === 0n) return b
  const scale = Math.min(a.scale, b.scale)
  const left = scaled(a, scale)
  const right = scaled(b, scale)
  return left === undefined || right === undefined
    ? undefined
    : scaled({ value: left.value + right.value, scale }, scale)
}

// more digits than any size needs are an attack on memory, not a size
const LARGEST_EXPONENT = 10_000

/** @throws EvaluationError for what ParseQuantity refuses */
export function quantityOf(text: string): Quantity {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text)
  if (text === '' || parts === null)
    throw new EvaluationError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    )
  const [, sign = '', digitsBefore = '', denominator = '', suffix = ''] = parts
  const exponent = /^[eE]([+-]?\d+)$/.exec(suffix)?.[1]
  const [base, power] = (exponent === undefined ? SUFFIXES[suffix] : ([10, Number(exponent)] as const)) ?? []
  if (base === undefined || power === undefined || Math.abs(power) > LARGEST_EXPONENT)
    throw new EvaluationError("unable to parse quantity's suffix")
  const numerator = digitsBefore.replace(/^0+/, '')
  const digits = BigInt(`${numerator}${denominator}` || '0')
  const signed = (value: bigint) => (sign === '-' ? -value : value)
  const amount = quickAmount(numerator, denominator, digits, base, power)
  if (amount !== undefined) return Quantity.of({ ...amount, value: signed(amount.value) })
  // digits × base^power × 10^9 / 10^denominator, rounded away from zero
  const factor = base === 2 ? 2n ** BigInt(power) : 10n ** BigInt(Math.max(power, 0))
  const divisor = 10n ** BigInt(denominator.length + (base === 10 && power < 0 ? -power : 0))
  const nanos = (digits * factor * NANO + divisor - 1n) / divisor
  const capped = base === 2 && nanos > MAX_INT * NANO ? MAX_INT * NANO : nanos
  return new Quantity(signed(capped))
}

/** ParseQuantity's fast path. */
function quickAmount(
  numerator: string,
  denominator: string,
  digits: bigint,
  base: 2 | 10,
  power: number,
): Amount | undefined {
  const count = Math.max(numerator.length, 1) + denominator.length
  if (base === 10) {
    const scale = power - denominator.length
    return 18 - count >= 0 && scale >= -9 ? scaled({ value: digits, scale }, scale) : undefined
  }
  const precision = 15 - Math.max(numerator.length, 1) - Math.trunc((power * 3) / 10) - 1
  if (denominator.length > 0 || precision < 0) return undefined
  return scaled({ value: digits * 2n ** BigInt(power), scale: 0 }, 0)
}
