import { isObject, type Json } from '../manifest/json.ts'
import { alternatives, fieldOf, type Path, type SchemaProblem } from './problem.ts'
import type { StructuralSchema } from './structural.ts'

/**
 * allOf, anyOf, oneOf and not. A failing anyOf or oneOf is one problem, said in words, whatever its branches say. In a
 * structural schema they hold validations only, no new fields (apiextensions-apiserver, pkg/apiserver/schema/validation.go).
 * @param judge what is wrong with the value by a branch
 */
export function checkAlternatives(
  value: Exclude<Json, null>,
  schema: StructuralSchema,
  path: Path,
  kind: string,
  judge: (branch: StructuralSchema) => SchemaProblem[],
): SchemaProblem[] {
  const { allOf, anyOf, oneOf, not } = schema
  if (allOf === undefined && anyOf === undefined && oneOf === undefined && not === undefined) return []
  const field = fieldOf(path)
  const subject = field === '' ? kind : field
  const problem = (message: string): SchemaProblem[] => [
    { ruleId: 'schema-alternatives', message: `${subject} ${message}`, field, layer: 'schema' },
  ]
  const problems = allOf === undefined ? [] : allOf.flatMap(judge)

  // x-kubernetes-int-or-string comes with anyOf integer, string: the type check has said it already
  if (anyOf !== undefined && schema['x-kubernetes-int-or-string'] !== true) {
    const judged = anyOf.map(judge)
    if (judged.every(found => found.length > 0)) problems.push(...problem(noneFits(anyOf, judged, 'anyOf')))
  }
  if (oneOf !== undefined) {
    const judged = oneOf.map(judge)
    const fitting = judged.filter(found => found.length === 0).length
    if (fitting === 0) problems.push(...problem(noneFits(oneOf, judged, 'oneOf')))
    else if (fitting > 1) problems.push(...problem(severalFit(value, oneOf, judged)))
  }
  if (not !== undefined && judge(not).length === 0) {
    const fields = requiredOnly(not)
    problems.push(
      ...problem(fields === undefined ? 'has a form that is not allowed' : `may not have ${and(fields)}`),
    )
  }
  return problems
}

function noneFits(
  branches: StructuralSchema[],
  judged: SchemaProblem[][],
  keyword: 'anyOf' | 'oneOf',
): string {
  const fields = branches.map(requiredOnly)
  if (fields.every(names => names !== undefined))
    return `needs ${keyword === 'oneOf' ? 'exactly one of ' : ''}${alternatives(fields.map(and))}`
  // the branch with the fewest problems is the one that was probably meant
  const nearest = judged.toSorted((a, b) => a.length - b.length)[0]?.[0]
  return `fits none of its ${branches.length} allowed forms${nearest === undefined ? '' : `; nearest: ${nearest.message}`}`
}

function severalFit(value: Json, branches: StructuralSchema[], judged: SchemaProblem[][]): string {
  const fields = branches.map(requiredOnly)
  if (fields.every(names => names !== undefined)) {
    const present = fields.filter((_, i) => judged[i]?.length === 0).map(and)
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
