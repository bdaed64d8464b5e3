import { EvaluationError, noSuchOverload } from './errors.ts'
import { Cidr, cidrOf, Ip, ipOf } from './library/addresses.ts'
import * as convert from './library/conversions.ts'
import { Duration } from './library/duration.ts'
import { formatText } from './library/format-text.ts'
import * as lists from './library/lists.ts'
import { NAMED_FORMATS, NamedFormat } from './library/named-formats.ts'
import { Quantity, quantityOf } from './library/quantity.ts'
import { findAll, matches } from './library/regex.ts'
import { Semver, semverOf } from './library/semver.ts'
import * as texts from './library/text.ts'
import { partOf, partOfDuration, Timestamp } from './library/timestamp.ts'
import { queryOf, Url, urlOf } from './library/url.ts'
import { List, Mapping, Optional, PlainList, PlainMap, Uint, type Value } from './values.ts'

/** A function of values that are there; the target of a method is the first. @throws EvaluationError */
export type Call = (args: readonly Value[]) => Value

/** A function and how many values it takes, the target of a method counted. */
interface Signature {
  counts: readonly number[]
  call: Call
}

function str(value: Value | undefined): string {
  if (typeof value === 'string') return value
  throw noSuchOverload()
}
function num(value: Value | undefined): bigint {
  if (typeof value === 'bigint') return value
  throw noSuchOverload()
}
function bool(value: Value | undefined): boolean {
  if (typeof value === 'boolean') return value
  throw noSuchOverload()
}
function given<T extends Value>(kind: abstract new (...args: never[]) => T, value: Value | undefined): T {
  if (value instanceof kind) return value
  throw noSuchOverload()
}
function optional(value: Value | undefined): bigint | undefined {
  return value === undefined ? undefined : num(value)
}
/** Whether a text can be read. */
function canRead(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (error instanceof EvaluationError) return false
    throw error
  }
}
function signature(counts: number | readonly number[], call: Call): Signature {
  return { counts: typeof counts === 'number' ? [counts] : counts, call }
}
const unary = (call: (value: Value) => Value) => signature(1, ([value = null]) => call(value))

/** The value of an empty optional is an error; cel-go, common/types/optional.go. */
function valueOfOptional(value: Value | undefined): Value {
  const inner = given(Optional, value).value
  if (inner === undefined) throw new EvaluationError('optional.none() dereference')
  return inner
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return texts.lengthOf(value)
  if (value instanceof List || value instanceof Mapping) return value.size
  if (value instanceof Uint8Array) return value.length
  throw new EvaluationError('no such overload: size')
}

function isZero(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true
  if (value instanceof List || value instanceof Mapping) return value.size === 0
  if (value instanceof Uint) return value.value === 0n
  if (value instanceof Uint8Array) return value.length === 0
  return value instanceof Duration && value.nanos === 0n
}

function queryMap(url: Url): Value {
  const map = new PlainMap()
  for (const [key, values] of queryOf(url.query)) map.insert(key, texts.textList(values))
  return map
}

/** Functions that stand alone, by their qualified name (k8s.io/apiserver 0.35, pkg/cel/environment/base.go lists the libraries). */
const FUNCTIONS: Record<string, Signature> = {
  size: unary(value => BigInt(lengthOf(value))),
  int: unary(convert.intOf),
  uint: unary(convert.uintOf),
  double: unary(convert.doubleOf),
  bool: unary(convert.boolOf),
  string: unary(convert.stringOf),
  bytes: unary(convert.bytesOf),
  dyn: unary(value => value),
  type: unary(convert.typeOf),
  duration: unary(convert.durationFrom),
  timestamp: unary(convert.timestampFrom),
  matches: signature(2, ([value, pattern]) => matches(str(value), str(pattern))),
  'optional.of': unary(value => new Optional(value)),
  'optional.ofNonZeroValue': unary(value => (isZero(value) ? Optional.none : new Optional(value))),
  'optional.none': signature(0, () => Optional.none),
  'optional.unwrap': signature(1, ([list]) => unwrapAll(lists.asList(list))),
  'strings.quote': signature(1, ([value]) => texts.quote(str(value))),
  'lists.range': signature(1, ([count]) => lists.range(num(count))),
  'sets.contains': signature(2, ([a, b]) => lists.setContains(lists.asList(a), lists.asList(b))),
  'sets.equivalent': signature(
    2,
    ([a, b]) =>
      lists.setContains(lists.asList(a), lists.asList(b)) &&
      lists.setContains(lists.asList(b), lists.asList(a)),
  ),
  'sets.intersects': signature(2, ([a, b]) => lists.setIntersects(lists.asList(a), lists.asList(b))),
  quantity: signature(1, ([value]) => quantityOf(str(value))),
  isQuantity: signature(1, ([value]) => canRead(() => quantityOf(str(value)))),
  sign: signature(1, ([value]) => given(Quantity, value).sign),
  url: signature(1, ([value]) => urlOf(str(value))),
  isURL: signature(1, ([value]) => canRead(() => urlOf(str(value)))),
  ip: signature(1, ([value]) => ipOf(str(value))),
  isIP: signature(1, ([value]) => canRead(() => ipOf(str(value)))),
  'ip.isCanonical': signature(1, ([value]) => ipOf(str(value)).toString() === value),
  cidr: signature(1, ([value]) => cidrOf(str(value))),
  isCIDR: signature(1, ([value]) => canRead(() => cidrOf(str(value)))),
  semver: signature([1, 2], ([value, tolerant = false]) => semverOf(str(value), bool(tolerant))),
  isSemver: signature([1, 2], ([value, tolerant = false]) =>
    canRead(() => semverOf(str(value), bool(tolerant))),
  ),
  'format.named': signature(1, ([name]) => {
    const format = NAMED_FORMATS.get(str(name))
    return format === undefined ? Optional.none : new Optional(format)
  }),
  ...Object.fromEntries(
    Array.from(NAMED_FORMATS, ([name, format]) => [`format.${name}`, signature(0, () => format)]),
  ),
}

