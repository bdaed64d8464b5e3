import { EvaluationError } from '../errors.ts'
import { Opaque } from '../values.ts'

const UNITS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const MAX = 9223372036854775807n

/** google.protobuf.Duration: nanoseconds. */
export class Duration extends Opaque {
  readonly type = 'google.protobuf.Duration'
  readonly nanos: bigint
  constructor(nanos: bigint) {
    super()
    if (nanos > MAX || nanos < -MAX - 1n) throw new EvaluationError('integer overflow')
    this.nanos = nanos
  }
  equals(other: Opaque): boolean {
    return other instanceof Duration && other.nanos === this.nanos
  }
  /** `90s`, `0.5s`, as cel-go converts it */
  override toString(): string {
    return `${Number(this.nanos) / 1e9}s`
  }
}

/** Go's time.ParseDuration: `1h30m`, `-1.5s`; `undefined` for what it refuses. */
export function parseGoDuration(text: string): bigint | undefined {
  const sign = text.startsWith('-') ? -1n : 1n
  const rest = text.replace(/^[+-]/, '')
  if (rest === '0') return 0n
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined
  let nanos = 0n
  for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(
    /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    const factor = UNITS[unit] ?? 0n
    nanos += BigInt(whole || 0) * factor
    if (fraction !== '') nanos += (BigInt(fraction) * factor) / 10n ** BigInt(fraction.length)
  }
  return nanos > MAX + (sign < 0n ? 1n : 0n) ? undefined : sign * nanos
}

const SECOND = 1_000_000_000n
// strfmt's timeUnits: the last spelling of a unit may have any ending
const WORDS: readonly (readonly [names: readonly string[], factor: bigint])[] = [
  [['ns', 'nano'], 1n],
  [['us', 'µs', 'micro'], 1_000n],
  [['ms', 'milli'], 1_000_000n],
  [['s', 'sec'], SECOND],
  [['m', 'min'], 60n * SECOND],
  [['h', 'hr', 'hour'], 3600n * SECOND],
  [['d', 'day'], 86_400n * SECOND],
  [['w', 'wk', 'week'], 604_800n * SECOND],
]

/** A field of `format: duration` (k8s.io/kube-openapi, pkg/validation/strfmt/duration.go, ParseDuration): also `2 weeks`. */
export function durationOfFormat(text: string): Duration {
  const go = parseGoDuration(text)
  if (go !== undefined) return new Duration(go)
  let nanos: bigint | undefined
  for (const [, count = '0', word = ''] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const unit = word.toLowerCase()
    for (const [names, factor] of WORDS)
      for (const [i, name] of names.entries())
        if (unit === name || (i === names.length - 1 && unit.startsWith(name)))
          nanos = (nanos ?? 0n) + BigInt(count) * factor
  }
  if (nanos === undefined)
    throw new EvaluationError(`Invalid duration ${text}: unable to parse ${text} as duration`)
  return new Duration(nanos)
}
