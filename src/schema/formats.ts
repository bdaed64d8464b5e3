// The formats that the API server checks (apiextensions-apiserver 0.35, pkg/apiserver/validation/formats.go, with
// kube-openapi pkg/validation/strfmt and pkg/internal/third_party/govalidator); every other format is ignored, int32 and
// int64 among them.

import { byteLength } from './names.ts'

/** Format → a word for it in messages, and the check. */
export const FORMATS: { readonly [format: string]: { name: string; check: (value: string) => boolean } } = {
  'date-time': { name: 'a date and time (2026-02-28T10:00:00Z)', check: isDateTime },
  datetime: { name: 'a date and time (2026-02-28T10:00:00Z)', check: isDateTime },
  date: { name: 'a date (2026-02-28)', check: isDate },
  duration: { name: 'a duration (1h30m)', check: isDuration },
  byte: { name: 'base64', check: matches(base64()) },
  password: { name: 'a text', check: () => true },
  uuid: { name: 'a UUID', check: matches(uuid('[0-9a-f]{4}', '[0-9a-f]{4}')) },
  uuid3: { name: 'a UUID of version 3', check: matches(uuid('3[0-9a-f]{3}', '[0-9a-f]{4}')) },
  uuid4: { name: 'a UUID of version 4', check: matches(uuid('4[0-9a-f]{3}', '[89ab][0-9a-f]{3}')) },
  uuid5: { name: 'a UUID of version 5', check: matches(uuid('5[0-9a-f]{3}', '[89ab][0-9a-f]{3}')) },
  email: { name: 'an e-mail address', check: isEmail },
  hostname: { name: 'a host name', check: isHostname },
  ipv4: { name: 'an IPv4 address', check: value => isIpv4(value) || (isIpv6(value) && value.includes('.')) },
  ipv6: { name: 'an IPv6 address', check: isIpv6 },
  cidr: { name: 'an address range (10.0.0.0/8)', check: isCidr },
  mac: { name: 'a MAC address', check: isMac },
  uri: { name: 'a URI', check: isUri },
  bsonobjectid: { name: 'an object ID of 24 hexadecimal digits', check: matches(/^[0-9a-f]{24}$/i) },
  isbn: { name: 'an ISBN', check: value => isIsbn10(value) || isIsbn13(value) },
  isbn10: { name: 'an ISBN of 10 digits', check: isIsbn10 },
  isbn13: { name: 'an ISBN of 13 digits', check: isIsbn13 },
  creditcard: { name: 'a credit card number', check: isCreditCard },
  ssn: { name: 'a social security number', check: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/) },
  hexcolor: { name: 'a colour (#ff8800)', check: matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/) },
  rgbcolor: { name: 'a colour (rgb(255, 136, 0))', check: matches(rgb()) },
  'k8s-short-name': { name: 'a DNS label', check: value => value.length <= 63 && LABEL.test(value) },
  'k8s-long-name': {
    name: 'a DNS name',
    check: value => value.length <= 253 && value.split('.').every(part => LABEL.test(part)),
  },
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/

function matches(pattern: RegExp): (value: string) => boolean {
  return value => pattern.test(value)
}

function base64(): RegExp {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/
}