function unwrapAll(list: List): Value {
  return new PlainList(
    list.items().flatMap(item => {
      const { value } = given(Optional, item)
      return value === undefined ? [] : [value]
    }),
  )
}

type TimePart = Parameters<typeof partOf>[1]
const timestampPart = (part: TimePart, plus = 0n) =>
  signature([1, 2], ([value, zone = 'UTC']) => partOf(given(Timestamp, value), part, str(zone)) + plus)
const timePart = (part: 'hours' | 'minutes' | 'seconds' | 'milliseconds') =>
  signature([1, 2], ([value, zone = 'UTC']) =>
    value instanceof Duration
      ? partOfDuration(value, part)
      : partOf(given(Timestamp, value), part, str(zone)),
  )
const addressTest = (test: (ip: Ip) => boolean) => signature(1, ([ip]) => test(given(Ip, ip)))

function ordered(a: Value | undefined, b: Value | undefined): bigint {
  if (a instanceof Quantity) return a.compareTo(given(Quantity, b))
  return given(Semver, a).compareTo(given(Semver, b))
}

/** containsIP says nothing better of a text that is no address (cidr.go, cidrContainsIP). */
function addressIn(text: string): Ip {
  if (!canRead(() => ipOf(text))) throw noSuchOverload()
  return ipOf(text)
}

function asQuantity(value: Value | undefined): Quantity {
  return typeof value === 'bigint' ? Quantity.of({ value, scale: 0 }) : given(Quantity, value)
}

