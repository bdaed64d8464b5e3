import type { Cluster, LabelSelector } from './cluster-types.ts'
import { duplicate, forbidden, invalid, required, type FieldError } from './field-error.ts'
import { labelValueErrors, qualifiedNameErrors } from './kubernetes-names.ts'
import { since, type OperatorRelease } from './operator-release.ts'

/** Named selectors and where pg_hba uses them, since 1.29. */
export function validatePodSelectorRefs({ spec }: Cluster, release: OperatorRelease): FieldError[] {
  if (!since(release, '1.29.0')) return []
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, { name = '', selector = {} }] of (spec.podSelectorRefs ?? []).entries()) {
    const item = `spec.podSelectorRefs[${index}]`
    if (names.has(name)) errors.push(duplicate(`${item}.name`, name))
    names.add(name)
    errors.push(...selectorErrors(selector, `${item}.selector`))
  }
  for (const [index, line] of (spec.postgresql?.pg_hba ?? []).entries()) {
    const wrong = lineError(line, names)
    if (wrong !== undefined) errors.push(invalid(`spec.postgresql.pg_hba[${index}]`, line, wrong))
  }
  return errors
}

/** pkg/postgres/hba/hba.go ValidateLine: ${podselector:NAME}, once a line. */
function lineError(line: string, known: ReadonlySet<string>): string | undefined {
  const references = [...line.matchAll(/\$\{([^:]+):([^}]+)\}/g)]
  for (const [, type = '', name = ''] of references) {
    if (type !== 'podselector') return `unknown descriptor type: ${type}`
    if (!known.has(name)) return `pod selector not found: ${name}`
  }
  return references.length > 1 ? 'at most one podselector reference is allowed per line' : undefined
}

/** k8s.io/apimachinery pkg/apis/meta/v1/validation ValidateLabelSelector */
function selectorErrors(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  path: string,
): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(matchLabels)) {
    const field = `${path}.matchLabels`
    errors.push(...qualifiedNameErrors(key).map(wrong => invalid(field, key, wrong)))
    errors.push(...labelValueErrors(value).map(wrong => invalid(field, value, wrong)))
  }
  for (const [index, { key = '', operator = '', values = [] }] of matchExpressions.entries()) {
    const item = `${path}.matchExpressions[${index}]`
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0)
        errors.push(required(`${item}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0)
        errors.push(
          forbidden(`${item}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        )
    } else errors.push(invalid(`${item}.operator`, operator, 'not a valid selector operator'))
    errors.push(...qualifiedNameErrors(key).map(wrong => invalid(`${item}.key`, key, wrong)))
    for (const [position, value] of values.entries())
      errors.push(
        ...labelValueErrors(value).map(wrong => invalid(`${item}.values[${position}]`, value, wrong)),
      )
  }
  return errors
}
