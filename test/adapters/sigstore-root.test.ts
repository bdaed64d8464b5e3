import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { afterEach, expect, it } from 'vitest'
import { shippedRoot, SigstoreRoot } from '../../src/adapters/sigstore-root.ts'
import { canonicalJson, type JsonObject } from '../../src/manifest/json.ts'
import { serve, type LoopbackServer } from '../http.ts'
import { TestSigstore } from '../sigstore.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../temporary.ts'

const SHIPPED = new TestSigstore('shipped').root
const SERVED = new TestSigstore('served').root
const servers: LoopbackServer[] = []
const directories: TemporaryDirectory[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.stop()
  for (const directory of directories.splice(0)) directory[Symbol.dispose]()
})

function newDirectory(): string {
  const directory = temporaryDirectory()
  directories.push(directory)
  return directory.path
}

/** A TUF repository with one key for every role (the-update-framework/specification 1.0), as files by name. */
class TestRepository {
  readonly #keys = generateKeyPairSync('ed25519')
  readonly files: Record<string, string> = {}

  constructor(expires = '2099-01-01T00:00:00Z') {
    this.publish(SERVED, 1, expires)
  }

  publish(trusted: TrustedRoot, version: number, expires = '2099-01-01T00:00:00Z'): void {
    const raw = this.#keys.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
    const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw.toString('hex') } }
    const keyid = sha256(canonicalJson(key))
    const signed = (name: string, content: JsonObject) => {
      const body = { spec_version: '1.0.31', version, expires, ...content }
      const sig = sign(null, Buffer.from(canonicalJson(body)), this.#keys.privateKey).toString('hex')
      this.files[name] = JSON.stringify({ signatures: [{ keyid, sig }], signed: body })
    }
    const role = { keyids: [keyid], threshold: 1 }
    signed('root.json', {
      _type: 'root',
      version: 1,
      expires: '2099-01-01T00:00:00Z',
      consistent_snapshot: false,
      keys: { [keyid]: key },
      roles: { root: role, timestamp: role, snapshot: role, targets: role },
    })
    const target = JSON.stringify(TrustedRoot.toJSON(trusted))
    this.files['targets/trusted_root.json'] = target
    signed('targets.json', {
      _type: 'targets',
      targets: { 'trusted_root.json': { length: target.length, hashes: { sha256: sha256(target) } } },
    })
    signed('snapshot.json', { _type: 'snapshot', meta: { 'targets.json': { version } } })
    signed('timestamp.json', { _type: 'timestamp', meta: { 'snapshot.json': { version } } })
  }
}

async function start(repository: TestRepository) {
  const server = await serve((request, response) => {
    const content = repository.files[(request.url ?? '').replace(/^\/+/, '')]
    if (content === undefined) response.writeHead(404).end()
    else response.end(content)
  })
  servers.push(server)
  const directory = newDirectory()
  const rootPath = path.join(directory, 'root.json')
  writeFileSync(rootPath, repository.files['root.json'] ?? '')
  const options = {
    cachePath: path.join(directory, 'tuf'),
    mirrorURL: `http://${server.host}`,
    rootPath,
    shipped: () => SHIPPED,
    timeoutMs: 2000,
  }
  return { server, options, run: () => new SigstoreRoot(options) }
}

it('fetches the root, and keeps it for the next run', async () => {
  const { server, run } = await start(new TestRepository())
  const first = run()
  expect(await first.read()).toEqual({ root: SERVED, state: 'current' })
  expect(await first.read()).toEqual(await first.read())
  const asked = server.requests.length
  expect(asked).toBeGreaterThan(3)
  server.stop()
  expect(await run().read()).toEqual({ root: SERVED, state: 'current' })
  expect(server.requests).toHaveLength(asked)
})

it('fetches it again on demand, once a run', async () => {
  const repository = new TestRepository()
  const { server, run } = await start(repository)
  await run().read()
  const newer = new TestSigstore('newer').root
  repository.publish(newer, 2)
  const next = run()
  expect((await next.read()).root).toEqual(SERVED)
  expect(await next.refresh()).toEqual({ root: newer, state: 'current' })
  expect((await next.read()).root).toEqual(newer)
  const asked = server.requests.length
  await next.refresh()
  expect(server.requests).toHaveLength(asked)
})

it.each<[string, (repository: TestRepository) => void]>([
  [
    'nobody answers',
    repository => void Object.keys(repository.files).map(name => delete repository.files[name]),
  ],
  [
    'it is signed by somebody else',
    repository => Object.assign(repository.files, new TestRepository().files),
  ],
  [
    'the root is not what was signed',
    ({ files }) => void (files['targets/trusted_root.json'] = JSON.stringify(TrustedRoot.toJSON(SHIPPED))),
  ],
  ['what is signed is over', repository => repository.publish(SERVED, 2, '2026-01-01T00:00:00Z')],
  ['it is a page for people', ({ files }) => void (files['timestamp.json'] = '<html>')],
])('takes the one that was shipped, and says why, where %s', async (_case, spoil) => {
  const repository = new TestRepository()
  const { run, server } = await start(repository)
  spoil(repository)
  expect(await run().read()).toEqual({
    root: SHIPPED,
    state: 'shipped',
    problem: expect.stringMatching(new RegExp(`^${server.host} gives no newer one: \\S`)),
  })
})

it('does not believe what was kept when it is over, nor a repository that goes back', async () => {
  const repository = new TestRepository()
  const { options, server, run } = await start(repository)
  repository.publish(SERVED, 5)
  expect((await run().read()).state).toBe('current')
  repository.publish(SERVED, 4)
  expect(await run().refresh()).toMatchObject({ state: 'shipped' })
  // tampered with on disk
  const kept = path.join(options.cachePath, encodeURIComponent(server.host), 'targets', 'trusted_root.json')
  writeFileSync(kept, readFileSync(kept, 'utf8').replace('served', 'forged'))
  server.stop()
  expect(await run().read()).toMatchObject({ root: SHIPPED, state: 'shipped' })
})

it('takes the one that was shipped where nothing can be written', async () => {
  const { options } = await start(new TestRepository())
  const file = path.join(newDirectory(), 'file')
  writeFileSync(file, '')
  const root = new SigstoreRoot({ ...options, cachePath: path.join(file, 'tuf') })
  expect(await root.read()).toMatchObject({
    root: SHIPPED,
    state: 'shipped',
    problem: expect.stringContaining('ENOTDIR'),
  })
})

it('ships the root of the public Sigstore', () => {
  const { tlogs, certificateAuthorities } = shippedRoot()
  expect(tlogs.map(({ baseUrl }) => baseUrl)).toContain('https://rekor.sigstore.dev')
  expect(certificateAuthorities.map(({ uri }) => uri)).toContain('https://fulcio.sigstore.dev')
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
