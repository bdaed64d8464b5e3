// k8s.io/apimachinery 0.36 pkg/util/validation: IsQualifiedName, IsValidLabelValue, IsDNS1035Label; each gives its errors.

const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const NAME_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

/** A label key: name or prefix/name. */
export function qualifiedNameErrors(value: string): string[] {
  const parts = value.split('/')
  if (parts.length > 2)
    return [
      `a qualified name ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const errors: string[] = []
  const name = parts.at(-1) ?? ''
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined
  if (prefix === '') errors.push('prefix part must be non-empty')
  else if (prefix !== undefined && (prefix.length > 253 || !SUBDOMAIN.test(prefix)))
    errors.push(
      "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    )
  if (name === '') errors.push('name part must be non-empty')
  else if (name.length > 63) errors.push('name part must be no more than 63 bytes')
  if (!NAME.test(name)) errors.push(`name part ${NAME_RULE}`)
  return errors
}

export function labelValueErrors(value: string): string[] {
  const errors: string[] = []
  if (Buffer.byteLength(value) > 63) errors.push('must be no more than 63 bytes')
  if (value !== '' && !NAME.test(value))
    errors.push(`a valid label must be an empty string or ${NAME_RULE.replace('must ', '')}`)
  return errors
}

export function isDns1035Label(value: string): boolean {
  return value.length <= 63 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(value)
}
