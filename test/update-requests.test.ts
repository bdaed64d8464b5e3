import { expect, it } from 'vitest'
import { unmovedRepository } from './many-references.ts'

it('300 references of which nothing moved cost one HEAD a pinned image and one list of tags a package', async () => {
  const repository = await unmovedRepository(300, 120)
  try {
    const { updates, proposals } = await repository.pass()
    expect([updates.length, proposals.length]).toEqual([300, 0])
    expect(updates.filter(({ unknown, choice }) => unknown !== undefined || choice !== undefined)).toEqual([])
    const by = (start: string) => repository.requests.filter(request => request.startsWith(start)).length
    expect([by('HEAD '), by('GET '), repository.requests.length]).toEqual([120, 120, 240])
    expect(
      repository.requests.filter(request => request.startsWith('GET ') && !request.includes('/tags/list')),
    ).toEqual([])
  } finally {
    repository.stop()
  }
})
