import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { EnvironmentError, readEnvironment } from '../../bot/environment.ts'
import { temporaryDirectory } from '../temporary.ts'

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const settings = {
  APP_ID: '7',
  PRIVATE_KEY: privateKey,
  WEBHOOK_SECRET: 'a secret of sixteen',
  DATA_DIR: '/d',
}

function problem(env: Record<string, string>): EnvironmentError {
  try {
    readEnvironment(env)
  } catch (error) {
    if (error instanceof EnvironmentError) return error
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('the environment', () => {
  it('of nobody explains what to do, in under 15 lines', () => {
    using directory = temporaryDirectory()
    const { message } = problem({ DATA_DIR: directory.path })
    expect(message.split('\n').length).toBeLessThan(15)
    for (const name of ['APP_ID', 'PRIVATE_KEY', 'WEBHOOK_SECRET', 'npm run bot -- setup', 'docs/bot.md'])
      expect(message).toContain(name)
  })

  it('is taken with its defaults', () => {
    expect(readEnvironment(settings)).toMatchObject({
      appId: 7,
      privateKey,
      dataDirectory: '/d',
      port: 3000,
      apiUrl: 'https://api.github.com',
      serverUrl: 'https://github.com',
      readPermission: 'triage',
      actPermission: 'write',
    })
  })

  it('takes a key in one line, and one in a file', () => {
    using directory = temporaryDirectory({ 'key.pem': privateKey })
    const { PRIVATE_KEY: _key, ...others } = settings
    expect(readEnvironment({ ...settings, PRIVATE_KEY: privateKey.replaceAll('\n', '\\n') }).privateKey).toBe(
      privateKey,
    )
    expect(readEnvironment({ ...others, PRIVATE_KEY_PATH: `${directory.path}/key.pem` }).privateKey).toBe(
      privateKey,
    )
  })

  it('may lie in the file that setup writes; what is set wins', () => {
    using directory = temporaryDirectory({
      'app.env': `APP_ID=8\nWEBHOOK_SECRET=a secret of sixteen\nPRIVATE_KEY="${privateKey}"\n`,
    })
    expect(readEnvironment({ DATA_DIR: directory.path })).toMatchObject({ appId: 8, privateKey })
    expect(readEnvironment({ DATA_DIR: directory.path, APP_ID: '9' }).appId).toBe(9)
  })

  it('of GitHub Enterprise leads to its server', () => {
    const env = readEnvironment({ ...settings, GITHUB_API_URL: 'https://github.acme.example/api/v3/' })
    expect([env.apiUrl, env.serverUrl]).toEqual([
      'https://github.acme.example/api/v3',
      'https://github.acme.example',
    ])
  })

  it.each([
    ['APP_ID', 'seven'],
    ['WEBHOOK_SECRET', 'development'],
    ['PRIVATE_KEY', 'not a key'],
    ['PRIVATE_KEY_PATH', '/no/such/file'],
    ['DATABASE_URL', 'mysql://host/db'],
    ['PUBLIC_URL', 'bot.example.org'],
    ['PORT', '70000'],
    ['WORKERS', '0'],
    ['FAIL_ON', 'always'],
    ['ACT_PERMISSION', 'owner'],
    ['LOG_LEVEL', 'loud'],
  ])('with a wrong %s is refused, naming it', (name, value) => {
    const { PRIVATE_KEY: key, ...others } = settings
    const env = name === 'PRIVATE_KEY_PATH' ? others : { ...others, PRIVATE_KEY: key }
    expect(problem({ ...env, [name]: value }).message).toContain(name)
  })
})

describe('the file of accesses', () => {
  const config = {
    token: 'a-token\n',
    'ca.crt': '-----BEGIN CERTIFICATE-----\n',
    'exec.yaml': JSON.stringify({
      'current-context': 'lab',
      contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'u' } }],
      clusters: [{ name: 'lab', cluster: { server: 'https://lab:6443' } }],
      users: [{ name: 'u', user: { exec: { command: 'aws' } } }],
    }),
  }
  const read = (access: string) => {
    using directory = temporaryDirectory({
      ...config,
      'access.yaml': `access:\n${access}\nrepositories: {}\n`,
    })
    const file = `${directory.path}/access.yaml`
    try {
      return readEnvironment({ ...settings, ACCESS_FILE: file }).access
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error
      return error.problems.map(told => told.replaceAll(directory.path, '…'))
    }
  }

  it('is read with paths that count from it', () => {
    expect(read('  a: { server: "https://lab:6443", ca: ca.crt, tokenFile: token }')).toMatchObject({
      access: { a: { kind: 'token', ca: expect.stringMatching(/^\/.*\/ca\.crt$/) } },
    })
  })

  it.each([
    [
      '  a: { kubeconfig: exec.yaml }',
      'wants to run a program for its credentials: aws. Allow it with `allowExec: true`',
    ],
    ['  a: { kubeconfig: exec.yaml, context: prod }', 'The kubeconfig has no context prod. It has lab.'],
    ['  a: { kubeconfig: gone.yaml }', '…/gone.yaml cannot be read'],
    ['  a: { server: "https://lab:6443", ca: token, tokenFile: token }', '…/token holds no certificate'],
    ['  a: { server: "https://lab:6443", ca: ca.crt, tokenFile: gone }', '…/gone cannot be read.'],
    ['  a: { inCluster: true }', 'The bot runs in no Pod'],
  ])('with %s the bot does not start', (access, message) => {
    expect(read(access)).toEqual([expect.stringContaining(`…/access.yaml:2: access.a: `)])
    expect(read(access)).toEqual([expect.stringContaining(message)])
  })

  it('allows a program where it is told to, and must be there', () => {
    expect(read('  a: { kubeconfig: exec.yaml, allowExec: true }')).toMatchObject({ access: { a: {} } })
    const named = problem({ ...settings, ACCESS_FILE: '/nowhere/access.yaml' })
    expect(named.message).toContain('ACCESS_FILE names a file that cannot be read: /nowhere/access.yaml')
  })
})
