import { setTimeout as pause } from 'node:timers/promises'
import { compare } from './comparison.ts'
import type { Target } from './target.ts'

interface State {
  name: string
  /** what our judgement must be */
  is: readonly string[]
  /** and our first reason, in parts */
  because?: RegExp
  /** @returns how it is ended, where it does not end by itself */
  begin: (target: Target) => Promise<(() => Promise<unknown>) | undefined>
  /** how long until it shows, in seconds */
  after: number
}

async function fence(target: Target, instance: string) {
  await target.kubectl(['cnpg', 'fencing', 'on', target.name, instance])
  return async () => await target.kubectl(['cnpg', 'fencing', 'off', target.name, '*'])
}

async function kill(target: Target, pod: string) {
  await target.kubectl(['delete', 'pod', pod, '--grace-period=0', '--force'])
  return undefined
}

const STATES: readonly State[] = [
  { name: 'healthy', is: ['healthy'], begin: async () => await Promise.resolve(undefined), after: 0 },
  {
    name: 'rollout',
    is: ['progressing'],
    begin: async target => {
      const now = Number(await target.sql(await target.primary(), 'show max_connections'))
      await target.patch({ postgresql: { parameters: { max_connections: String(now === 77 ? 78 : 77) } } })
      return undefined
    },
    after: 3,
  },
  {
    name: 'switchover',
    is: ['progressing'],
    begin: async target => {
      await target.kubectl(['cnpg', 'promote', target.name, await target.replica()])
      return undefined
    },
    after: 0.5,
  },
  {
    name: 'replica fenced',
    is: ['attention'],
    because: /is fenced: PostgreSQL is stopped there/,
    begin: async target => await fence(target, await target.replica()),
    after: 5,
  },
  {
    name: 'primary fenced',
    is: ['failed'],
    because: /The primary is fenced: no instance takes writes/,
    begin: async target => await fence(target, await target.primary()),
    after: 5,
  },
  {
    name: 'replica killed',
    is: ['progressing'],
    begin: async target => await kill(target, await target.replica()),
    after: 0.5,
  },
  {
    name: 'primary killed',
    is: ['progressing'],
    begin: async target => await kill(target, await target.primary()),
    after: 1,
  },
  { name: 'archiving failing', is: ['attention'], because: /archiv/i, begin: archiveNowhere, after: 20 },
  { name: 'bad image', is: ['failed'], because: /pull|image/i, begin: badImage, after: 50 },
]

/** @param only the name of one state; absent: all of them @returns how many were judged wrong or printed otherwise */
export async function states(target: Target, only?: string): Promise<number> {
  let wrong = 0
  for (const state of STATES) {
    if (only !== undefined && only !== state.name) continue
    await target.settled()
    const end = await state.begin(target)
    try {
      await pause(state.after * 1000)
      const found = await compare(target)
      const right =
        state.is.includes(found.judged) &&
        (state.because?.test(found.because) ?? true) &&
        found.text !== 'different'
      if (!right) wrong++
      console.log(
        `${right ? 'ok  ' : 'BAD '} ${state.name}: ${found.judged}, exit ${found.ours.exitCode}, ${found.ours.ms.toFixed(0)} ms; the plugin: exit ${found.theirs.exitCode}, ${found.theirs.ms.toFixed(0)} ms; text ${found.text}`,
      )
      console.log(`       ${found.because}`)
      for (const line of found.different) console.log(`       ${line}`)
    } finally {
      await end?.()
    }
  }
  await target.settled()
  return wrong
}

async function badImage(target: Target) {
  const image = await target.live('.spec.imageName')
  const bad = `${image.replace(/:[^:/]*$/, '')}:17.99`
  await target.patch({ imageName: bad })
  return async () => {
    await target.patch({ imageName: image })
    // the blocked Pod keeps the image that it was made with
    for (const pod of await target.pods()) {
      const its = await target.kubectl(['get', 'pod', pod, '-o', 'jsonpath={.spec.containers[0].image}'])
      if (its === bad) await target.kubectl(['delete', 'pod', pod])
    }
  }
}

/** Makes the WAL archive lead nowhere; gives the database one, where it has none. */
async function archiveNowhere(target: Target) {
  const endpointURL = 'http://127.0.0.1:1'
  const before = await target.live('.spec.backup.barmanObjectStore.endpointURL')
  if (before === '') {
    const name = 'steward-no-archive'
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      stringData: { id: 'none', key: 'none' },
    }
    await target.apply(secret)
    const s3Credentials = { accessKeyId: { name, key: 'id' }, secretAccessKey: { name, key: 'key' } }
    await target.patch({
      backup: { barmanObjectStore: { destinationPath: 's3://none/', endpointURL, s3Credentials } },
    })
  } else await target.patch({ backup: { barmanObjectStore: { endpointURL } } })
  await archiveOneFile(target)
  return async () => {
    await target.patch({ backup: before === '' ? null : { barmanObjectStore: { endpointURL: before } } })
    await archiveOneFile(target)
  }
}

/** The archiver has nothing to do on an idle database. */
async function archiveOneFile(target: Target): Promise<void> {
  await pause(5000)
  await target.sql(
    await target.primary(),
    'create table if not exists steward_wal (); drop table steward_wal; select pg_switch_wal()',
  )
}
