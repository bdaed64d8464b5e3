import { describe, expect, it } from 'vitest'
import { memoryTree } from '../../src/manifest/tree.ts'
import { findReferences } from '../../src/versions/find-references.ts'
import { isAccepted, signaturePolicy } from '../../src/versions/signature-policy.ts'

const GITHUB = 'https://token.actions.githubusercontent.com'
const workflow = (repository: string, file: string, ref: string) =>
  `https://github.com/${repository}/.github/workflows/${file}@${ref}`
const BAKE = workflow('cloudnative-pg/postgres-containers', 'bake_targets.yml', 'refs/heads/main')

const image = (name: string) => ({ kind: 'image' as const, name })
const oci = (url: string) => ({ kind: 'oci' as const, url })
const POSTGRES = image('ghcr.io/cloudnative-pg/postgresql')
const CHART = oci('oci://ghcr.io/cloudnative-pg/charts/cloudnative-pg')

function accepted(policy: ReturnType<typeof signaturePolicy>, subject: string, issuer = GITHUB): boolean {
  if (policy.kind !== 'keyless') throw new Error(policy.kind)
  return isAccepted(policy.identities, { issuer, subject })
}

describe('what the project signs', () => {
  it.each([
    [POSTGRES, '17.11-minimal-trixie', BAKE],
    [
      image('ghcr.io/cloudnative-pg/cloudnative-pg'),
      '1.30.0',
      workflow('cloudnative-pg/cloudnative-pg', 'release-publish.yml', 'refs/tags/v1.30.0'),
    ],
    [CHART, '0.29.0', workflow('cloudnative-pg/charts', 'release-publish.yml', 'refs/heads/main')],
    [
      image('ghcr.io/cloudnative-pg/pgbouncer'),
      '1.25.1',
      workflow('cloudnative-pg/pgbouncer-containers', 'build.yml', 'refs/heads/main'),
    ],
    [
      image('ghcr.io/cloudnative-pg/pgvector'),
      '0.8.1-18-trixie',
      workflow('cloudnative-pg/postgres-extensions-containers', 'bake_targets.yml', 'refs/heads/main'),
    ],
  ])('%o %s', (target, tag, subject) => {
    const policy = signaturePolicy(target, tag, undefined)
    expect(policy).toMatchObject({ kind: 'keyless', source: 'built-in', isRequired: true })
    expect(accepted(policy, subject)).toBe(true)
    expect(accepted(policy, subject, 'https://accounts.google.com')).toBe(false)
    expect(accepted(policy, subject, `${GITHUB}.evil.example.org`)).toBe(false)
    expect(accepted(policy, subject.replace('cloudnative-pg/', 'cloudnative-pg-evil/'))).toBe(false)
    expect(accepted(policy, `https://evil.example.org/${subject}`)).toBe(false)
    expect(accepted(policy, subject.replace('github.com', 'githubxcom'))).toBe(false)
  })

  it.each([
    ['18-standard-trixie', true],
    ['17.6-202509151215-minimal-trixie', true],
    ['17.11-system-trixie', false],
    ['17.2', false],
  ])('PostgreSQL %s has to be signed: %s', (tag, isRequired) => {
    expect(signaturePolicy(POSTGRES, tag, undefined)).toMatchObject({ kind: 'keyless', isRequired })
  })

  it.each([
    image('ghcr.io/cloudnative-pg/plugin-barman-cloud'),
    image('registry.lan/cloudnative-pg/postgresql'),
    image('ghcr.io/cloudnative-pg/postgresql/evil'),
    { kind: 'helm' as const, repository: 'https://cloudnative-pg.github.io/charts', chart: 'cloudnative-pg' },
  ])('says nothing of %o', target => {
    expect(signaturePolicy(target, '1.0.0', undefined)).toEqual({ kind: 'none' })
  })
})

const verify = (spec: string) => `  verify:\n${spec}`
const repository = (rest: string, url = 'oci://registry.example.org/app') =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: { name: app, namespace: apps }\nspec:\n  url: ${url}\n  ref: { tag: 1.0.0 }\n${rest}`
const secret = (rest: string, namespace = 'apps') =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: signer, namespace: ${namespace} }\n${rest}`
const PEM = '-----BEGIN PUBLIC KEY-----\nMFk=\n-----END PUBLIC KEY-----\n'
const plain = `stringData:\n  cosign.pub: ${JSON.stringify(PEM)}\n`
const keyed = repository(verify('    provider: cosign\n    secretRef: { name: signer }\n'))

