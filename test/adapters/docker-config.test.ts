import { expect, it } from 'vitest'
import { readDockerConfig } from '../../src/adapters/docker-config.ts'
import { registryCredentials } from '../../src/adapters/registry-credentials.ts'
import { temporaryDirectory } from '../temporary.ts'

const encoded = (text: string) => Buffer.from(text).toString('base64')
const AUTH = encoded('u:p')

it.each<[string, object, object]>([
  ['a host', { 'ghcr.io': { auth: AUTH } }, { 'ghcr.io': { auth: AUTH } }],
  ['a host with port', { 'registry.lan:5000': { auth: AUTH } }, { 'registry.lan:5000': { auth: AUTH } }],
  [
    'an address',
    { 'https://Registry.example.org/v2/': { auth: AUTH } },
    { 'registry.example.org': { auth: AUTH } },
  ],
  ["Docker Hub's own", { 'https://index.docker.io/v1/': { auth: AUTH } }, { 'docker.io': { auth: AUTH } }],
  [
    'user and password',
    { 'ghcr.io': { username: 'u', password: 'p', auth: '' } },
    { 'ghcr.io': { username: 'u', password: 'p' } },
  ],
  [
    'a finished token',
    { 'ghcr.io': { registrytoken: 't', auth: AUTH } },
    { 'ghcr.io': { registrytoken: 't' } },
  ],
  ['nothing, as where a program keeps it', { 'ghcr.io': {} }, {}],
])('takes %s', (_case, auths, want) => {
  expect(readDockerConfig(JSON.stringify({ auths }))).toEqual({ credentials: want, problems: [] })
})

it.each<[string, object, RegExp]>([
  ['for one path alone', { auths: { 'ghcr.io/owner': { auth: AUTH } } }, /ghcr\.io\/owner is no host/],
  ['that are no base64 of two', { auths: { 'ghcr.io': { auth: encoded('secret') } } }, /^ghcr\.io: its auth/],
  [
    'as identity token',
    { auths: { 'x.azurecr.io': { auth: encoded('00000000:'), identitytoken: 'secret' } } },
    /identity token/,
  ],
  [
    'kept by a program',
    { auths: { 'ghcr.io': {} }, credsStore: 'desktop' },
    /docker-credential-desktop, which is not run/,
  ],
  [
    'of a host kept by a program',
    { auths: { 'ghcr.io': { auth: AUTH } }, credHelpers: { 'ghcr.io': 'gh' } },
    /^ghcr\.io: the program docker-credential-gh/,
  ],
])('takes no credentials %s', (_case, config, problem) => {
  const { credentials, problems } = readDockerConfig(JSON.stringify(config))
  expect(credentials).toEqual({})
  expect(problems).toEqual([expect.stringMatching(problem)])
  expect(problems.join()).not.toMatch(/secret|dTpw/)
})

it.each(['', '[]', '<html>', '{"auths": "x"}', '{"auths": {"ghcr.io": null}}'])('survives %j', text => {
  expect(readDockerConfig(text).credentials).toEqual({})
})

it('takes the file that the environment names, and no other', async () => {
  const config = JSON.stringify({ auths: { 'ghcr.io': { auth: AUTH } }, credsStore: 'desktop' })
  using directory = temporaryDirectory({ 'config.json': config, '.docker/config.json': config, other: '{}' })
  const credentials = { 'ghcr.io': { auth: AUTH } }
  expect(await registryCredentials({ DOCKER_CONFIG: directory.path })).toEqual({
    credentials,
    problems: [expect.stringMatching(/config\.json: .*docker-credential-desktop/)],
  })
  const file = `${directory.path}/config.json`
  expect((await registryCredentials({ REGISTRY_AUTH_FILE: file })).credentials).toEqual(credentials)
  const both = { REGISTRY_AUTH_FILE: `${directory.path}/other`, DOCKER_CONFIG: directory.path }
  expect((await registryCredentials(both)).credentials).toEqual({})
  expect(await registryCredentials({ HOME: directory.path })).toEqual({ credentials: {}, problems: [] })
  expect(await registryCredentials({ DOCKER_CONFIG: `${directory.path}/gone` })).toEqual({
    credentials: {},
    problems: [expect.stringContaining('cannot be read')],
  })
})
