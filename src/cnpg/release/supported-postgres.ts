import { compare } from 'semver'
import { readOperandImage } from '../operand-image.ts'
import { lineOf, OPERATOR_FACTS, type OperatorFacts } from './release-facts.ts'

/**
 * The majors of PostgreSQL that a release of the operator supports, in order. Patch releases take up a new major with their default
 * image: 18 came to 1.26 with 1.26.2.
 * @returns undefined where the project does not say
 */
export function supportedPostgres(
  version: string,
  facts: OperatorFacts = OPERATOR_FACTS,
): number[] | undefined {
  const first = facts.lines[lineOf(version)]?.postgres
  if (first === undefined) return undefined
  const defaults = Object.entries(facts.releases)
    .filter(([other]) => lineOf(other) === lineOf(version) && compare(other, version) <= 0)
    .flatMap(([, { defaultImage }]) => {
      const { major } = defaultImage === undefined ? { major: undefined } : readOperandImage(defaultImage)
      return major === undefined ? [] : [major]
    })
  return [...new Set([...first, ...defaults])].toSorted((a, b) => a - b)
}
