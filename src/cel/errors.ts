/** A rule went wrong on a value (a missing key, a division by zero): the API server refuses the object then. */
export class EvaluationError extends Error {}

/** A rule cost more than the API server grants one call. Not to be absorbed by `||` and `&&`. */
export class CostExceeded extends Error {}

/** A rule that this engine cannot plan, or not run on a value: it is listed as not evaluated, never passed. */
export class UnsupportedRule extends Error {}

/** cel-go's error for a function that takes no such values. */
export function noSuchOverload(): EvaluationError {
  return new EvaluationError('no such overload')
}
