import { describe, expect, it } from 'vitest'
import { findAccess } from '../../src/adapters/kubeconfig.ts'
import { KubernetesApi } from '../../src/adapters/kubernetes-api.ts'
import { collectStatus } from '../../src/collect-status.ts'
import { certificateAuthority } from '../certificates.ts'
import { kubeconfig, serveRecording } from '../status/api-server.ts'
import { recording } from '../status/recordings.ts'
import { temporaryDirectory } from '../temporary.ts'

const POD = '/api/v1/namespaces/databases/pods'

function open(files: Record<string, string>, env: Record<string, string> = {}, allowExec = false) {
  const directory = temporaryDirectory(files)
  try {
    const access = findAccess({
      env,
      cwd: directory.path,
      allowExec,
      serviceAccount: directory.path,
      ...('config' in files ? { kubeconfig: 'config' } : {}),
    })
    return { api: new KubernetesApi(access), access, directory }
  } catch (error) {
    directory[Symbol.dispose]()
    throw error
  }
}

describe('KubernetesApi', () => {
  it('trusts the authority of the kubeconfig and no other', async () => {
    await using server = await serveRecording({ recording: recording('01-healthy') })
    const { api, directory } = open({
      config: kubeconfig(server.url, certificateAuthority('another').cert, { token: 'x' }),
    })
    using _ = directory
    expect(await api.get(POD, 5000)).toMatchObject({ problem: 'unreachable' })
    expect(server.requests).toEqual([])
    api.close()
  })

  it('reads the token of a service account anew when it was renewed', async () => {
    let valid = 'first'
    await using server = await serveRecording({ recording: recording('01-healthy'), tokens: () => [valid] })
    const { hostname, port } = new URL(server.url)
    const { api, directory } = open(
      { token: 'first\n', 'ca.crt': server.authority.cert, namespace: 'databases' },
      { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    )
    using _ = directory
    expect(await api.get(POD, 5000)).toMatchObject({ status: 200 })
    valid = 'second'
    expect(await api.get(POD, 5000)).toMatchObject({ status: 401 })
    directory.write({ token: 'second\n' })
    expect(await api.get(POD, 5000)).toMatchObject({ status: 200 })
    api.close()
  })

  it.each([
    [true, 1],
    [false, 4],
  ])('asks many things at the same time (HTTP/2: %s) on few connections', async (http2, connections) => {
    await using server = await serveRecording({ recording: recording('01-healthy'), http2 })
    const { api, directory } = open({ config: server.kubeconfig })
    using _ = directory
    const three = async () => await Promise.all([1, 2, 3].map(async () => await api.get(POD, 5000)))
    expect([...(await three()), ...(await three())]).toMatchObject(
      Array.from({ length: 6 }, () => ({ status: 200 })),
    )
    // with HTTP/1.1 one each at the same time, and one to find out
    expect(server.connections()).toBeLessThanOrEqual(connections)
    api.close()
  })

  it.each([true, false])('asks once more where the kept connection has ended (HTTP/2: %s)', async http2 => {
    await using server = await serveRecording({ recording: recording('01-healthy'), http2 })
    const { api, directory } = open({ config: server.kubeconfig })
    using _ = directory
    expect(await api.get(POD, 5000)).toMatchObject({ status: 200 })
    server.hangUp()
    expect(await api.get(POD, 5000)).toMatchObject({ status: 200 })
    api.close()
  })

  it('takes another connection after one that did not answer in time', async () => {
    const recorded = recording('06-replica-down/d-frozen-40s')
    await using server = await serveRecording({ recording: recorded })
    const { api, directory } = open({ config: server.kubeconfig })
    using _ = directory
    const silent = `${POD}/https:postgres-1:8000/proxy/pg/status`
    expect(await api.get(silent, 100)).toMatchObject({ problem: 'timeout' })
    expect(await api.get(POD, 5000)).toMatchObject({ status: 200 })
    expect(server.connections()).toBe(2)
    api.close()
  })

  it('waits no longer than the deadline', async () => {
    const recorded = recording('06-replica-down/d-frozen-40s')
    await using server = await serveRecording({ recording: recorded })
    const { api, directory } = open({ config: server.kubeconfig })
    using _ = directory
    const path = `${POD}/https:postgres-1:8000/proxy/pg/status`
    expect(await api.get(path, 100)).toEqual({ problem: 'timeout', message: 'no answer within 0.1 s' })
    api.close()
  })

  it('says which API server is not there', async () => {
    const { api, directory } = open({
      config: kubeconfig('https://127.0.0.1:9', certificateAuthority().cert, { token: 'x' }),
    })
    using _ = directory
    expect(await api.get(POD, 5000)).toEqual({
      problem: 'unreachable',
      message: '127.0.0.1:9 cannot be reached (ECONNREFUSED)',
    })
    api.close()
  })

  it('says that the certificates are none', async () => {
    const { api, directory } = open({
      config: kubeconfig('https://127.0.0.1:9', certificateAuthority().cert, {
        'client-certificate-data': 'AAAA',
        'client-key-data': 'AAAA',
      }),
    })
    using _ = directory
    await expect(api.get(POD, 5000)).rejects.toMatchObject({
      message: expect.stringMatching(/^The certificates for 127\.0\.0\.1:9 cannot be used \(ERR_.+\)\.$/),
      repair: expect.stringContaining('certificate-authority'),
    })
    api.close()
  })

  it('asks for the instances in the form that every API server takes, once each, and for no Secret', async () => {
    const recorded = recording('01-healthy')
    await using server = await serveRecording({ recording: recorded })
    const { api, directory } = open({ config: server.kubeconfig })
    using _ = directory
    await collectStatus({ namespace: 'databases', name: 'postgres' }, api, () => new Date(0))
    api.close()
    expect(server.requests.filter(each => each.includes('/proxy/'))).toEqual([
      `GET ${POD}/https:postgres-1:8000/proxy/pg/status`,
      `GET ${POD}/https:postgres-2:8000/proxy/pg/status`,
      `GET ${POD}/https:postgres-3:8000/proxy/pg/status`,
    ])
    expect(server.requests.filter(each => /secrets|exec/.test(each) || !each.startsWith('GET '))).toEqual([])
    expect(new Set(server.requests).size).toBe(server.requests.length)
  })
})

function config(user: object, cluster: object = {}): string {
  return JSON.stringify({
    'current-context': 'lab',
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'me', namespace: 'databases' } }],
    clusters: [{ name: 'lab', cluster: { server: 'https://10.0.0.1:6443', ...cluster } }],
    users: [{ name: 'me', user }],
  })
}

