import { expect, it } from 'vitest'
import { collectStatus } from '../../src/collect-status.ts'
import type { JsonObject } from '../../src/manifest/json.ts'
import type { Answer, KubernetesReader } from '../../src/status/reader.ts'
import { barmanPlugin } from '../../src/status/barman-plugin.ts'
import { recording } from './recordings.ts'

/** Answers all that is asked at once together, once nothing more is asked: how often that is, is how deep the requests are. */
class Rounds implements KubernetesReader {
  readonly rounds: string[][] = []
  readonly #answers: (path: string) => Answer
  #waiting: (() => void)[] | undefined

  constructor(answers: (path: string) => Answer) {
    this.#answers = answers
  }

  async get(path: string): Promise<Answer> {
    if (this.#waiting === undefined) {
      const waiting: (() => void)[] = []
      this.#waiting = waiting
      this.rounds.push([])
      // after every promise that is settled now has been followed
      setImmediate(() => {
        this.#waiting = undefined
        for (const answer of waiting) answer()
      })
    }
    this.rounds.at(-1)?.push(path)
    const waiting = this.#waiting
    await new Promise<void>(resolve => waiting.push(resolve))
    return this.#answers(path)
  }
}

function json(object: object): Answer {
  return { status: 200, contentType: 'application/json', body: JSON.stringify(object) }
}

it('reads a database of three instances, its object store and what Flux says of it in three round trips', async () => {
  const recorded = recording('26-barman-plugin/a')
  const healthy = recording('01-healthy')
  const metadata: JsonObject = {
    ...Object(recorded.cluster.metadata),
    labels: {
      'kustomize.toolkit.fluxcd.io/name': 'databases',
      'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
    },
  }
  // the Cluster with a plugin, and the Pods of one that has three instances
  const cluster = { ...recorded.cluster, metadata: { ...metadata, name: healthy.name } }
  expect(barmanPlugin(cluster)?.store).not.toBe('')
  const sourceRef = { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' }
  const reader = new Rounds(path => {
    const has = (part: string) => path.includes(part)
    if (has('/clusters/')) return json(cluster)
    if (has('/proxy/')) return json({ isPrimary: has('postgres-1') })
    if (has('/pods?')) return json(healthy.pods ?? {})
    if (has('/kustomizations/')) return json({ metadata: { name: 'databases' }, spec: { sourceRef } })
    if (has('/gitrepositories/')) return json({ metadata: { name: 'flux-system' }, spec: {} })
    return json({ items: [] })
  })
  const collected = await collectStatus(
    { namespace: 'databases', name: healthy.name },
    reader,
    () => new Date(0),
  )
  expect(collected).toMatchObject({ appliedBy: { spec: { sourceRef } }, instances: [{}, {}, {}], unread: [] })
  expect(collected.source).toMatchObject({ metadata: { name: 'flux-system' } })
  expect(reader.rounds.map(paths => paths.length)).toEqual([12, 5, 1])
})
