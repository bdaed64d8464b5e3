/**
 * Why PostgreSQL cannot parse a line of pg_hba.conf (src/backend/libpq/hba.c, parse_hba_line; majors 14 to 18). One bad line
 * and the whole file is not reloaded; an instance that starts with it does not come up.
 * @returns one clause, undefined for a good line, an empty one or a comment
 */
export function hbaLineProblem(line: string): string | undefined {
  const tokens = tokenize(line)
  if (tokens === undefined) return 'a quote is not closed'
  const [type, database, user, ...rest] = tokens
  if (type === undefined || type.startsWith('include')) return undefined
  if (!TYPES.has(type)) return `"${type}" is no type of connection (${[...TYPES].join(', ')})`
  if (database === undefined) return 'the database is missing'
  if (user === undefined) return 'the user is missing'
  const afterAddress = type === 'local' ? rest : withoutAddress(rest)
  if (typeof afterAddress === 'string') return afterAddress
  const [method, ...options] = afterAddress
  if (method === undefined) return 'the authentication method is missing'
  if (!METHODS.has(method)) return `"${method}" is no authentication method`
  if (method === 'peer' && type !== 'local') return 'peer is for local connections only'
  if (method === 'gss' && type === 'local') return 'gss is not for local connections'
  if (method === 'cert' && type !== 'hostssl') return 'cert is for hostssl connections only'
  const bad = options.find(option => !option.includes('='))
  return bad === undefined ? undefined : `option "${bad}" is not written name=value`
}

const TYPES = new Set(['local', 'host', 'hostssl', 'hostnossl', 'hostgssenc', 'hostnogssenc'])
const METHODS = new Set(
  'trust reject md5 password scram-sha-256 gss sspi ident peer pam bsd ldap radius cert oauth'.split(' '),
)

/** What follows the address and its mask, or what is wrong with them. */
function withoutAddress([address, ...rest]: string[]): string[] | string {
  if (address === undefined) return 'the address is missing'
  const [host = '', mask, ...more] = address.split('/')
  const isV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host)
  const isIp = isV4 || /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(host)
  // a name, all, samehost, samenet, or what the operator fills in: ${podselector:name}
  if (!isIp)
    return address.includes('/') && !address.includes('$') ? `"${address}" is no address with a mask` : rest
  if (isV4 && host.split('.').some(part => Number(part) > 255)) return `"${host}" is no address`
  if (mask !== undefined)
    return more.length === 0 && /^\d+$/.test(mask) && Number(mask) <= (isV4 ? 32 : 128)
      ? rest
      : `"${address}" has no mask of 0 to ${isV4 ? 32 : 128}`
  const [next, ...afterMask] = rest
  if (next === undefined || !/^[0-9a-f:.]*[:.][0-9a-f:.]*$/i.test(next))
    return `address ${host} has no mask: write ${host}/32`
  return afterMask
}

/** Words between blanks; quotes hold blanks together, a comma joins a list, # begins a comment. Undefined: an open quote. */
function tokenize(line: string): string[] | undefined {
  const tokens: string[] = []
  let word = ''
  let begun = false
  let quoted = false
  for (const char of line.trim()) {
    if (char === '"') {
      quoted = !quoted
      begun = true
    } else if (char === '#' && !quoted) break
    else if (/\s/.test(char) && !quoted) {
      // a list goes on behind its comma
      if (begun && !word.endsWith(',')) {
        tokens.push(word)
        word = ''
        begun = false
      }
    } else {
      word += char
      begun = true
    }
  }
  if (begun) tokens.push(word)
  return quoted ? undefined : tokens
}
