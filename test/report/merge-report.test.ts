import { describe, expect, it } from 'vitest'
import { mergeCheck, mergeComment, type ClusterReport } from '../../src/report/merge-report.ts'
import { startFollow, type Follow } from '../../src/status/follow/follow.ts'

const COMMIT = 'a'.repeat(40)

function followed(cluster: string, outcome: Follow['outcome'], more: Partial<Follow> = {}): ClusterReport {
  const expectation = { commit: COMMIT, cluster, source: 'GitRepository a/b', units: [], databases: [] }
  return { cluster, state: 'followed', follow: { ...startFollow(expectation, 0), outcome, ...more } }
}

const report = (...clusters: ClusterReport[]) => ({
  commit: COMMIT,
  branch: 'main',
  clusters,
  hidden: 0,
  unjudged: 0,
})
const waits: ClusterReport = { cluster: 'apps', state: 'waits', branch: 'release' }
const givenUp: ClusterReport = { cluster: 'apps', state: 'given-up', why: 'nobody @here <b>' }
const blind = { since: 0, message: 'gone' }

describe('the check of a merge commit', () => {
  it.each<[string, ClusterReport[], string | undefined, string]>([
    ['one on its way', [followed('infra', 'progress')], undefined, '⏳ on its way to infra'],
    ['one that has arrived', [followed('infra', 'done')], 'success', '✅ arrived on infra'],
    ['one that is late', [followed('infra', 'failed')], 'failure', '🛑 not arrived on infra'],
    ['one that was overtaken', [followed('infra', 'overtaken')], 'neutral', '⏭️ overtaken on infra'],
    [
      'one that nobody can see',
      [followed('infra', 'failed', { blind })],
      'failure',
      '❔ infra cannot be read',
    ],
    [
      'one whose branch follows, which keeps nothing open',
      [followed('infra', 'done'), waits],
      'success',
      '✅ arrived on infra · apps follows with release',
    ],
    ['none that has begun', [waits], 'neutral', 'apps follows with release'],
    [
      'one that is not followed any more, which is not fine',
      [followed('infra', 'done'), givenUp],
      'neutral',
      '✅ arrived on infra · ❔ not followed on apps',
    ],
    [
      'one that is late beside one on its way',
      [followed('infra', 'failed'), followed('apps', 'progress')],
      undefined,
      '🛑 not arrived on infra · ⏳ on its way to apps',
    ],
  ])('with %s', (_name, clusters, conclusion, title) => {
    const check = mergeCheck(report(...clusters))
    expect([check.conclusion, check.title]).toEqual([conclusion, title])
  })

  it.each<[string, boolean, ClusterReport[]]>([
    ['not arrived', true, [followed('infra', 'failed')]],
    ['not arrived, and another waits', true, [followed('infra', 'failed'), waits]],
    ['on its way', false, [followed('infra', 'progress')]],
    ['arrived', false, [followed('infra', 'done')]],
    ['overtaken', false, [followed('infra', 'overtaken')]],
    ['not seen', false, [followed('infra', 'failed', { blind })]],
    ['not followed any more', false, [givenUp]],
  ])('of an update that is %s says whether it can be taken back: %s', (_name, isSaid, clusters) => {
    const advice = { safe: false, reason: 'Nobody <knows> @why.' }
    const body = mergeComment(report(...clusters), advice)
    const text = '⛔ A revert does not safely take it back: nobody &#60;knows&#62; @&#8203;why.'
    expect(body.includes(text)).toBe(isSaid)
    expect(mergeComment(report(...clusters))).not.toContain('take it back')
    const safe = mergeComment(report(...clusters), { safe: true, reason: 'Reverting it helps.' })
    expect(safe.includes('↩️ `/cnpg revert` takes it back: reverting it helps.')).toBe(isSaid)
  })

  it('says what is not followed, in text that pings nobody', () => {
    const { summary } = mergeCheck({ ...report(givenUp), hidden: 1, unjudged: 2 })
    expect(summary).toContain('nobody @&#8203;here &#60;b&#62;')
    expect(summary).toContain('1 database is not shown')
    expect(summary).toContain('2 parts of the change could not be judged')
  })

  it('fits into a comment, whatever number of steps there are', () => {
    const steps = Array.from({ length: 400 }, (_, index) => ({
      name: `Kustomization a/${index}`,
      state: 'waits' as const,
      message: 'x'.repeat(400),
    }))
    const body = mergeComment(report(followed('infra', 'progress', { steps })))
    expect(body.length).toBeLessThanOrEqual(65_536)
    expect(body).toMatch(/\|\n\n\(The rest is too long for GitHub\.\)$/)
  })
})
