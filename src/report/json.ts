import type { Finding, Unjudged } from '../manifest/finding.ts'
import type { RenderedObject, RenderedTree } from '../manifest/rendered.ts'
import type { Manifest } from '../manifest/resource.ts'
import type { Review } from './review.ts'
import type { ValidationScope } from './validation.ts'

/** The JSON of `review --output json`; src/report/schema/review.schema.json describes it. An impact nobody judged is 'unknown'. */
export function reviewJson(review: Review): string {
  const changes = review.changes.map(change => ({ ...change, impact: change.impact ?? 'unknown' }))
  const { budgets, ...made } = review
  const given = budgets === undefined || Object.keys(budgets).length === 0 ? {} : { budgets }
  return prettyJson({ ...made, changes, ...given })
}

/** The JSON of `render --output json`: values as applied, unmasked; src/report/schema/render.schema.json describes it. */
export function renderJson(tree: RenderedTree): string {
  const kustomizations = tree.kustomizations.map(({ inputs: _inputs, objects, leftOut, ...unit }) => ({
    ...unit,
    // nothing of a failed one is applied: what could be rendered of it stands apart
    objects: leftOut === undefined ? manifests(objects) : [],
    ...(leftOut === undefined ? {} : { leftOut, partial: manifests(objects) }),
  }))
  const helmReleases = tree.helmReleases.map(({ inputs: _inputs, objects, ...unit }) => ({
    ...unit,
    objects: manifests(objects),
  }))
  return prettyJson({ version: 1, kustomizations, helmReleases, incomplete: tree.incomplete })
}

/** The JSON of `validate --output json`; src/report/schema/validation.schema.json describes it. */
export function validationJson(
  findings: readonly Finding[],
  incomplete: readonly Unjudged[],
  scope?: ValidationScope,
): string {
  return prettyJson({ version: 1, ...scope, findings, incomplete })
}

// What a terminal obeys or nobody sees, and JSON.stringify leaves as it is.
const UNSEEN = /[\p{Cf}\u007f-\u009f\u2028\u2029]/gu

/**
 * Escapes are the same text to who reads the JSON: of characters that a terminal obeys, and of '##[name]', which is a command
 * in the log of a workflow.
 */
export function prettyJson(value: object): string {
  return `${JSON.stringify(value, null, 2)
    .replaceAll('##[', String.raw`##\u005b`)
    .replaceAll(UNSEEN, escaped)}\n`
}

/** '\u202e', beyond U+FFFF as two of them: as JSON has it. */
function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')
}

function manifests(objects: readonly RenderedObject[]): Manifest[] {
  return objects.map(({ manifest }) => manifest)
}
