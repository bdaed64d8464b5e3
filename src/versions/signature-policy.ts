import { goRegexp } from '../manifest/go-regexp.ts'
import type { FluxVerify, IdentityPattern } from './flux-verify.ts'
import { readPostgresTag } from './postgres-tag.ts'
import type { ReferencePackage } from './reference.ts'

/** By whom an image or artifact has to be signed. */
export type SignaturePolicy =
  | {
      kind: 'keyless'
      /** who says so */
      source: 'spec.verify' | 'built-in'
      /** any of them will do; none: anybody whom the public Sigstore knows */
      identities: readonly IdentityPattern[]
      /** whether one without signature is refused */
      isRequired: boolean
    }
  | { kind: 'keys'; source: 'spec.verify'; keys: readonly string[]; isRequired: true }
  /** the cluster checks something that cannot be checked here */
  | { kind: 'uncheckable'; source: 'spec.verify'; reason: string }
  /** nobody says who signs it: a signature is told, its absence is no news */
  | { kind: 'none' }

const GITHUB = String.raw`^https://token\.actions\.githubusercontent\.com$`

interface Known {
  name: RegExp
  /** of the certificate, as the project's documentation gives it to `cosign verify` */
  subject: string
  isRequired?: (tag: string | undefined) => boolean
}

/**
 * What the CloudNativePG project signs, and as whom:
 * postgres-containers README "Image Signatures" (minimal and standard; system images are signed along, by no promise),
 * cloudnative-pg docs/src/installation_upgrade.md "Verifying the operator container images",
 * charts .github/workflows/release-publish.yml, pgbouncer-containers .github/workflows/build.yml (since 2025-10),
 * postgres-extensions-containers .github/workflows/bake_targets.yml.
 * Images of plugin-barman-cloud are not signed (its release-publish.yml, 2026-08).
 */
const KNOWN: readonly Known[] = [
  {
    name: /^ghcr\.io\/cloudnative-pg\/postgresql$/,
    subject: String.raw`^https://github\.com/cloudnative-pg/postgres-containers/\.github/workflows/`,
    isRequired: tag => {
      const type = tag === undefined ? undefined : readPostgresTag(tag, true)?.type
      return type === 'minimal' || type === 'standard'
    },
  },
  {
    name: /^ghcr\.io\/cloudnative-pg\/cloudnative-pg$/,
    subject: String.raw`^https://github\.com/cloudnative-pg/cloudnative-pg/\.github/workflows/release-publish\.yml@refs/tags/v`,
  },
  {
    name: /^ghcr\.io\/cloudnative-pg\/charts\/[a-z0-9-]+$/,
    subject: String.raw`^https://github\.com/cloudnative-pg/charts/\.github/workflows/release-publish\.yml@refs/heads/main$`,
  },
  {
    name: /^ghcr\.io\/cloudnative-pg\/pgbouncer$/,
    subject: String.raw`^https://github\.com/cloudnative-pg/pgbouncer-containers/\.github/workflows/`,
  },
  {
    name: /^ghcr\.io\/cloudnative-pg\/(?:pg-crash|pg-ivm|pgaudit|pgrouting|pgvector|postgis-extension|timescaledb-oss|wal2json)$/,
    subject: String.raw`^https://github\.com/cloudnative-pg/postgres-extensions-containers/\.github/workflows/`,
  },
]

/**
 * Who has to have signed: what Flux will check wins, so that a proposal says beforehand what the cluster would refuse; else
 * what is known of the CloudNativePG project's own images, from its own registry.
 * @param tag what is proposed
 */
export function signaturePolicy(
  target: ReferencePackage,
  tag: string | undefined,
  verify: FluxVerify | undefined,
): SignaturePolicy {
  const builtIn = builtInPolicy(target, tag)
  if (verify === undefined) return builtIn
  const source = 'spec.verify'
  if (verify.provider !== 'cosign')
    return {
      kind: 'uncheckable',
      source,
      reason: `Flux verifies it with ${verify.provider}, which is not checked here.`,
    }
  if (verify.secret !== undefined)
    return verify.keys.length > 0
      ? { kind: 'keys', source, keys: verify.keys, isRequired: true }
      : {
          kind: 'uncheckable',
          source,
          reason: `Flux verifies it with the public keys of Secret ${verify.secret}, which are not in this tree.`,
        }
  if (verify.trustedRoot !== undefined)
    return {
      kind: 'uncheckable',
      source,
      reason: `Flux verifies it against the trusted root of Secret ${verify.trustedRoot}, a Sigstore that is not the public one.`,
    }
  const unread = verify.identities.find(
    ({ issuer, subject }) => goRegexp(issuer) === undefined || goRegexp(subject) === undefined,
  )
  if (unread !== undefined)
    return {
      kind: 'uncheckable',
      source,
      reason: `spec.verify.matchOIDCIdentity has a pattern that is no regular expression of Go: ${unread.issuer} ${unread.subject}`,
    }
  // anybody may sign for Flux, not for what is known to be signed by one party
  if (verify.identities.length === 0 && builtIn.kind === 'keyless') return { ...builtIn, isRequired: true }
  return { kind: 'keyless', source, identities: verify.identities, isRequired: true }
}

/** Whether a certificate belongs to one of those who may sign. */
export function isAccepted(
  identities: readonly IdentityPattern[],
  signer: { issuer: string; subject: string },
): boolean {
  return (
    identities.length === 0 ||
    identities.some(
      ({ issuer, subject }) =>
        goRegexp(issuer)?.test(signer.issuer) === true && goRegexp(subject)?.test(signer.subject) === true,
    )
  )
}

function builtInPolicy(target: ReferencePackage, tag: string | undefined): SignaturePolicy {
  const name =
    target.kind === 'image'
      ? target.name
      : target.kind === 'oci'
        ? target.url.replace(/^oci:\/\//, '')
        : undefined
  const known = name === undefined ? undefined : KNOWN.find(one => one.name.test(name))
  if (known === undefined) return { kind: 'none' }
  return {
    kind: 'keyless',
    source: 'built-in',
    identities: [{ issuer: GITHUB, subject: known.subject }],
    isRequired: known.isRequired?.(tag) ?? true,
  }
}
