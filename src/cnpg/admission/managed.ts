import type { Cluster } from './cluster-types.ts'
import { invalid, type FieldError } from './field-error.ts'

export function validateManagedServices({ name: cluster, spec: { managed } }: Cluster): FieldError[] {
  const services = managed?.services
  if (services === undefined) return []
  const path = 'spec.managed.services'
  const reserved = ['rw', 'ro', 'r', 'any'].map(suffix => `${cluster}-${suffix}`)
  const errors: FieldError[] = []
  if (services.disabledDefaultServices?.includes('rw') === true)
    errors.push(invalid(`${path}.disabledDefaultServices`, 'rw', 'service of type RW cannot be disabled.'))
  const names: string[] = []
  for (const [index, { serviceTemplate }] of (services.additional ?? []).entries()) {
    const item = `${path}.additional[${index}]`
    const name = serviceTemplate?.metadata?.name ?? ''
    const selector = serviceTemplate?.spec?.selector ?? {}
    names.push(name)
    if (reserved.includes(name))
      errors.push(invalid(item, name, `the service name: '${name}' is reserved for operator use`))
    if (Object.keys(selector).length > 0)
      errors.push(invalid(item, selector, 'selector field is managed by the operator'))
    if (name === '') errors.push(invalid(item, name, 'name is required'))
  }
  if (new Set(names).size !== names.length)
    errors.push(invalid(`${path}.additional`, names, 'contains services with the same .metadata.name'))
  return errors
}

/** All errors are reported at the list. */
export function validateManagedRoles({ spec: { managed } }: Cluster): FieldError[] {
  const errors: FieldError[] = []
  const wrong = (value: string | number, detail: string) =>
    errors.push(invalid('spec.managed.roles', value, detail))
  const names = new Set<string>()
  for (const role of managed?.roles ?? []) {
    const { name = '', connectionLimit = 0 } = role
    if (names.has(name)) wrong(name, 'Role name is duplicate of another')
    names.add(name)
    if (connectionLimit < -1)
      wrong(connectionLimit, 'Connection limit should be positive, unless defaulting to -1')
    if (isReserved(name)) wrong(name, 'This role is reserved for operator use')
    if (role.disablePassword === true && role.passwordSecret !== undefined)
      wrong(name, 'This role both sets and disables a password')
  }
  return errors
}

/** pkg/postgres/roles.go IsRoleReserved */
function isReserved(name: string): boolean {
  return name === 'streaming_replica' || name === 'postgres' || /^(?:cnpg|pg)_/.test(name)
}
