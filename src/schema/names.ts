// What names, label keys and label values may be, in the words of apimachinery 0.35 (pkg/util/validation/validation.go and
// pkg/api/validate/content).

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const VALUE = `(${KEY})?`

/** What is wrong with a name by a rule; empty where nothing is. */
export type NameRule = (name: string) => string[]

/** RFC 1123 subdomain: names of objects */
export const subdomain: NameRule = name => [
  ...tooLong(name, 253),
  ...unless(
    whole(SUBDOMAIN).test(name),
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    SUBDOMAIN,
    ['example.com'],
  ),
]

/** RFC 1123 label: names of namespaces */
export const dnsLabel: NameRule = name => [
  ...tooLong(name, 63),
  ...(whole(LABEL).test(name)
    ? []
    : whole(SUBDOMAIN).test(name)
      ? ['must not contain dots']
      : unless(
          false,
          "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
          LABEL,
          ['my-name', '123-abc'],
        )),
]

/** RFC 1035 label: kinds, in lower case */
export const dns1035Label: NameRule = name => [
  ...tooLong(name, 63),
  ...unless(
    whole(LABEL_1035).test(name),
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    LABEL_1035,
    ['my-name', 'abc-123'],
  ),
]

/** any text that can be a segment of a path: names that no other rule is known for */
export const pathSegment: NameRule = name => {
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  return ['/', '%'].filter(part => name.includes(part)).map(part => `may not contain '${part}'`)
}

/** a key of a label or an annotation: `name` or `prefix/name` */
export const labelKey: NameRule = key => {
  const [first = '', second, ...more] = key.split('/')
  const form =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
  const examples = ['MyName', 'my.name', '123-abc']
  if (more.length > 0)
    return [
      `a valid label key ${regexError(form, KEY, examples)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const name = second ?? first
  const problems: string[] = []
  if (second !== undefined)
    problems.push(
      ...(first === ''
        ? ['prefix part must be non-empty']
        : subdomain(first).map(text => `prefix part ${text}`)),
    )
  if (name === '') problems.push('name part must be non-empty')
  else problems.push(...tooLong(name, 63).map(text => `name part ${text}`))
  if (!whole(KEY).test(name)) problems.push(`name part ${regexError(form, KEY, examples)}`)
  return problems
}

export const labelValue: NameRule = value => [
  ...tooLong(value, 63),
  ...unless(
    whole(VALUE).test(value),
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    VALUE,
    ['MyValue', 'my_value', '12345'],
  ),
]

/** A name that is to become another's beginning may end in a dash (pkg/api/validation/generic.go, maskTrailingDash). */
export function asPrefix(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix
}

/** Length in bytes, as Go counts. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text)
}

const compiled = new Map<string, RegExp>()

function whole(pattern: string): RegExp {
  const found = compiled.get(pattern) ?? new RegExp(`^${pattern}$`)
  compiled.set(pattern, found)
  return found
}

function tooLong(text: string, most: number): string[] {
  return byteLength(text) > most ? [`must be no more than ${most} bytes`] : []
}

function unless(fits: boolean, message: string, pattern: string, examples: string[]): string[] {
  return fits ? [] : [regexError(message, pattern, examples)]
}

function regexError(message: string, pattern: string, examples: string[]): string {
  return `${message} (e.g. ${examples.map(example => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`
}
