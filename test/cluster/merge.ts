import { setTimeout as pause } from 'node:timers/promises'
import { findAccess } from '../../src/adapters/kubeconfig.ts'
import { KubernetesApi } from '../../src/adapters/kubernetes-api.ts'
import { openParameterCatalogs } from '../../src/adapters/parameter-catalogs.ts'
import { observeMerge } from '../../src/observe-merge.ts'
import { commitOf, type Expectation } from '../../src/status/follow/expectation.ts'
import { advance, startFollow, type Follow } from '../../src/status/follow/follow.ts'
import { installFlux, type StandIn } from './flux.ts'
import type { Target } from './target.ts'

const COMMIT = 'a'.repeat(40)
const [OLD, NEW] = [`main@sha1:${'0'.repeat(40)}`, `main@sha1:${COMMIT}`] as const

/**
 * Follows a merge that changes a restart parameter to its end: Flux's part is played (flux.ts), the operator's is real. It must not
 * be done before every instance runs with the new value, and must be done soon after.
 * @returns how many findings were wrong
 */
export async function merge(target: Target): Promise<number> {
  await target.settled()
  const flux = await installFlux(target)
  const api = new KubernetesApi(findAccess({ env: process.env, cwd: process.cwd() }))
  try {
    return await follow(target, flux, api)
  } finally {
    api.close()
    await flux.remove()
  }
}

async function follow(target: Target, flux: StandIn, api: KubernetesApi): Promise<number> {
  const { name, namespace } = target
  const now = Number(await target.sql(await target.primary(), 'show max_connections'))
  const wanted = String(now === 91 ? 92 : 91)
  const expectation: Expectation = {
    commit: COMMIT,
    cluster: 'test',
    source: `GitRepository ${namespace}/${flux.name}`,
    units: [{ kind: 'Kustomization', namespace, name: flux.name, dependsOn: [] }],
    databases: [
      {
        namespace,
        name,
        unit: `Kustomization ${namespace}/${flux.name}`,
        parameters: { max_connections: wanted },
        impact: 'switchover',
      },
    ],
  }
  const tools = {
    reader: api,
    catalogs: openParameterCatalogs(),
    now: () => new Date(),
    contains: async (revision: string, commit: string) =>
      await Promise.resolve(commitOf(revision) === commit),
  }
  const start = Date.now()
  const seconds = () => (Date.now() - start) / 1000
  let state: Follow = startFollow(expectation, start)
  let said = ''
  const look = async () => {
    // a bot may be killed between any two looks
    const resumed: Follow = JSON.parse(JSON.stringify(state))
    state = advance(resumed, await observeMerge(expectation, tools))
    const says = state.steps.map(step => `${step.state}: ${step.message}`).join(' | ')
    const quiet = says.replaceAll(/\d+ s/g, 'n s')
    if (quiet !== said) console.log(`       ${seconds().toFixed(1).padStart(6)} s  ${says}`)
    said = quiet
  }

  await flux.fetched(OLD)
  await flux.applied(OLD)
  await look()
  await look()
  await flux.fetched(NEW)
  await look()
  await flux.applying(NEW)
  await target.patch({ postgresql: { parameters: { max_connections: wanted } } })
  const edited = seconds()
  await look()
  await flux.applied(NEW)
  let everywhere: number | undefined
  while (state.outcome === 'progress' && seconds() < 600) {
    await look()
    everywhere ??= (await runsWith(target, wanted)) ? seconds() : undefined
    await pause(500)
  }
  const done = seconds()
  const right = state.outcome === 'done' && everywhere !== undefined && (await runsWith(target, wanted))
  const took = (at: number | undefined) => (at === undefined ? 'never' : `${(at - edited).toFixed(0)} s`)
  console.log(
    `${right ? 'ok  ' : 'BAD '} merge: ${state.outcome} ${took(done)} after the edit; every instance ran with max_connections ${wanted} after ${took(everywhere)}`,
  )
  return right ? 0 : 1
}

/** Whether every instance, as PostgreSQL itself says, runs with the value. */
async function runsWith(target: Target, value: string): Promise<boolean> {
  const pods = await target.pods()
  const found = await Promise.all(
    pods.map(async pod => await target.sql(pod, 'show max_connections').catch(() => '')),
  )
  return pods.length === Number(await target.live('.spec.instances')) && found.every(each => each === value)
}
