// k8s.io/apiserver 0.35, pkg/cel/library/format.go, over k8s.io/apimachinery's validation.
import { FORMATS } from '../../schema/formats.ts'
import { EvaluationError } from '../errors.ts'
import { Opaque } from '../values.ts'
import { matches } from './regex.ts'
import { urlOf } from './url.ts'

/** A format by name; `size` is what the cost of a check is counted by. */
export class NamedFormat extends Opaque {
  readonly type = 'kubernetes.NamedFormat'
  readonly name: string
  readonly size: number
  /** what is wrong with a text; nothing where it has the format */
  readonly problems: (text: string) => string[]
  constructor(name: string, size: number, problems: (text: string) => string[]) {
    super()
    this.name = name
    this.size = size
    this.problems = problems
  }
  equals(other: Opaque): boolean {
    return other instanceof NamedFormat && other.name === this.name
  }
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const LABEL_MESSAGE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const SUBDOMAIN_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
const LABEL_1035_MESSAGE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
const NAME_MESSAGE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const LABEL_VALUE_MESSAGE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

function check(
  text: string,
  pattern: string,
  most: number,
  message: string,
  examples: readonly string[],
  unit = 'characters',
): string[] {
  const problems: string[] = []
  if (Buffer.byteLength(text) > most) problems.push(`must be no more than ${most} ${unit}`)
  if (!matches(text, `^(?:${pattern})$`))
    problems.push(
      `${message} (e.g. ${examples.map(example => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`,
    )
  return problems
}

const isLabel = (text: string) => check(text, LABEL, 63, LABEL_MESSAGE, ['my-name', '123-abc'])
const isSubdomain = (text: string) => check(text, SUBDOMAIN, 253, SUBDOMAIN_MESSAGE, ['example.com'])
const isLabel1035 = (text: string) => check(text, LABEL_1035, 63, LABEL_1035_MESSAGE, ['my-name', 'abc-123'])

/** maskTrailingDash: a prefix may end in a dash. */
function asPrefix(text: string): string {
  return text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text
}

function isQualifiedName(text: string): string[] {
  const problems: string[] = []
  const parts = text.split('/')
  let name = parts[0] ?? ''
  if (parts.length === 2) {
    const [prefix = '', last = ''] = parts
    name = last
    if (prefix === '') problems.push('prefix part must be non-empty')
    else
      problems.push(
        ...check(prefix, SUBDOMAIN, 253, SUBDOMAIN_MESSAGE, ['example.com'], 'bytes').map(
          problem => `prefix part ${problem}`,
        ),
      )
  } else if (parts.length > 2) {
    return [
      `a valid label key ${NAME_MESSAGE} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${NAME}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  if (name === '') problems.push('name part must be non-empty')
  else if (Buffer.byteLength(name) > 63) problems.push('name part must be no more than 63 bytes')
  if (!matches(name, `^${NAME}$`))
    problems.push(
      `name part ${NAME_MESSAGE} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${NAME}')`,
    )
  return problems
}

function isUri(text: string): string[] {
  try {
    urlOf(text)
    return []
  } catch (error) {
    if (error instanceof EvaluationError)
      return [error.message.replace('URL parse error during conversion from string: ', '')]
    throw error
  }
}

function byFormat(format: string, problem: string): (text: string) => string[] {
  return text => (FORMATS[format]?.check(text) === true ? [] : [problem])
}

/** format.NAME() → the format. The sizes are format.go's MaxRegexSize. */
export const NAMED_FORMATS: ReadonlyMap<string, NamedFormat> = new Map(
  [
    new NamedFormat('dns1123Label', 30, isLabel),
    new NamedFormat('dns1123Subdomain', 60, isSubdomain),
    new NamedFormat('dns1035Label', 30, isLabel1035),
    new NamedFormat('qualifiedName', 60, isQualifiedName),
    new NamedFormat('dns1123LabelPrefix', 30, text => isLabel(asPrefix(text))),
    new NamedFormat('dns1123SubdomainPrefix', 60, text => isSubdomain(asPrefix(text))),
    new NamedFormat('dns1035LabelPrefix', 30, text => isLabel1035(asPrefix(text))),
    new NamedFormat('labelValue', 40, text =>
      check(text, `(${NAME})?`, 63, LABEL_VALUE_MESSAGE, ['MyValue', 'my_value', '12345'], 'bytes'),
    ),
    new NamedFormat('uri', 1103, isUri),
    new NamedFormat('uuid', 71, byFormat('uuid', 'does not match the UUID format')),
    new NamedFormat('byte', 84, byFormat('byte', 'invalid base64')),
    new NamedFormat('date', 145, byFormat('date', 'invalid date')),
    new NamedFormat('datetime', 145, byFormat('datetime', 'invalid datetime')),
  ].map(format => [format.name, format]),
)
