import { isObject, textAt, valueAt, type Json } from '../../manifest/json.ts'
import { both, type Certainty } from './policy.ts'

/**
 * A label selector against labels (apimachinery pkg/labels; an empty selector takes all).
 * @param complete whether these are all labels there are
 * @param key how the selector writes keys; undefined: not one of these labels, left to others
 */
export function matchSelector(
  selector: Json | undefined,
  labels: Readonly<Record<string, string>>,
  complete: boolean,
  key: (written: string) => string | undefined = written => written,
): Certainty {
  const wanted = valueAt(selector, 'matchLabels')
  const expressions = valueAt(selector, 'matchExpressions')
  return both([
    ...(isObject(wanted) ? Object.entries(wanted) : []).map(([written, value]): Certainty => {
      const name = key(written)
      if (name === undefined) return 'yes'
      const own = labels[name]
      if (own === undefined) return complete ? 'no' : 'maybe'
      return own === value ? 'yes' : 'no'
    }),
    ...(Array.isArray(expressions) ? expressions : []).map((expression): Certainty => {
      const name = key(textAt(expression, 'key') ?? '')
      if (name === undefined) return 'yes'
      return matchExpression(expression, labels[name], complete)
    }),
  ])
}

function matchExpression(expression: Json, own: string | undefined, complete: boolean): Certainty {
  const values = valueAt(expression, 'values')
  const listed = Array.isArray(values) && own !== undefined && values.includes(own)
  const unseen = own === undefined && !complete
  switch (textAt(expression, 'operator')) {
    case 'In':
      return listed ? 'yes' : unseen ? 'maybe' : 'no'
    case 'NotIn':
      return unseen ? 'maybe' : listed ? 'no' : 'yes'
    case 'Exists':
      return own !== undefined ? 'yes' : unseen ? 'maybe' : 'no'
    case 'DoesNotExist':
      return own !== undefined ? 'no' : unseen ? 'maybe' : 'yes'
    case undefined:
    default:
      return 'maybe'
  }
}
