import { expect, it } from 'vitest'
import type { RenderStore } from '../../src/render/tools.ts'

const KEY = 'a'.repeat(64)
const OTHER = 'b'.repeat(64)

/** What every RenderStore does, the adapter and the fakes of the tests. */
export function renderStoreContract(make: () => Promise<RenderStore>): void {
  it('gives what was put, and nothing else', async () => {
    const store = await make()
    expect(await store.get(KEY)).toBeUndefined()
    await store.put(KEY, 'two\nlines ÄÖ\n')
    expect(await store.get(KEY)).toBe('two\nlines ÄÖ\n')
    expect(await store.get(OTHER)).toBeUndefined()
  })

  it('takes an empty text, and another one for the same key', async () => {
    const store = await make()
    await store.put(KEY, '')
    expect(await store.get(KEY)).toBe('')
    await store.put(KEY, 'later')
    expect(await store.get(KEY)).toBe('later')
  })

  it('keeps nothing under a key that is no digest', async () => {
    const store = await make()
    for (const key of ['', '../../x', 'A'.repeat(64), `${KEY}/..`]) {
      await store.put(key, 'x')
      expect(await store.get(key)).toBeUndefined()
    }
  })

  it('is written by many at once', async () => {
    const store = await make()
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => await store.put(KEY, `${i % 2}`.repeat(9999))),
    )
    expect(await store.get(KEY)).toMatch(/^(0{9999}|1{9999})$/)
  })
}
