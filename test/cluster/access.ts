import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { findAccess } from '../../src/adapters/kubeconfig.ts'
import { KubernetesApi } from '../../src/adapters/kubernetes-api.ts'
import { temporaryDirectory } from '../temporary.ts'
import type { Target } from './target.ts'

const ROLES = 'kubernetes/components/status-reader'
const ACCOUNT = 'steward-status-test'

/** What the shipped Roles allow, and whether a renewed token is taken up. @returns how many findings were wrong */
export async function access(target: Target): Promise<number> {
  await target.settled()
  const known = findAccess({ env: process.env, cwd: process.cwd() })
  const { hostname, port } = known.server
  let wrong = 0
  const say = (right: boolean, what: string) => {
    if (!right) wrong++
    console.log(`${right ? 'ok  ' : 'BAD '} ${what}`)
  }
  await target.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: ACCOUNT } })
  using directory = temporaryDirectory({ 'ca.crt': String(known.ca), namespace: target.namespace, token: '' })
  const config = path.join(directory.path, 'config')
  directory.write({
    config: JSON.stringify({
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      clusters: [{ name: 'test', cluster: { server: known.server.href, 'certificate-authority': 'ca.crt' } }],
      users: [{ name: 'test', user: { tokenFile: 'token' } }],
    }),
  })
  try {
    const token = await target.kubectl(['create', 'token', ACCOUNT, '--duration=1h'])
    directory.write({ token })
    const read = async () => await target.steward(['--kubeconfig', config, '--output', 'json'])

    const nothing = await read()
    say(
      nothing.exitCode === 2 && nothing.stdout.includes('get clusters.postgresql.cnpg.io'),
      'without a Role: unknown, and the permission named',
    )

    await bind(target, 'without-instances', 'cnpg-steward-status')
    const little = await read()
    const { state, errors }: { state: string; errors: { permission?: string }[] } = JSON.parse(little.stdout)
    const lacking = [...new Set(errors.map(each => each.permission))].join(', ')
    say(
      little.exitCode === 2 && state === 'unknown' && lacking === 'get pods/proxy',
      `without-instances: ${state}, lacking: ${lacking}`,
    )

    await bind(target, 'with-instances', 'cnpg-steward-status-instances')
    const enough = await read()
    const { state: full, errors: none }: { state: string; errors: object[] } = JSON.parse(enough.stdout)
    say(
      enough.exitCode === 0 && full === 'healthy' && none.length === 0,
      `with-instances: ${full}, ${none.length} not read`,
    )

    // a token that is bound to a Secret dies with it: no need to wait ten minutes for one to expire
    await target.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: ACCOUNT } })
    const bound = await target.kubectl([
      'create',
      'token',
      ACCOUNT,
      '--bound-object-kind=Secret',
      `--bound-object-name=${ACCOUNT}`,
    ])
    directory.write({ token: bound })
    const env = { KUBERNETES_SERVICE_HOST: hostname.replaceAll(/[[\]]/g, ''), KUBERNETES_SERVICE_PORT: port }
    const api = new KubernetesApi(findAccess({ env, cwd: '/', serviceAccount: directory.path }))
    const ask = async () => {
      const answer = await api.get(`/api/v1/namespaces/${target.namespace}/pods`, 10_000)
      return 'status' in answer ? answer.status : answer.problem
    }
    const before = await ask()
    await target.kubectl(['delete', 'secret', ACCOUNT])
    let dead = await ask()
    // the API server remembers for seconds that a token was good
    for (let tries = 0; dead === 200 && tries < 30; tries++) {
      await pause(1000)
      dead = await ask()
    }
    directory.write({ token })
    const renewed = await ask()
    api.close()
    say(
      before === 200 && dead === 401 && renewed === 200,
      `a token that was renewed while we run: ${before}, ${dead}, ${renewed}`,
    )
  } finally {
    for (const name of ['cnpg-steward-status', 'cnpg-steward-status-instances'])
      await target.kubectl(['delete', 'role,rolebinding', name, '--ignore-not-found'])
    await target.kubectl(['delete', 'serviceaccount,secret', ACCOUNT, '--ignore-not-found'])
  }
  return wrong
}

async function bind(target: Target, component: string, role: string): Promise<void> {
  const shipped: object = parse(readFileSync(`${ROLES}/${component}/role.yaml`, 'utf8'))
  await target.apply(shipped)
  await target.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: role },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
    subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: target.namespace }],
  })
  // RBAC is a cache of the API server
  await pause(1000)
}
