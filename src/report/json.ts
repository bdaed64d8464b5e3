import type { Finding, Unjudged } from '../manifest/finding.ts'
import type { RenderedObject, RenderedTree } from '../manifest/rendered.ts'
import type { Manifest } from '../manifest/resource.ts'
import type { Review } from './review.ts'

/** The JSON of `review --output json`; src/report/schema/review.schema.json describes it. An impact nobody judged is 'unknown'. */
export function reviewJson(review: Review): string {
  const changes = review.changes.map(change => ({ ...change, impact: change.impact ?? 'unknown' }))
  return `${JSON.stringify({ ...review, changes }, null, 2)}\n`
}

/** The JSON of `render --output json`: values as applied, unmasked. */
export function renderJson(tree: RenderedTree): string {
  const kustomizations = tree.kustomizations.map(({ inputs: _inputs, objects, ...unit }) => ({
    ...unit,
    objects: manifests(objects),
  }))
  const helmReleases = tree.helmReleases.map(({ inputs: _inputs, objects, ...unit }) => ({
    ...unit,
    objects: manifests(objects),
  }))
  return `${JSON.stringify({ version: 1, kustomizations, helmReleases, incomplete: tree.incomplete }, null, 2)}\n`
}

/** The JSON of `validate --output json`. */
export function validationJson(findings: readonly Finding[], incomplete: readonly Unjudged[]): string {
  return `${JSON.stringify({ version: 1, findings, incomplete }, null, 2)}\n`
}

function manifests(objects: readonly RenderedObject[]): Manifest[] {
  return objects.map(({ manifest }) => manifest)
}
