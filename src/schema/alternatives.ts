import { isObject, type Json } from '../manifest/json.ts'
import type { Checked } from './check.ts'
import { alternatives, fieldOf, plainField, type Path, type SchemaProblem } from './problem.ts'
import type { StructuralSchema } from './structural.ts'

/**
 * allOf, anyOf, oneOf and not (kube-openapi pkg/validation/validate/schema_props.go). A failing anyOf or oneOf is said in
 * words once, whatever its branches say; the API server also tells the problems of the branch that came nearest. In a
 * structural schema they hold validations only, no new fields.
 * @param judge a branch
 */
export function checkAlternatives(
  value: Exclude<Json, null>,
  schema: StructuralSchema,
  path: Path,
  kind: string,
  judge: (branch: StructuralSchema) => Checked,
): Checked {
  const { allOf, anyOf, oneOf, not } = schema
  const checked: Checked = { problems: [], matches: 1 }
  const field = fieldOf(path)
  const subject = field === '' ? kind : field
  const problem = (message: string, exact: string): SchemaProblem => ({
    ruleId: 'schema-alternatives',
    message: `${subject} ${message}`,
    field,
    layer: 'schema',
    // these errors carry no field of their own (apiextensions-apiserver, pkg/apiserver/validation/validation.go)
    refusal: {
      reason: 'Invalid',
      field: '',
      message: `Invalid value: "": ${JSON.stringify(plainField(path))} ${exact}`,
    },
  })
  const take = (branch: Checked | undefined, repeated: boolean) => {
    if (branch === undefined) return
    checked.problems.push(...(repeated ? branch.problems.map(quiet) : branch.problems))
    checked.matches += branch.matches
  }

  if (anyOf !== undefined && anyOf.length > 0) {
    const { passed, best, judged } = judgeAny(anyOf, judge)
    if (passed === undefined) {
      const said = problem(noneFits(anyOf, judged, 'anyOf'), 'must validate at least one schema (anyOf)')
      // x-kubernetes-int-or-string comes with anyOf integer, string: the type check has said it already
      checked.problems.push(schema['x-kubernetes-int-or-string'] === true ? quiet(said) : said)
    }
    take(passed ?? best, true)
  }
  if (oneOf !== undefined && oneOf.length > 0) {
    const judged = oneOf.map(judge)
    const fitting = judged.filter(({ problems }) => problems.length === 0)
    if (fitting.length === 1) take(fitting[0], true)
    else {
      const exact = 'must validate one and only one schema (oneOf).'
      if (fitting.length === 0) {
        checked.problems.push(problem(noneFits(oneOf, judged, 'oneOf'), `${exact} Found none valid`))
        take(bestOf(judged), true)
      } else
        checked.problems.push(
          problem(severalFit(value, oneOf, judged), `${exact} Found ${fitting.length} valid alternatives`),
        )
    }
  }
  if (allOf !== undefined && allOf.length > 0) {
    const judged = allOf.map(judge)
    for (const branch of judged) take(branch, false)
    const failing = judged.filter(({ problems }) => problems.length > 0).length
    if (failing > 0)
      checked.problems.push(
        quiet(
          problem(
            'does not fit all of its forms',
            `must validate all the schemas (allOf)${failing === judged.length ? '. None validated' : ''}`,
          ),
        ),
      )
  }
  if (not !== undefined && judge(not).problems.length === 0) {
    const fields = requiredOnly(not)
    checked.problems.push(
      problem(
        fields === undefined ? 'has a form that is not allowed' : `may not have ${and(fields)}`,
        'must not validate the schema (not)',
      ),
    )
  }
  return checked
}

/** Whether there is anything to check: nearly no schema has. */
export function hasAlternatives({ allOf, anyOf, oneOf, not }: StructuralSchema): boolean {
  return allOf !== undefined || anyOf !== undefined || oneOf !== undefined || not !== undefined
}

function quiet(problem: SchemaProblem): SchemaProblem {
  return { ...problem, repeated: true }
}

/** Stops at the first that passes. */
function judgeAny(anyOf: StructuralSchema[], judge: (branch: StructuralSchema) => Checked) {
  const judged: Checked[] = []
  for (const branch of anyOf) {
    const result = judge(branch)
    if (result.problems.length === 0) return { passed: result, best: undefined, judged }
    judged.push(result)
  }
  return { passed: undefined, best: bestOf(judged), judged }
}

/** The branch that stood most checks; of equal ones the first. */
function bestOf(judged: readonly Checked[]): Checked | undefined {
  let best: Checked | undefined
  for (const branch of judged) if (best === undefined || branch.matches > best.matches) best = branch
  return best
}

function noneFits(
  branches: StructuralSchema[],
  judged: readonly Checked[],
  keyword: 'anyOf' | 'oneOf',
): string {
  const fields = branches.map(requiredOnly)
  if (fields.every(names => names !== undefined))
    return `needs ${keyword === 'oneOf' ? 'exactly one of ' : ''}${alternatives(fields.map(and))}`
  // the branch with the fewest problems is the one that was probably meant
  const said = judged.map(({ problems }) => problems.filter(({ repeated }) => repeated !== true))
  const nearest = said.toSorted((a, b) => a.length - b.length)[0]?.[0]
  return `fits none of its ${branches.length} allowed forms${nearest === undefined ? '' : `; nearest: ${nearest.message}`}`
}

function severalFit(value: Json, branches: StructuralSchema[], judged: readonly Checked[]): string {
  const fields = branches.map(requiredOnly)
  if (fields.every(names => names !== undefined)) {
    const present = fields.filter((_, i) => judged[i]?.problems.length === 0).map(and)
    return `may have only one of ${alternatives(fields.map(and))}, has ${present.join(' and ')}`
  }
  const present = isObject(value) ? Object.keys(value) : []
  return `fits several forms of which only one is allowed${present.length === 0 ? '' : `, has ${and(present)}`}`
}

/** The fields of a branch that says no more than which fields are required. */
function requiredOnly(schema: StructuralSchema): string[] | undefined {
  const { required, properties, ...others } = schema
  if (required === undefined || required.length === 0 || Object.keys(others).length > 0) return undefined
  const trivial = Object.values(properties ?? {}).every(property => Object.keys(property).length === 0)
  return trivial ? required : undefined
}

function and(words: readonly string[]): string {
  return words.join(' and ')
}
