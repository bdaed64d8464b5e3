import { policyOf, strictest, type UpdatesConfig } from './config/updates-config.ts'
import { heldBySignature, judgeSignature, type SignatureOutcome } from './versions/judge-signature.ts'
import type { Hold } from './versions/proposal.ts'
import type { Choice } from './versions/choose-update.ts'
import { heldByAge, releaseAge, type FirstSeen, type ReleaseAge } from './versions/release-age.ts'
import type { ReferenceUpdate } from './versions/reference-update.ts'
import type { ReferencePackage, VersionReference } from './versions/reference.ts'
import { signaturePolicy, type SignaturePolicy } from './versions/signature-policy.ts'
import type { SignatureEvidence, SignatureSource } from './versions/signature-source.ts'
import { keyDigest, packageName, updateKeyOf } from './versions/update-key.ts'
import type { Asked, VersionSource } from './versions/version-source.ts'

export interface AssuranceRequest {
  config: UpdatesConfig
  /** classes, keys of updates and words that a person allowed; a key lets its update pass before its time */
  allow: readonly string[]
  /** ISO time */
  now: string
}

export interface AssuranceTools {
  signatures: SignatureSource
  firstSeen: FirstSeen
}

// so many images are looked at at a time
const AT_ONCE = 6

/**
 * Says of each update by whom it is signed and how long it is out, and holds what is wrong, not known though it has to be, or too
 * young.
 */
export async function assureUpdates(
  updates: readonly ReferenceUpdate[],
  request: AssuranceRequest,
  tools: AssuranceTools & { source: VersionSource },
): Promise<ReferenceUpdate[]> {
  const answers = new SignatureAnswers(tools.signatures, tools.source)
  const assured: ReferenceUpdate[] = []
  for (let at = 0; at < updates.length; at += AT_ONCE) {
    const some = updates.slice(at, at + AT_ONCE)
    assured.push(
      ...(await Promise.all(
        some.map(async update => await assure(update, request, tools.firstSeen, answers)),
      )),
    )
  }
  return assured
}

async function assure(
  update: ReferenceUpdate,
  { config, allow, now }: AssuranceRequest,
  firstSeen: FirstSeen,
  answers: SignatureAnswers,
): Promise<ReferenceUpdate> {
  const { reference, choice } = update
  if (choice === undefined) return update
  const policy = signaturePolicy(reference.package, choice.version, reference.verify)
  const digest = await answers.digest(reference, choice)
  const signature = await signatureOf(reference, digest, policy, answers)
  const age = await ageOf(reference, choice.version, digest, signature, firstSeen, now)
  const key = keyDigest(updateKeyOf(reference, choice))
  const { minimumAge } = strictest(choice.classes.map(kind => policyOf(kind, config)))
  const young = heldByAge(allow.includes(key) ? 0 : minimumAge, age, now)
  const holds: Hold[] = [
    signature === undefined ? undefined : heldBySignature(policy, signature, allow),
    young === undefined ? undefined : { repair: `Allow \`${key}\` to have it now.`, ...young },
  ].filter(hold => hold !== undefined)
  return {
    ...update,
    ...(signature === undefined ? {} : { signature }),
    age,
    held: [...update.held, ...holds.map(({ message }) => message)],
    ...(holds.length === 0 ? {} : { holds: [...(update.holds ?? []), ...holds] }),
  }
}

/** Undefined for charts of HTTP repositories, which cosign cannot sign. */
async function signatureOf(
  { package: target }: VersionReference,
  digest: Asked<string> | undefined,
  policy: SignaturePolicy,
  answers: SignatureAnswers,
): Promise<SignatureOutcome | undefined> {
  const name = signedName(target)
  if (name === undefined || digest === undefined) return undefined
  if (digest.outcome !== 'present') return judgeSignature(policy, '', digest)
  const keys = policy.kind === 'keys' ? policy.keys : []
  return judgeSignature(policy, digest.value, await answers.signatures(name, digest.value, keys))
}

/** Asks for each image once a run, whatever refers to it. */
class SignatureAnswers {
  readonly #signatures: SignatureSource
  readonly #source: VersionSource
  readonly #known = new Map<string, Promise<Asked<SignatureEvidence>>>()
  readonly #digests = new Map<string, Promise<Asked<string>>>()

  constructor(signatures: SignatureSource, source: VersionSource) {
    this.#signatures = signatures
    this.#source = source
  }

  /** What is proposed, by digest: a tag is not what is signed. */
  async digest({ package: target }: VersionReference, choice: Choice): Promise<Asked<string> | undefined> {
    const name = signedName(target)
    if (name === undefined) return undefined
    if (choice.digest !== undefined) return { outcome: 'present', value: choice.digest }
    // a tag has '_' for the '+' of a version of a chart (Helm, "Use OCI-based registries")
    const tag = target.kind === 'oci' ? choice.version.replaceAll('+', '_') : choice.version
    const key = `${name} ${tag}`
    const asked = this.#digests.get(key) ?? this.#source.digest(name, tag)
    this.#digests.set(key, asked)
    return await asked
  }

  async signatures(name: string, digest: string, keys: readonly string[]): Promise<Asked<SignatureEvidence>> {
    const key = JSON.stringify([name, digest, keys])
    const asked = this.#known.get(key) ?? this.#signatures.signatures(name, digest, keys)
    this.#known.set(key, asked)
    return await asked
  }
}

function signedName(target: ReferencePackage): string | undefined {
  if (target.kind === 'image') return target.name
  return target.kind === 'oci' ? target.url : undefined
}

/** A good time of the log needs no memory; it is kept all the same, for the day when the signature cannot be read. */
async function ageOf(
  { package: target }: VersionReference,
  version: string,
  digest: Asked<string> | undefined,
  signature: SignatureOutcome | undefined,
  firstSeen: FirstSeen,
  now: string,
): Promise<ReleaseAge> {
  const name = digest?.outcome === 'present' ? `${version}@${digest.value}` : version
  return releaseAge(signature, await firstSeen.firstSeen(packageName(target), name, now))
}