describe('findAccess', () => {
  const ca = certificateAuthority().cert
  it('reads files that the kubeconfig names, from where it lies', async () => {
    const { access, directory } = open({
      config: config(
        { 'client-certificate': 'pki/cert', 'client-key': 'pki/key', tokenFile: 'token' },
        { 'certificate-authority': 'pki/ca', 'tls-server-name': 'kubernetes' },
      ),
      'pki/ca': ca,
      'pki/cert': 'cert',
      'pki/key': 'key',
      token: 'abc\n',
    })
    using _ = directory
    expect(access).toMatchObject({ namespace: 'databases', servername: 'kubernetes' })
    expect([access.ca, access.cert, access.key].map(String)).toEqual([ca, 'cert', 'key'])
    expect(await access.headers(false)).toEqual({ authorization: 'Bearer abc' })
  })

  it('takes the first file of KUBECONFIG that has a name, and passes over those that are not there', () => {
    const directory = temporaryDirectory({
      one: JSON.stringify({ 'current-context': 'lab' }),
      two: config({ token: 'x' }),
    })
    using _ = directory
    const access = findAccess({ env: { KUBECONFIG: 'gone:one:two' }, cwd: directory.path })
    expect(access.server.href).toBe('https://10.0.0.1:6443/')
  })

  it('runs a program for credentials only where that is allowed', async () => {
    const exec = {
      command: process.execPath,
      args: ['-e', 'console.log(JSON.stringify({ status: { token: process.env.WORD } }))'],
      env: [{ name: 'WORD', value: 'given' }],
    }
    expect(() => open({ config: config({ exec }) })).toThrow('The kubeconfig wants to run a program')
    const { access, directory } = open({ config: config({ exec }) }, {}, true)
    using _ = directory
    expect(await access.headers(false)).toEqual({ authorization: 'Bearer given' })
  })

  it.each<[string, object, object, string]>([
    ['no check of the certificate', { token: 'x' }, { 'insecure-skip-tls-verify': true }, 'would not check'],
    ['plain HTTP', { token: 'x' }, { server: 'http://10.0.0.1' }, 'unencrypted API server'],
    ['no address', { token: 'x' }, { server: 'kubernetes' }, 'names no API server'],
    ['a proxy', { token: 'x' }, { 'proxy-url': 'http://p' }, 'wants a proxy'],
    ['an auth-provider', { 'auth-provider': { name: 'gcp' } }, {}, 'auth-provider'],
    ['a password', { username: 'a', password: 'b' }, {}, 'a name and a password'],
    ['a file that is not there', { 'client-key': 'gone' }, {}, 'cannot be read'],
  ])('refuses %s', (_what, user, cluster, message) => {
    expect(() => open({ config: config(user, cluster) })).toThrow(message)
  })

  it('says what is not there', () => {
    using directory = temporaryDirectory({ config: config({ token: 'x' }), bad: '{' })
    const cwd = directory.path
    expect(() => findAccess({ env: {}, cwd })).toThrow('There is no kubeconfig.')
    expect(() => findAccess({ env: {}, cwd, kubeconfig: 'bad' })).toThrow('cannot be read')
    expect(() => findAccess({ env: {}, cwd, kubeconfig: 'config', context: 'prod' })).toThrow(
      'The kubeconfig has no context prod.',
    )
  })
})
