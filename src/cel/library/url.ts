// k8s.io/apiserver 0.35, pkg/cel/library/urls.go, over Go's net/url.
import { EvaluationError } from '../errors.ts'
import { Opaque } from '../values.ts'
import { goQuote } from './go-quote.ts'

export class Url extends Opaque {
  readonly type = 'kubernetes.URL'
  readonly scheme: string
  readonly host: string
  readonly escapedPath: string
  readonly query: string
  readonly #text: string
  constructor(parts: { scheme: string; host: string; escapedPath: string; query: string }, text: string) {
    super()
    this.scheme = parts.scheme
    this.host = parts.host
    this.escapedPath = parts.escapedPath
    this.query = parts.query
    this.#text = text
  }
  equals(other: Opaque): boolean {
    return other instanceof Url && other.#text === this.#text
  }
  get hostname(): string {
    const [, bracketed] = /^\[(.*)\](?::\d*)?$/.exec(this.host) ?? []
    return bracketed ?? this.host.replace(/:\d*$/, '')
  }
  get port(): string {
    return /:(\d*)$/.exec(this.host.replace(/^\[.*\]/, ''))?.[1] ?? ''
  }
}

/**
 * What url.ParseRequestURI takes: an absolute URL, or a path from the root.
 * @throws EvaluationError for everything else
 */
export function urlOf(text: string): Url {
  const fail = (reason: string) =>
    new EvaluationError(`URL parse error during conversion from string: parse ${goQuote(text)}: ${reason}`)
  if (text === '') throw fail('empty url')
  // oxlint-disable-next-line no-control-regex -- Go refuses ASCII control characters
  if (/[\u0000-\u001f\u007f]/.test(text)) throw fail('net/url: invalid control character in URL')
  if (text === '*') return new Url({ scheme: '', host: '', escapedPath: '*', query: '' }, text)
  const [withoutFragment = ''] = text.split('#')
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1]
  if (scheme === undefined && text.startsWith(':')) throw fail('missing protocol scheme')
  let rest = scheme === undefined ? withoutFragment : withoutFragment.slice(scheme.length + 1)
  const mark = rest.indexOf('?')
  const query = mark < 0 ? '' : rest.slice(mark + 1)
  if (mark >= 0) rest = rest.slice(0, mark)
  if (!rest.startsWith('/')) {
    if (scheme === undefined) throw fail('invalid URI for request')
    // opaque: mailto:a@b
    return new Url({ scheme: scheme.toLowerCase(), host: '', escapedPath: '', query }, text)
  }
  let host = ''
  if (rest.startsWith('//') && (scheme !== undefined || !rest.startsWith('///'))) {
    const slash = rest.indexOf('/', 2)
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
    rest = slash < 0 ? '' : rest.slice(slash)
    host = hostOf(authority, fail)
  }
  if (/%(?![0-9a-fA-F]{2})/.test(rest)) {
    const at = rest.search(/%(?![0-9a-fA-F]{2})/)
    throw fail(`invalid URL escape ${goQuote(rest.slice(at, at + 3))}`)
  }
  return new Url({ scheme: scheme?.toLowerCase() ?? '', host, escapedPath: escapePath(rest), query }, text)
}

function hostOf(authority: string, fail: (reason: string) => EvaluationError): string {
  const at = authority.lastIndexOf('@')
  if (at >= 0 && !/^[\w\-.~!$&'()*+,;=:@%]*$/.test(authority.slice(0, at)))
    throw fail('net/url: invalid userinfo')
  const host = authority.slice(at + 1)
  if (host.startsWith('[')) {
    const close = host.lastIndexOf(']')
    if (close < 0) throw fail("missing ']' in host")
    const port = host.slice(close + 1)
    if (port !== '' && !/^:\d*$/.test(port)) throw fail(`invalid port ${goQuote(port)} after host`)
    return host
  }
  const colon = host.lastIndexOf(':')
  if (colon >= 0 && !/^:\d*$/.test(host.slice(colon)))
    throw fail(`invalid port ${goQuote(host.slice(colon))} after host`)
  const bad = /[ "<>\\^`{|}%]/.exec(host)
  if (bad !== null && !/^[^ "\\^`{|}]*(%[0-9a-fA-F]{2})+/.test(host))
    throw fail(`invalid character ${goQuote(bad[0])} in host name`)
  return decode(host)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** URL.EscapedPath: the path as it was written where that is a valid encoding, else encoded anew. */
function escapePath(path: string): string {
  if (/^[\w\-.~$&+,/:;=@!'()*[\]%]*$/.test(path)) return path
  const plain = Buffer.from(
    path.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  )
  let out = ''
  for (const byte of path.includes('%') ? plain : Buffer.from(path)) {
    const character = String.fromCharCode(byte)
    out += /[\w\-.~$&+,/:;=@]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}

/** URL.Query: keys with their values; what is broken is left out. */
export function queryOf(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const equals = pair.indexOf('=')
    const key = unescape(equals < 0 ? pair : pair.slice(0, equals))
    const value = unescape(equals < 0 ? '' : pair.slice(equals + 1))
    if (key === undefined || value === undefined) continue
    values.set(key, [...(values.get(key) ?? []), value])
  }
  return values
}

function unescape(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined
  return decode(text.replaceAll('+', ' '))
}
