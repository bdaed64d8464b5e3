import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { accessOfRepository, isAllowed } from '../../src/config/access.ts'
import schema from '../../src/config/access.schema.json' with { type: 'json' }
import { loadAccess } from '../../src/config/load-access.ts'

const EXAMPLE = readFileSync(`${import.meta.dirname}/../../docs/examples/access.yaml`, 'utf8')

function faults(text: string): string[] {
  const loaded = loadAccess(text)
  return 'faults' in loaded
    ? loaded.faults.map(({ line, message, repair }) => `${line}: ${message} ${repair}`)
    : []
}

describe('the file of accesses', () => {
  it('has a schema that is one', () => {
    expect(new Ajv({ allowUnionTypes: true }).validateSchema(schema)).toBe(true)
  })

  it('is read as the example of the documentation is written', () => {
    const loaded = loadAccess(EXAMPLE)
    expect(loaded).toMatchObject({
      config: {
        access: {
          infra: { kind: 'kubeconfig', file: 'infra.kubeconfig', context: 'reader', allowExec: false },
          apps: { kind: 'token', server: 'https://apps.example.org:6443', tokenFile: 'apps-token' },
          home: { kind: 'in-cluster' },
        },
        repositories: [
          {
            repository: 'acme/fleet',
            clusters: [
              { name: 'infra', access: 'infra', branch: 'main', namespaces: ['databases'] },
              { name: 'apps', access: 'apps', branch: 'release' },
            ],
            ask: { permission: 'write', users: ['on-call'], teams: ['acme/databases'] },
          },
          // nobody is named: those who may read closely
          { clusters: [{ name: 'main', access: 'home' }], ask: { permission: 'triage', users: [] } },
        ],
        deadlines: { flux: 7_200_000, switchover: 2_700_000 },
      },
    })
    if (!('config' in loaded)) throw new Error('it is not read')
    const found = accessOfRepository(loaded.config, 'Acme/Fleet')
    const allowed = (found?.clusters ?? []).map(cluster => isAllowed(cluster, 'kube-system'))
    expect(allowed).toEqual([false, true])
    expect(accessOfRepository(loaded.config, 'acme/other')).toBeUndefined()
  })

  const way = 'access:\n  a: { inCluster: true }\n'
  const of = (rest: string) => `${way}repositories:\n  acme/fleet:\n    ${rest}\n`
  it.each<[string, string, string[]]>([
    ['nothing', '', [expect.stringMatching(/^1: the configuration is empty\. Write a map/)]],
    ['no YAML', 'access: [', [expect.stringMatching(/^1: .*Mend the YAML\.$/)]],
    [
      'an unknown key',
      `${way}repos: {}\n`,
      expect.arrayContaining([expect.stringMatching(/^3: repos is no key/)]),
    ],
    [
      'no way to a cluster',
      'access:\n  a: {}\nrepositories: {}\n',
      [
        '2: access.a has nothing: that is no way to a cluster. Give one of: kubeconfig; inCluster: true; server with ca and tokenFile.',
      ],
    ],
    [
      'two ways',
      'access:\n  a:\n    inCluster: true\n    kubeconfig: x\nrepositories: {}\n',
      [expect.stringMatching(/^2: access\.a has inCluster, kubeconfig: that is no way/)],
    ],
    [
      'half a way',
      'access:\n  a: { server: "https://x", ca: c }\nrepositories: {}\n',
      [expect.stringMatching(/^2: access\.a has server, ca: that is no way/)],
    ],
    [
      'an unencrypted server',
      'access:\n  a: { server: "http://x", ca: c, tokenFile: t }\nrepositories: {}\n',
      [expect.stringMatching(/^2: access\.a\.server .*Write the https:\/\/ address/)],
    ],
    [
      'an access that is not there',
      of('clusters: { b: }'),
      ['5: There is no b under `access`. There are: a.'],
    ],
    [
      'one of a near name',
      `access:\n  infra: { inCluster: true }\nrepositories:\n  acme/fleet:\n    clusters:\n      x:\n        access: infar\n`,
      ['7: There is no infar under `access`. Did you mean infra?'],
    ],
    [
      'a repository without an owner',
      `${way}repositories:\n  fleet: { clusters: { a: } }\n`,
      ['4: fleet names no repository. Write OWNER/NAME.'],
    ],
    [
      'one repository twice',
      `${way}repositories:\n  acme/fleet: { clusters: { a: } }\n  Acme/fleet: { clusters: { a: } }\n`,
      ['5: Acme/fleet is there twice. Put its clusters together.'],
    ],
    ['no cluster', of('clusters: {}'), [expect.stringMatching(/^5: repositories\.acme\/fleet\.clusters /)]],
    [
      'an unknown permission',
      of('{ clusters: { a: }, ask: { permission: owner } }'),
      [expect.stringMatching(/^5: .*Write one of: read, triage/)],
    ],
    [
      'a team without an organization',
      of('{ clusters: { a: }, ask: { teams: [dba] } }'),
      [expect.stringMatching(/^5: .*Write teams as ORGANIZATION\/SLUG/)],
    ],
    [
      'no duration',
      `${way}repositories: {}\ndeadlines:\n  flux: 45\n`,
      [expect.stringMatching(/^5: deadlines\.flux is the number 45\./)],
    ],
    [
      'another form of duration',
      `${way}repositories: {}\ndeadlines:\n  flux: PT5M\n`,
      [expect.stringMatching(/^5: deadlines\.flux .*1h30m/)],
    ],
    [
      'an unknown impact',
      `${way}repositories: {}\ndeadlines:\n  switch-over: 5m\n`,
      ['5: switch-over is no key of deadlines. Did you mean switchover?'],
    ],
  ])('is refused with %s, at its line', (_name, text, expected) => {
    expect(faults(text)).toEqual(expected)
  })
})
