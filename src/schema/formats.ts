// The formats that the API server checks (apiextensions-apiserver, pkg/apiserver/validation/formats.go, with
// kube-openapi/pkg/validation/strfmt); every other format is ignored, int32 and int64 among them.

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
// strfmt.ParseDateTime: RFC 3339 with 't' and 'z' in either case, fractions after '.' or ','
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})([.,]\d+)?([Zz]|[+-]\d{2}:?\d{2})$/
// strfmt.ParseDuration: Go's durations, and numbers with a unit in words
const DURATION =
  /^[+-]?(\d+(\.\d*)?|\.\d+)\s*(ns|us|µs|μs|ms|s|m|h|d|w|nanos?(econds?)?|micros?(econds?)?|millis?(econds?)?|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|weeks?)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w))*$/
const ISO_DURATION = /^[+-]?P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const MAC = /^([0-9a-f]{2}([:-]))([0-9a-f]{2}\2){4}[0-9a-f]{2}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i

/** Format → a word for it in messages, and the check. */
export const FORMATS: { readonly [format: string]: { name: string; check: (value: string) => boolean } } = {
  'date-time': { name: 'a date and time (2026-02-28T10:00:00Z)', check: isDateTime },
  datetime: { name: 'a date and time (2026-02-28T10:00:00Z)', check: isDateTime },
  date: { name: 'a date (2026-02-28)', check: isDate },
  duration: { name: 'a duration (1h30m)', check: value => DURATION.test(value) || ISO_DURATION.test(value) },
  byte: { name: 'base64', check: isBase64 },
  uuid: { name: 'a UUID', check: value => UUID.test(value) },
  email: {
    name: 'an e-mail address',
    check: value => /^[^\s@]+@[^\s@]+$/.test(value) || /<[^\s@]+@[^\s@]+>$/.test(value),
  },
  hostname: { name: 'a host name', check: isHostname },
  ipv4: { name: 'an IPv4 address', check: isIpv4 },
  ipv6: { name: 'an IPv6 address', check: isIpv6 },
  cidr: { name: 'an address range (10.0.0.0/8)', check: isCidr },
  mac: { name: 'a MAC address', check: value => MAC.test(value) },
  uri: { name: 'a URI', check: isUri },
  'k8s-short-name': { name: 'a DNS label', check: value => value.length <= 63 && LABEL.test(value) },
  'k8s-long-name': {
    name: 'a DNS name',
    check: value => value.length <= 253 && value.split('.').every(part => LABEL.test(part)),
  },
}

function isDate(value: string): boolean {
  const [, year, month, day] = DATE.exec(value) ?? []
  if (year === undefined || month === undefined || day === undefined) return false
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

function isDateTime(value: string): boolean {
  const [, date, hour, minute, second] = DATE_TIME.exec(value) ?? []
  return date !== undefined && isDate(date) && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
}

function isBase64(value: string): boolean {
  const plain = value.replaceAll(/[\r\n]/g, '')
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain)
}

function isIpv4(value: string): boolean {
  return IPV4.test(value) && value.split('.').every(part => Number(part) <= 255)
}

function isIpv6(value: string): boolean {
  const tail = /:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(value)?.[1]
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
  const [address = '', bits = '', ...rest] = value.split('/')
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false
  return isIpv4(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128
}

function isHostname(value: string): boolean {
  const parts = value.split('.')
  // strfmt.IsHostname: a top-level domain has two letters or more
  return (
    value.length <= 255 &&
    parts.every(part => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i.test(part)) &&
    (parts.length === 1 || /[a-z]/i.test(parts.at(-1) ?? '')) &&
    (parts.length === 1 || (parts.at(-1) ?? '').length > 1)
  )
}

function isUri(value: string): boolean {
  // Go's url.ParseRequestURI: absolute, or a path from the root
  return !/[\s\p{Cc}]/u.test(value) && (/^[a-z][a-z0-9+.-]*:/i.test(value) || value.startsWith('/'))
}