/** Methods; their target is the first value. */
const METHODS: Record<string, Signature> = {
  size: unary(value => BigInt(lengthOf(value))),
  matches: signature(2, ([value, pattern]) => matches(str(value), str(pattern))),
  contains: signature(2, ([value, part]) => str(value).includes(str(part))),
  startsWith: signature(2, ([value, part]) => str(value).startsWith(str(part))),
  endsWith: signature(2, ([value, part]) => str(value).endsWith(str(part))),
  charAt: signature(2, ([value, at]) => texts.charAt(str(value), num(at))),
  indexOf: signature([2, 3], ([value, sought = null, offset]) =>
    value instanceof List
      ? lists.indexOfItem(value, sought)
      : texts.indexOf(str(value), str(sought), optional(offset)),
  ),
  lastIndexOf: signature([2, 3], ([value, sought = null, offset]) =>
    value instanceof List
      ? lists.lastIndexOfItem(value, sought)
      : texts.lastIndexOf(str(value), str(sought), optional(offset)),
  ),
  join: signature([1, 2], ([list, separator = '']) => texts.join(lists.asList(list), str(separator))),
  lowerAscii: signature(1, ([value]) => texts.lowerAscii(str(value))),
  upperAscii: signature(1, ([value]) => texts.upperAscii(str(value))),
  replace: signature([3, 4], ([value, old, by, limit]) =>
    texts.replace(str(value), str(old), str(by), optional(limit)),
  ),
  split: signature([2, 3], ([value, separator, limit]) =>
    texts.textList(texts.split(str(value), str(separator), optional(limit))),
  ),
  substring: signature([2, 3], ([value, start, end]) =>
    texts.substring(str(value), num(start), optional(end)),
  ),
  trim: signature(1, ([value]) => texts.trim(str(value))),
  format: signature(2, ([value, args]) => formatText(str(value), lists.asList(args))),
  find: signature(2, ([value, pattern]) => findAll(str(value), str(pattern), 1)[0] ?? ''),
  findAll: signature([2, 3], ([value, pattern, limit]) =>
    texts.textList(findAll(str(value), str(pattern), Number(optional(limit) ?? -1n))),
  ),
  isSorted: signature(1, ([list]) => lists.isSorted(lists.asList(list))),
  sum: signature(1, ([list]) => lists.sum(lists.asList(list))),
  min: signature(1, ([list]) => lists.smallest(lists.asList(list))),
  max: signature(1, ([list]) => lists.largest(lists.asList(list))),
  slice: signature(3, ([list, start, end]) => lists.slice(lists.asList(list), num(start), num(end))),
  flatten: signature([1, 2], ([list, depth = 1n]) => lists.flatten(lists.asList(list), num(depth))),
  reverse: signature(1, ([list]) => lists.reverse(lists.asList(list))),
  distinct: signature(1, ([list]) => lists.distinct(lists.asList(list))),
  sort: signature(1, ([list]) => lists.sortBy(lists.asList(list))),
  first: signature(1, ([list]) => itemOf(lists.asList(list), 0)),
  last: signature(1, ([list]) => itemOf(lists.asList(list), lists.asList(list).size - 1)),
  hasValue: signature(1, ([value]) => given(Optional, value).value !== undefined),
  value: signature(1, ([value]) => valueOfOptional(value)),
  unwrapOpt: signature(1, ([list]) => unwrapAll(lists.asList(list))),
  getFullYear: timestampPart('year'),
  getMonth: timestampPart('month'),
  getDate: timestampPart('date'),
  getDayOfMonth: timestampPart('date', -1n),
  getDayOfWeek: timestampPart('day'),
  getDayOfYear: timestampPart('dayOfYear'),
  getHours: timePart('hours'),
  getMinutes: timePart('minutes'),
  getSeconds: timePart('seconds'),
  getMilliseconds: timePart('milliseconds'),
  isGreaterThan: signature(2, ([a, b]) => ordered(a, b) > 0n),
  isLessThan: signature(2, ([a, b]) => ordered(a, b) < 0n),
  compareTo: signature(2, ([a, b]) => ordered(a, b)),
  asApproximateFloat: signature(1, ([value]) => given(Quantity, value).approximateFloat),
  asInteger: signature(1, ([value]) => {
    const whole = given(Quantity, value).integer
    if (whole === undefined) throw new EvaluationError('cannot convert value to integer')
    return whole
  }),
  isInteger: signature(1, ([value]) => given(Quantity, value).integer !== undefined),
  add: signature(2, ([a, b]) => given(Quantity, a).add(asQuantity(b))),
  sub: signature(2, ([a, b]) => given(Quantity, a).subtract(asQuantity(b))),
  major: signature(1, ([version]) => given(Semver, version).core[0]),
  minor: signature(1, ([version]) => given(Semver, version).core[1]),
  patch: signature(1, ([version]) => given(Semver, version).core[2]),
  getScheme: signature(1, ([url]) => given(Url, url).scheme),
  getHost: signature(1, ([url]) => given(Url, url).host),
  getHostname: signature(1, ([url]) => given(Url, url).hostname),
  getPort: signature(1, ([url]) => given(Url, url).port),
  getEscapedPath: signature(1, ([url]) => given(Url, url).escapedPath),
  getQuery: signature(1, ([url]) => queryMap(given(Url, url))),
  family: signature(1, ([ip]) => given(Ip, ip).family),
  isUnspecified: addressTest(ip => ip.isUnspecified),
  isLoopback: addressTest(ip => ip.isLoopback),
  isLinkLocalMulticast: addressTest(ip => ip.isLinkLocalMulticast),
  isLinkLocalUnicast: addressTest(ip => ip.isLinkLocalUnicast),
  isGlobalUnicast: addressTest(ip => ip.isGlobalUnicast),
  ip: signature(1, ([cidr]) => given(Cidr, cidr).ip),
  prefixLength: signature(1, ([cidr]) => BigInt(given(Cidr, cidr).prefix)),
  masked: signature(1, ([cidr]) => given(Cidr, cidr).masked()),
  containsIP: signature(2, ([cidr, ip]) =>
    given(Cidr, cidr).containsIp(typeof ip === 'string' ? addressIn(ip) : given(Ip, ip)),
  ),
  containsCIDR: signature(2, ([cidr, other]) =>
    given(Cidr, cidr).containsCidr(typeof other === 'string' ? cidrOf(other) : given(Cidr, other)),
  ),
  validate: signature(2, ([format, value]) => {
    const problems = given(NamedFormat, format).problems(str(value))
    return problems.length === 0 ? Optional.none : new Optional(texts.textList(problems))
  }),
}

function itemOf(list: List, index: number): Optional {
  const item = list.get(index)
  return item === undefined ? Optional.none : new Optional(item)
}

/** A function by its (qualified) name and count of values; `undefined` where Kubernetes 1.35 has none. */
export function functionOf(name: string, count: number): Call | undefined {
  return callOf(FUNCTIONS, name, count)
}

/** A method by its name and count of values, the target counted. */
export function methodOf(name: string, count: number): Call | undefined {
  return callOf(METHODS, name, count)
}

function callOf(from: Record<string, Signature>, name: string, count: number): Call | undefined {
  const found = Object.hasOwn(from, name) ? from[name] : undefined
  return found?.counts.includes(count) === true ? found.call : undefined
}
