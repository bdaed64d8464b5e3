import type { Cluster, Toleration } from './cluster-types.ts'
import { invalid, notSupported, type FieldError } from './field-error.ts'
import { labelValueErrors, qualifiedNameErrors } from './kubernetes-names.ts'

export function validateAntiAffinity({ spec: { affinity } }: Cluster): FieldError[] {
  const type = affinity?.podAntiAffinityType ?? ''
  return ['', 'preferred', 'required'].includes(type)
    ? []
    : [
        invalid(
          'spec.affinity.podAntiAffinityType',
          type,
          "pod anti-affinity type must be 'preferred' (default if empty) or 'required'",
        ),
      ]
}

/** The rules of Kubernetes for the tolerations of a Pod; the errors name `toleration`, the field is `tolerations`. */
export function validateTolerations({ spec: { affinity } }: Cluster): FieldError[] {
  return (affinity?.tolerations ?? []).flatMap((toleration, index) =>
    validateToleration(toleration, `spec.affinity.toleration[${index}]`),
  )
}

function validateToleration(toleration: Toleration, path: string): FieldError[] {
  const { key = '', operator = '', value = '', effect = '' } = toleration
  const errors: FieldError[] = []
  if (key !== '') errors.push(...qualifiedNameErrors(key).map(wrong => invalid(`${path}.key`, key, wrong)))
  else if (operator !== 'Exists')
    errors.push(
      invalid(
        `${path}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    )
  if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute')
    errors.push(
      invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
    )
  if (operator === 'Equal' || operator === '') {
    const wrong = labelValueErrors(value)
    if (wrong.length > 0) errors.push(invalid(`${path}.operator`, value, wrong.join(';')))
  } else if (operator === 'Exists') {
    if (value !== '')
      errors.push(invalid(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'"))
  } else errors.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists']))
  const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
  if (effect !== '' && !effects.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, effects))
  return errors
}
