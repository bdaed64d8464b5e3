import type { Finding, Unjudged } from '../manifest/finding.ts'
import type { RenderedObject, RenderedTree } from '../manifest/rendered.ts'
import type { Manifest } from '../manifest/resource.ts'
import type { Review } from './review.ts'
import type { ValidationScope } from './validation.ts'

/** The JSON of `review --output json`; src/report/schema/review.schema.json describes it. An impact nobody judged is 'unknown'. */
export function reviewJson(review: Review): string {
  const changes = review.changes.map(change => ({ ...change, impact: change.impact ?? 'unknown' }))
  return pretty({ ...review, changes })
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
  return pretty({ version: 1, kustomizations, helmReleases, incomplete: tree.incomplete })
}

/** The JSON of `validate --output json`; src/report/schema/validation.schema.json describes it. */
export function validationJson(
  findings: readonly Finding[],
  incomplete: readonly Unjudged[],
  scope?: ValidationScope,
): string {
  return pretty({ version: 1, ...scope, findings, incomplete })
}

/** In the log of a workflow '##[name]' is a command; the escape is the same text to who reads the JSON. */
function pretty(value: object): string {
  return `${JSON.stringify(value, null, 2).replaceAll('##[', String.raw`##\u005b`)}\n`
}

function manifests(objects: readonly RenderedObject[]): Manifest[] {
  return objects.map(({ manifest }) => manifest)
}
