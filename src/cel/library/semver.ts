// k8s.io/apiserver 0.35, pkg/cel/library/semverlib.go, over github.com/blang/semver/v4.
import { EvaluationError } from '../errors.ts'
import { compareText } from '../operators.ts'
import { Opaque } from '../values.ts'
import { goQuote } from './go-quote.ts'

export class Semver extends Opaque {
  readonly type = 'kubernetes.Semver'
  readonly core: readonly [major: bigint, minor: bigint, patch: bigint]
  readonly #pre: readonly string[]
  constructor(core: readonly [bigint, bigint, bigint], pre: readonly string[]) {
    super()
    this.core = core
    this.#pre = pre
  }
  equals(other: Opaque): boolean {
    return other instanceof Semver && this.compareTo(other) === 0n
  }
  compareTo(other: Semver): bigint {
    for (const [i, part] of this.core.entries()) {
      const theirs = other.core[i] ?? 0n
      if (part !== theirs) return part < theirs ? -1n : 1n
    }
    if (this.#pre.length === 0 || other.#pre.length === 0)
      return BigInt(Math.sign(other.#pre.length - this.#pre.length))
    for (const [i, mine] of this.#pre.entries()) {
      const theirs = other.#pre[i]
      if (theirs === undefined) return 1n
      const order = comparePre(mine, theirs)
      if (order !== 0) return BigInt(order)
    }
    return this.#pre.length < other.#pre.length ? -1n : 0n
  }
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text)
}

function comparePre(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0
  if (isNumber(a) || isNumber(b)) return isNumber(a) ? -1 : 1
  return compareText(a, b)
}

/** @throws EvaluationError for what is no semantic version */
export function semverOf(version: string, isTolerant = false): Semver {
  const text = isTolerant ? normalized(version) : version
  if (text === '') throw new EvaluationError('Version string empty')
  const [major, minor, rest] = splitN(text, 3)
  if (major === undefined || minor === undefined || rest === undefined)
    throw new EvaluationError('No Major.Minor.Patch elements found')
  const [, patch = '', pre, build] = /^([^+-]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(rest) ?? []
  const core = [numberOf(major, 'major'), numberOf(minor, 'minor'), numberOf(patch, 'patch')] as const
  const identifiers = pre?.split('.') ?? []
  for (const part of identifiers) {
    if (part === '') throw new EvaluationError('Prerelease is empty')
    if (/^0\d+$/.test(part))
      throw new EvaluationError(`Numeric PreRelease version must not contain leading zeroes ${goQuote(part)}`)
    if (!/^[0-9A-Za-z-]+$/.test(part))
      throw new EvaluationError(`Invalid character(s) found in prerelease ${goQuote(part)}`)
  }
  for (const part of build?.split('.') ?? []) {
    if (part === '') throw new EvaluationError('Build meta data is empty')
    if (!/^[0-9A-Za-z-]+$/.test(part))
      throw new EvaluationError(`Invalid character(s) found in build meta data ${goQuote(part)}`)
  }
  return new Semver(core, identifiers)
}

function numberOf(text: string, name: 'major' | 'minor' | 'patch'): bigint {
  if (!isNumber(text) && text !== '')
    throw new EvaluationError(`Invalid character(s) found in ${name} number ${goQuote(text)}`)
  if (/^0\d/.test(text))
    throw new EvaluationError(
      `${name.replace(/^./, first => first.toUpperCase())} number must not contain leading zeroes ${goQuote(text)}`,
    )
  const problem =
    text === '' ? 'invalid syntax' : BigInt(text) > 18446744073709551615n ? 'value out of range' : ''
  if (problem !== '') throw new EvaluationError(`strconv.ParseUint: parsing ${goQuote(text)}: ${problem}`)
  return BigInt(text)
}

/** `v1.02` → `1.2.0` (normalizeAndParse). */
function normalized(text: string): string {
  const parts = splitN(text.replace(/^v/, ''), 3).map(part => {
    if (part.length < 2) return part
    const stripped = part.replace(/^0+/, '')
    return /^\d/.test(stripped) ? stripped : `0${stripped}`
  })
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? ''))
    throw new EvaluationError('short version cannot contain PreRelease/Build meta data')
  while (parts.length < 3) parts.push('0')
  return parts.join('.')
}

/** Go's strings.SplitN at dots. */
function splitN(text: string, most: number): string[] {
  const parts = text.split('.')
  return parts.length <= most ? parts : [...parts.slice(0, most - 1), parts.slice(most - 1).join('.')]
}
