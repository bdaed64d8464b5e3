// k8s.io/apiserver 0.35, pkg/cel/library/ip.go and cidr.go, over Go's net/netip.
import { EvaluationError } from '../errors.ts'
import { Opaque } from '../values.ts'
import { goQuote } from './go-quote.ts'

/** An address as a number and how many bits it has. */
export class Ip extends Opaque {
  readonly type = 'net.IP'
  readonly bits: 32 | 128
  readonly value: bigint
  constructor(bits: 32 | 128, value: bigint) {
    super()
    this.bits = bits
    this.value = value
  }
  equals(other: Opaque): boolean {
    return other instanceof Ip && other.bits === this.bits && other.value === this.value
  }
  get family(): bigint {
    return this.bits === 32 ? 4n : 6n
  }
  /** the canonical form (RFC 5952) */
  override toString(): string {
    if (this.bits === 32)
      return [24n, 16n, 8n, 0n].map(shift => ((this.value >> shift) & 255n).toString()).join('.')
    const groups = Array.from({ length: 8 }, (_, i) =>
      ((this.value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
    )
    const runs = Array.from(groups.join(':').matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g))
    const longest = runs.reduce<RegExpExecArray | undefined>(
      (best, run) => (best === undefined || run[0].length > best[0].length ? run : best),
      undefined,
    )
    if (longest === undefined) return groups.join(':')
    const text = groups.join(':')
    const before = text.slice(0, longest.index).replace(/:$/, '')
    const after = text.slice(longest.index + longest[0].length).replace(/^:/, '')
    return `${before}::${after}`
  }
  get isUnspecified(): boolean {
    return this.value === 0n
  }
  get isLoopback(): boolean {
    return this.bits === 32 ? this.value >> 24n === 127n : this.value === 1n
  }
  get isLinkLocalMulticast(): boolean {
    return this.bits === 32
      ? this.value >> 8n === 0xe00000n
      : this.value >> 112n === 0xff02n || ((this.value >> 112n) & 0xff0fn) === 0xff02n
  }
  get isLinkLocalUnicast(): boolean {
    return this.bits === 32 ? this.value >> 16n === 0xa9fen : this.value >> 118n === 0x3fan
  }
  get isGlobalUnicast(): boolean {
    const isMulticast = this.bits === 32 ? this.value >> 28n === 0xen : this.value >> 120n === 0xffn
    const isBroadcast = this.bits === 32 && this.value === 0xffffffffn
    return !this.isUnspecified && !this.isLoopback && !isMulticast && !this.isLinkLocalUnicast && !isBroadcast
  }
}

export class Cidr extends Opaque {
  readonly type = 'net.CIDR'
  readonly ip: Ip
  readonly prefix: number
  constructor(ip: Ip, prefix: number) {
    super()
    this.ip = ip
    this.prefix = prefix
  }
  equals(other: Opaque): boolean {
    return other instanceof Cidr && other.prefix === this.prefix && other.ip.equals(this.ip)
  }
  override toString(): string {
    return `${this.ip.toString()}/${this.prefix}`
  }
  masked(): Cidr {
    return new Cidr(new Ip(this.ip.bits, this.#network << this.#hostBits), this.prefix)
  }
  containsIp(ip: Ip): boolean {
    return ip.bits === this.ip.bits && ip.value >> this.#hostBits === this.#network
  }
  containsCidr(other: Cidr): boolean {
    return this.prefix <= other.prefix && this.containsIp(other.ip)
  }
  get #hostBits(): bigint {
    return BigInt(this.ip.bits - this.prefix)
  }
  get #network(): bigint {
    return this.ip.value >> this.#hostBits
  }
}

/** netip.ParseAddr without zones; `undefined` for what it refuses. */
function parseAddress(text: string): Ip | undefined {
  if (!text.includes(':')) {
    const value = parseIpv4(text)
    return value === undefined ? undefined : new Ip(32, value)
  }
  const tail = /:([^:]*\.[^:]*)$/.exec(text)?.[1]
  let rest = text
  if (tail !== undefined) {
    const embedded = parseIpv4(tail)
    if (embedded === undefined) return undefined
    rest = `${text.slice(0, -tail.length)}${(embedded >> 16n).toString(16)}:${(embedded & 0xffffn).toString(16)}`
  }
  const halves = rest.split('::')
  if (halves.length > 2) return undefined
  const [head = [], end = []] = halves.map(half => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - end.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...end]
  if (!groups.every(group => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return new Ip(
    128,
    groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n),
  )
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.')
  // no leading zeros, as Go since 1.17
  if (parts.length !== 4 || !parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n)
}

function isMapped(ip: Ip): boolean {
  return ip.bits === 128 && ip.value >> 32n === 0xffffn
}

/** What netip says of a text that is no address, of the common mistakes. */
function addressProblem(text: string): string {
  if (text.includes(':') || !/^[\d.]+$/.test(text) || !text.includes('.')) return 'unable to parse IP'
  const parts = text.split('.')
  if (parts.includes('')) return 'IPv4 field must have at least one digit'
  const bad = parts.find(part => Number(part) > 255 || /^0\d/.test(part))
  if (bad !== undefined)
    return bad.startsWith('0') ? 'IPv4 field has octet with leading zero' : 'IPv4 field has value >255'
  return parts.length < 4 ? 'IPv4 address too short' : 'IPv4 address too long'
}

function prefixProblem(text: string, slash: number): string {
  if (slash < 0) return "no '/'"
  const bits = text.slice(slash + 1)
  if (parseAddress(text.slice(0, slash)) === undefined)
    return `ParseAddr(${goQuote(text.slice(0, slash))}): ${addressProblem(text.slice(0, slash))}`
  return /^(0|[1-9]\d{0,2})$/.test(bits)
    ? 'prefix length out of range'
    : `bad bits after slash: ${goQuote(bits)}`
}

/** @throws EvaluationError for what is no address, has a zone, or is an IPv4 address inside of IPv6 */
export function ipOf(text: string): Ip {
  const percent = text.indexOf('%')
  const ip = parseAddress(percent > 0 ? text.slice(0, percent) : text)
  if (ip === undefined || percent === text.length - 1 || (percent > 0 && ip.bits === 32))
    throw new EvaluationError(
      `IP Address ${goQuote(text)} parse error during conversion from string: ParseAddr(${goQuote(text)}): ${addressProblem(text)}`,
    )
  if (percent > 0) throw new EvaluationError(`IP address ${goQuote(text)} with zone value is not allowed`)
  if (isMapped(ip)) throw new EvaluationError(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`)
  return ip
}

/** @throws EvaluationError for what netip.ParsePrefix refuses, or an IPv4 address inside of IPv6 */
export function cidrOf(text: string): Cidr {
  const slash = text.lastIndexOf('/')
  const ip = slash < 0 ? undefined : parseAddress(text.slice(0, slash))
  const bits = text.slice(slash + 1)
  if (ip === undefined || !/^(0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > ip.bits)
    throw new EvaluationError(
      `network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(${goQuote(text)}): ${prefixProblem(text, slash)}`,
    )
  if (isMapped(ip))
    throw new EvaluationError(
      `network address parse error during conversion from string: IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`,
    )
  return new Cidr(ip, Number(bits))
}