async function policyOf(...documents: string[]) {
  const { references } = await findReferences(memoryTree({ 'a.yaml': documents.join('---\n') }))
  const reference = references.find(({ role }) => role === 'artifact' || role === 'chart')
  if (reference === undefined) throw new Error('no reference')
  return signaturePolicy(reference.package, reference.current.version, reference.verify)
}

describe('spec.verify', () => {
  it('identities, as Flux reads them: anywhere in the text', async () => {
    const policy = await policyOf(
      repository(
        verify(
          "    provider: cosign\n    matchOIDCIdentity:\n    - issuer: '^https://token.actions'\n      subject: owner/app\n",
        ),
      ),
    )
    expect(policy).toMatchObject({ kind: 'keyless', source: 'spec.verify', isRequired: true })
    expect(accepted(policy, workflow('owner/app', 'x.yml', 'refs/heads/main'))).toBe(true)
    expect(accepted(policy, workflow('owner/other', 'x.yml', 'refs/heads/main'))).toBe(false)
  })

  it('without identities anybody will do, but for what one party is known to sign', async () => {
    const any = await policyOf(repository(verify('    provider: cosign\n')))
    expect(any).toMatchObject({ kind: 'keyless', identities: [], isRequired: true })
    expect(accepted(any, 'somebody@example.org', 'https://accounts.google.com')).toBe(true)
    const known = await policyOf(repository(verify('    provider: cosign\n'), CHART.url))
    expect(accepted(known, 'somebody@example.org')).toBe(false)
  })

  it('of a HelmRelease and of a HelmChart', async () => {
    const source =
      'apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: { name: app, namespace: apps }\nspec: { type: oci, url: oci://registry.example.org }\n'
    const rest =
      'chart: app\nversion: 1.0.0\nsourceRef: { kind: HelmRepository, name: app }\nverify: { provider: notation }\n'
    const indented = (depth: number) => rest.replaceAll(/^(?=.)/gm, ' '.repeat(depth))
    const release = `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: app, namespace: apps }\nspec:\n  chart:\n    spec:\n${indented(6)}`
    const chart = `apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: { name: app, namespace: apps }\nspec:\n${indented(2)}`
    for (const document of [release, chart])
      expect(await policyOf(document, source)).toMatchObject({
        kind: 'uncheckable',
        reason: expect.stringContaining('notation'),
      })
  })

  it.each<[string, string]>([
    ['stringData', plain],
    ['data', `data:\n  cosign.pub: ${Buffer.from(PEM).toString('base64')}\n`],
  ])('keys of a Secret in the tree: %s', async (_case, content) => {
    expect(await policyOf(keyed, secret(content))).toEqual({
      kind: 'keys',
      source: 'spec.verify',
      keys: [PEM],
      isRequired: true,
    })
  })

  it.each<[string, string[], RegExp]>([
    ['a Secret elsewhere', [keyed], /Secret signer/],
    ['a Secret of another namespace', [keyed, secret(plain, 'other')], /Secret signer/],
    ['an encrypted Secret', [keyed, secret(`${plain}sops: { version: 3.9.0 }\n`)], /Secret signer/],
    ['a Secret without keys', [keyed, secret('stringData: { cosign.key: x }\n')], /Secret signer/],
    [
      'a trusted root of their own',
      [repository(verify('    provider: cosign\n    trustedRootSecretRef: { name: ours }\n'))],
      /Secret ours/,
    ],
    [
      'a pattern that is none',
      [
        repository(
          verify("    matchOIDCIdentity:\n    - issuer: '('\n      subject: x\n    provider: cosign\n"),
        ),
      ],
      /regular expression/,
    ],
  ])('cannot be checked: %s', async (_case, documents, reason) => {
    const policy = await policyOf(...documents)
    expect(policy).toMatchObject({ kind: 'uncheckable', reason: expect.stringMatching(reason) })
  })
})