function uuid(third: string, fourth: string): RegExp {
  return new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}-?${fourth}-?[0-9a-f]{12}$`, 'i')
}

function rgb(): RegExp {
  const part = String.raw`\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*`
  return new RegExp(String.raw`^rgb\(${part},${part},${part}\)$`)
}

function isDate(value: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? []
  if (year === undefined || month === undefined || day === undefined) return false
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

/** strfmt.IsDateTime: 't' and 'z' in either case, a fraction after any character, no leap second. */
function isDateTime(value: string): boolean {
  const [date = '', time] = value.toLowerCase().split('t')
  if (time === undefined || !isDate(date)) return false
  const [, hour = '', minute = '', second = ''] =
    /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/.exec(time) ?? []
  return hour !== '' && hour <= '23' && minute <= '59' && second <= '59'
}

const GO_DURATION = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/

// strfmt/duration.go: of each unit the last name stands for all that begin with it
const UNITS: readonly [names: string[], prefix: string][] = [
  [['ns'], 'nano'],
  [['us', 'µs'], 'micro'],
  [['ms'], 'milli'],
  [['s'], 'sec'],
  [['m'], 'min'],
  [['h', 'hr'], 'hour'],
  [['d'], 'day'],
  [['w', 'wk'], 'week'],
]

/** strfmt.ParseDuration: Go's durations, else any text in which a number is followed by a unit. */
function isDuration(value: string): boolean {
  if (GO_DURATION.test(value)) return true
  const parts = [...value.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)]
  // a number that does not fit is an error, whatever else is there
  if (parts.some(([, digits = '']) => BigInt(digits) >= 2n ** 63n)) return false
  return parts.some(([, , unit = '']) => {
    const lower = unit.toLowerCase()
    return UNITS.some(([names, prefix]) => names.includes(lower) || lower.startsWith(prefix))
  })
}

/** netutils.ParseIPSloppy: leading zeros are taken. */
function isIpv4(value: string): boolean {
  const parts = value.split('.')
  return parts.length === 4 && parts.every(part => /^\d+$/.test(part) && Number(part) <= 255)
}

function isIpv6(value: string): boolean {
  if (!value.includes(':')) return false
  const tail = /:([^:]*\.[^:]*)$/.exec(value)?.[1]
  if (tail !== undefined && !isIpv4(tail)) return false
  const text = tail === undefined ? value : `${value.slice(0, -tail.length)}0:0`
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap(half => (half === '' ? [] : half.split(':')))
  return (
    groups.every(group => /^[0-9a-f]{1,4}$/i.test(group)) &&
    (halves.length === 2 ? groups.length < 8 : groups.length === 8)
  )
}

function isCidr(value: string): boolean {
  const slash = value.indexOf('/')
  const address = value.slice(0, slash)
  const bits = value.slice(slash + 1)
  if (slash === -1 || !/^\d+$/.test(bits)) return false
  return isIpv4(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128
}

/** net.ParseMAC: 6, 8 or 20 bytes, parted by ':' or '-' each, or by '.' every two. */
function isMac(value: string): boolean {
  const separator = /[:.-]/.exec(value)?.[0]
  if (separator === undefined) return false
  const parts = value.split(separator)
  const digits = separator === '.' ? 4 : 2
  const bytes = (parts.length * digits) / 2
  return (
    parts.every(part => part.length === digits && /^[0-9a-f]+$/i.test(part)) && [6, 8, 20].includes(bytes)
  )
}

/** strfmt.HostnamePattern: a top-level domain has two letters or more, letters and symbols of any script. */
const HOSTNAME =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.))+([a-zA-Z\p{L}]){2,63})$/u

function isHostname(value: string): boolean {
  // no longer text is tried: the pattern takes its time
  return (
    value.length <= 255 &&
    byteLength(value) <= 255 &&
    value.split('.').every(part => byteLength(part) <= 63) &&
    HOSTNAME.test(value)
  )
}

/** Go's url.ParseRequestURI: an absolute URL, or a path from the root. */
function isUri(value: string): boolean {
  // oxlint-disable-next-line no-control-regex -- what Go calls a control character
  if (value === '' || /[\u0000-\u001f\u007f]/.test(value)) return false
  const [scheme = ''] = /^[a-z][a-z0-9+.-]*:/i.exec(value) ?? []
  if (scheme === '' && value.startsWith(':')) return false
  const rest = value.slice(scheme.length)
  if (!rest.startsWith('/')) return scheme !== '' || value === '*'
  const [, authority = '', path = ''] = /^\/\/(?!\/)([^/?]*)([^?]*)/.exec(rest) ?? [
    undefined,
    '',
    rest.split('?')[0],
  ]
  return isAuthority(authority) && !/%(?![0-9a-f]{2})/i.test(path)
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@')
  const user = authority.slice(0, Math.max(at, 0))
  const host = authority.slice(at + 1)
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) return false
  const [, address, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(host) ?? []
  if (address === undefined || !/^\d*$/.test(port ?? '')) return false
  return !/[\s"<>\\^`{|}]/.test(address) && !/%(?![0-9a-f]{2})/i.test(address)
}

/** Near to Go's mail.ParseAddress: an address, or a name with one in angle brackets. */
function isEmail(value: string): boolean {
  const address = /<([^<>]*)>\s*$/.exec(value)?.[1] ?? value.trim()
  return /^(?:"(?:[^"\\]|\\.)*"|[^\s@()<>[\]:;,"\\.]+(?:\.[^\s@()<>[\]:;,"\\.]+)*)@(?:\[[^\]\s]*\]|[^\s@()<>[\]:;,"\\]+)$/.test(
    address,
  )
}

function isIsbn10(value: string): boolean {
  const digits = value.replaceAll(/[\s-]+/g, '')
  if (!/^(?:\d{9}X|\d{10})$/.test(digits)) return false
  const sum = Array.from(digits).reduce(
    (total, digit, i) => total + (10 - i) * (digit === 'X' ? 10 : Number(digit)),
    0,
  )
  return sum % 11 === 0
}

function isIsbn13(value: string): boolean {
  const digits = value.replaceAll(/[\s-]+/g, '')
  if (!/^\d{13}$/.test(digits)) return false
  const sum = Array.from(digits).reduce((total, digit, i) => total + Number(digit) * (i % 2 === 0 ? 1 : 3), 0)
  return sum % 10 === 0
}

const CREDIT_CARD =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/

function isCreditCard(value: string): boolean {
  const digits = value.replaceAll(/[^0-9]+/g, '')
  if (!CREDIT_CARD.test(digits)) return false
  const sum = Array.from(digits)
    .toReversed()
    .reduce((total, digit, i) => {
      const times = Number(digit) * (i % 2 === 0 ? 1 : 2)
      return total + (times > 9 ? times - 9 : times)
    }, 0)
  return sum % 10 === 0
}
