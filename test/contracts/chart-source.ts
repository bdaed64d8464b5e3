import { expect, it } from 'vitest'
import { digestOf } from '../../src/adapters/chart-cache.ts'
import type { ChartReference, ChartSource } from '../../src/render/tools.ts'

export interface ChartSourceCase {
  source: ChartSource
  /** leads to the chart 'cloudnative-pg' 0.27.0 */
  known: ChartReference
  /** leads nowhere, for sure */
  absent: ChartReference
}

/** What every ChartSource does, the adapter and the fakes of the tests. */
export function chartSourceContract(make: () => Promise<ChartSourceCase>): void {
  it('gives the archive with its name, version and digest', async () => {
    const { source, known } = await make()
    const result = await source.pull(known)
    if (!result.ok) throw new Error(result.message)
    const { chart } = result
    expect(chart).toMatchObject({ name: 'cloudnative-pg', digest: digestOf(chart.archive) })
    expect(chart.version).toMatch(/^0\.27\.0/)
    expect([...(await source.unpack(chart)).keys()]).toContain('cloudnative-pg/Chart.yaml')
  })

  it('gives the same for the same reference', async () => {
    const { source, known } = await make()
    const [one, other] = await Promise.all([source.pull(known), source.pull(known)])
    expect(one).toEqual(other)
  })

  it('says that a chart does not exist', async () => {
    const { source, absent } = await make()
    expect(await source.pull(absent)).toMatchObject({
      ok: false,
      unavailable: false,
      reason: expect.stringMatching(/^[a-z-]+$/),
      message: expect.stringMatching(/\S/),
    })
  })
}
