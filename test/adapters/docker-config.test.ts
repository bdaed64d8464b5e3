import { expect, it } from 'vitest'
import { readDockerConfig } from '../../src/adapters/docker-config.ts'

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
