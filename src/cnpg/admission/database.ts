import { duplicate, invalid, type FieldError } from './field-error.ts'
import { since, type OperatorRelease } from './operator-release.ts'

interface Named {
  name?: string
}

interface WithOptions extends Named {
  options?: Named[]
  usage?: Named[]
}

export interface DatabaseSpec {
  extensions?: Named[]
  schemas?: Named[]
  fdws?: WithOptions[]
  servers?: (WithOptions & { fdw?: string; ensure?: string })[]
}

/** database_webhook.go validate: the same on create and update. Foreign data wrappers and servers came with 1.28. */
export function databaseErrors(spec: DatabaseSpec, release: OperatorRelease): FieldError[] {
  const errors = [
    ...duplicates(spec.extensions, 'spec.extensions'),
    ...duplicates(spec.schemas, 'spec.schemas'),
  ]
  if (!since(release, '1.28.0')) return errors
  const wrappers = new Set((spec.fdws ?? []).map(({ name = '' }) => name))
  const servers = (spec.servers ?? []).flatMap(({ fdw = '', ensure }, index) =>
    ensure === 'absent' || wrappers.has(fdw)
      ? []
      : [invalid(`spec.servers[${index}].fdw`, fdw, 'referenced fdw not defined in spec.fdws')],
  )
  return [
    ...errors,
    ...nameOptionUsageErrors(spec.fdws, 'spec.fdws'),
    ...servers,
    ...nameOptionUsageErrors(spec.servers, 'spec.servers'),
  ]
}

/** validateNameOptionsUsages; the error names `usages`, the field is `usage`. */
function nameOptionUsageErrors(items: readonly WithOptions[] = [], path: string): FieldError[] {
  return [
    ...duplicates(items, path),
    ...items.flatMap(({ options, usage }, index) => [
      ...duplicates(options, `${path}[${index}].options`),
      ...duplicates(usage, `${path}[${index}].usages`),
    ]),
  ]
}

function duplicates(items: readonly Named[] = [], path: string): FieldError[] {
  const seen = new Set<string>()
  return items.flatMap(({ name = '' }, index) => {
    const isTaken = seen.has(name)
    seen.add(name)
    return isTaken ? [duplicate(`${path}[${index}].name`, name)] : []
  })
}
