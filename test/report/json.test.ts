import { Ajv } from 'ajv'
import { expect, it } from 'vitest'
import { renderJson, reviewJson, validationJson } from '../../src/report/json.ts'
import { readReview } from '../../src/report/read-review.ts'
import renderSchema from '../../src/report/schema/render.schema.json' with { type: 'json' }
import reviewSchema from '../../src/report/schema/review.schema.json' with { type: 'json' }
import validationSchema from '../../src/report/schema/validation.schema.json' with { type: 'json' }
import { change, finding, HOSTILE, hostileReview, impact, POSTGRES, review } from './reviews.ts'

const ajv = new Ajv({
  strict: true,
  strictTypes: false,
  allErrors: true,
  schemas: [reviewSchema, renderSchema, validationSchema],
})

function problemsOf(schema: string, json: string): unknown {
  ajv.validate(schema, JSON.parse(json))
  return ajv.errors ?? []
}

const unjudged = {
  reason: 'schema-unknown',
  message: 'no schema of Widget',
  repair: 'import it',
  affected: ['Widget a/b'],
  cluster: 'infra',
  file: 'a.yaml',
  line: 1,
  existing: true as const,
}

it('says which budgets a configuration wants of who prints the comment, where it wants any', () => {
  const json = reviewJson(review({ budgets: { comment: 5000, diffLines: 3 } }))
  expect(problemsOf('review.schema.json', json)).toEqual([])
  expect(readReview(json).budgets).toEqual({ comment: 5000, diffLines: 3 })
  expect(JSON.parse(reviewJson(review({ budgets: {} })))).not.toHaveProperty('budgets')
})

it('keeps the contract of review', () => {
  const json = reviewJson(
    review({
      findings: [finding({ repair: 'r', field: 'spec.x[0]', kustomization: 'a/b' })],
      impacts: [impact()],
      changes: [
        change({
          helmRelease: 'a/b',
          renamedFrom: POSTGRES,
          movedFrom: 'Kustomization a/b',
          impact: 'switchover',
        }),
        change({ orphaned: true }),
      ],
      incomplete: [unjudged],
      stats: { ...review().stats, suppressed: 1 },
    }),
  )
  expect(problemsOf('review.schema.json', json)).toEqual([])
  expect(Object.keys(JSON.parse(json))).toEqual([
    'version',
    'base',
    'head',
    'verdict',
    'stats',
    'findings',
    'impacts',
    'changes',
    'incomplete',
  ])
  expect(JSON.parse(json).changes.map((made: { impact: string }) => made.impact)).toEqual([
    'switchover',
    'unknown',
  ])
})

it.each(HOSTILE)('keeps it with %j, text as it was', text => {
  const json = reviewJson(hostileReview(text))
  expect(problemsOf('review.schema.json', json)).toEqual([])
  expect(JSON.parse(json).findings[0].message).toBe(text)
  expect(json).not.toMatch(/##\[/)
})

it('keeps the contract of render: manifests as applied, without what is ours', () => {
  const manifest = { apiVersion: 'v1', kind: 'Secret', stringData: { password: 'as applied' } }
  const object = { manifest, resource: POSTGRES, origin: { file: 'a.yaml', line: 1 } }
  const error = { ruleId: 'render-build', message: 'm', repair: 'r', file: 'a.yaml', line: 1 }
  const unit = { cluster: 'infra', namespace: 'a', name: 'b', inputs: 'hash' }
  const json = renderJson({
    kustomizations: [
      { ...unit, path: './a', status: 'rendered', objects: [object] },
      { ...unit, path: './b', status: 'failed', objects: [], error },
    ],
    helmReleases: [{ ...unit, chart: 'app 1.2.3', status: 'skipped', objects: [] }],
    findings: [finding()],
    incomplete: [unjudged],
  })
  expect(problemsOf('render.schema.json', json)).toEqual([])
  expect(JSON.parse(json)).toEqual({
    version: 1,
    kustomizations: [
      { cluster: 'infra', namespace: 'a', name: 'b', path: './a', status: 'rendered', objects: [manifest] },
      { cluster: 'infra', namespace: 'a', name: 'b', path: './b', status: 'failed', objects: [], error },
    ],
    helmReleases: [
      { cluster: 'infra', namespace: 'a', name: 'b', chart: 'app 1.2.3', status: 'skipped', objects: [] },
    ],
    incomplete: [unjudged],
  })
})

it('keeps the contract of validate', () => {
  const scope = {
    tree: 'work tree',
    stats: { objects: 1, kustomizations: 1, helmReleases: 0, versions: ['Flux 2.9 rules'] },
  }
  expect(problemsOf('validation.schema.json', validationJson([finding()], [unjudged]))).toEqual([])
  const json = validationJson([finding()], [unjudged], scope)
  expect(problemsOf('validation.schema.json', json)).toEqual([])
  expect(JSON.parse(json)).toEqual({ version: 1, ...scope, findings: [finding()], incomplete: [unjudged] })
})
