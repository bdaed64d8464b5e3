import type { Found, NodeReader } from './yaml-nodes.ts'

/** Who may have signed, as Go regular expressions that are looked for anywhere in the text (cosign, CheckOpts.Identities). */
export interface IdentityPattern {
  issuer: string
  subject: string
}

/** `spec.verify` of a Flux source: what the cluster will refuse (source-controller, api/v1/ociverification_types.go). */
export interface FluxVerify {
  /** 'cosign' or 'notation' */
  provider: string
  /** any of them will do; none: anybody whom the public Sigstore knows */
  identities: readonly IdentityPattern[]
  /** name of the Secret that holds public keys, in the namespace of the source */
  secret?: string
  /** name of the Secret with a trusted root of one's own */
  trustedRoot?: string
  /** the public keys themselves, PEM, where that Secret stands unencrypted in the tree */
  keys: readonly string[]
}

/** A Secret that holds public keys of signers, unencrypted: they are no secret. */
export interface SignerKeys {
  name: string
  namespaces: readonly string[]
  keys: readonly string[]
}

/** @param spec what holds `verify`: the spec of an OCIRepository or a HelmChart, `spec.chart.spec` of a HelmRelease */
export function readFluxVerify(reader: NodeReader, spec: Found | undefined): FluxVerify | undefined {
  const verify = reader.at(spec, 'verify')
  if (verify === undefined || reader.fields(verify).length === 0) return undefined
  const secret = reader.text(verify, 'secretRef', 'name')
  const trustedRoot = reader.text(verify, 'trustedRootSecretRef', 'name')
  return {
    // kubebuilder:default
    provider: reader.text(verify, 'provider') ?? 'cosign',
    identities: reader
      .items(reader.at(verify, 'matchOIDCIdentity'))
      .map(one => ({ issuer: reader.text(one, 'issuer') ?? '', subject: reader.text(one, 'subject') ?? '' })),
    ...(secret === undefined ? {} : { secret }),
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
    keys: [],
  }
}

/**
 * The public keys of a Secret: source-controller takes every entry that ends in `.pub`.
 * @returns none where it is encrypted, or holds no such thing
 */
export function readSignerKeys(reader: NodeReader, root: Found): string[] {
  if (reader.at(root, 'sops') !== undefined) return []
  const entries = (field: string) =>
    reader.fields(reader.at(root, field)).filter(([name]) => name.endsWith('.pub'))
  const plain = entries('stringData').flatMap(([, value]) => reader.text(value) ?? [])
  const encoded = entries('data').map(([, value]) =>
    Buffer.from(reader.text(value) ?? '', 'base64').toString('utf8'),
  )
  return [...plain, ...encoded].filter(text => text.includes('-----BEGIN PUBLIC KEY-----'))
}

/** Completes the `spec.verify` of sources with the keys of the Secret in their namespace. */
export function withSignerKeys(
  verify: FluxVerify,
  namespace: string,
  secrets: readonly SignerKeys[],
): FluxVerify {
  const found = secrets.filter(
    ({ name, namespaces }) => name === verify.secret && namespaces.includes(namespace),
  )
  return { ...verify, keys: found.flatMap(({ keys }) => keys) }
}
