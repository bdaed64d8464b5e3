import { textAt, valueAt, type Json } from '../manifest/json.ts'
import type { FoundSignature, SignatureSource } from '../versions/signature-source.ts'
import type { LegacySignature } from './legacy-signature.ts'
import { OciImages } from './oci-images.ts'
import { readJson, type OciDescriptor, type OciRegistry, type OciRepository } from './oci-registry.ts'
import { repositoryOf } from './registry-versions.ts'
import type { SigstoreVerifier } from './sigstore-verifier.ts'

const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json'
const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle[.+]/
const MAX_PAYLOAD = 64 * 1024
// attestations hold whole lists of what is in an image; a signature has a few kilobytes
const MAX_BUNDLE = 4 * 1024 * 1024
/** so many signatures of one image are looked at: whoever may push can push thousands */
const MOST = 40

/**
 * SignatureSource over OCI registries. cosign 3 and later: referrers with a Sigstore bundle, by the API or the tag of the
 * fallback; before: the tag `sha256-….sig` with simple-signing payloads. What a list says of a referrer is not believed: cosign
 * writes an empty type there (section "Referrers" of Kyverno's and buildx's issues), so each manifest is read.
 * @param insecure hosts that are asked over plain HTTP, for tests
 */
export function cosignSignatures(
  registry: OciRegistry,
  verifier: SigstoreVerifier,
  insecure: readonly string[] = [],
): SignatureSource {
  const images = new OciImages(registry)
  return {
    signatures: async (name, digest, keys) => {
      const repository = repositoryOf(name, insecure)
      if ('outcome' in repository) return repository
      const reader = new Reader(registry, images, verifier, repository, digest, keys)
      await reader.bundles()
      await reader.legacy()
      const { signatures, incomplete } = reader
      return {
        outcome: 'present',
        value: {
          signatures,
          ...(incomplete === undefined ? {} : { incomplete }),
          root: await verifier.root(),
        },
      }
    },
  }
}

/** Reads what stands beside one image. */
class Reader {
  readonly signatures: FoundSignature[] = []
  incomplete: string | undefined
  readonly #registry: OciRegistry
  readonly #images: OciImages
  readonly #verifier: SigstoreVerifier
  readonly #repository: OciRepository
  readonly #digest: string
  readonly #keys: readonly string[]

  constructor(
    registry: OciRegistry,
    images: OciImages,
    verifier: SigstoreVerifier,
    repository: OciRepository,
    digest: string,
    keys: readonly string[],
  ) {
    this.#registry = registry
    this.#images = images
    this.#verifier = verifier
    this.#repository = repository
    this.#digest = digest
    this.#keys = keys
  }

  async bundles(): Promise<void> {
    const referrers = await this.#images.referrers(this.#repository, this.#digest)
    if (referrers.outcome !== 'present') {
      this.incomplete = referrers.message
      return
    }
    for (const { digest } of this.#some(referrers.value)) {
      const manifest = await this.#registry.readManifest(this.#repository, digest)
      if (manifest.outcome !== 'present') {
        this.incomplete = manifest.message
        continue
      }
      for (const layer of layersOf(manifest.value.content))
        if (BUNDLE.test(layer.mediaType)) await this.#bundle(layer)
    }
  }

  async legacy(): Promise<void> {
    const tag = `${this.#digest.replace(':', '-')}.sig`
    const manifest = await this.#registry.readManifest(this.#repository, tag)
    if (manifest.outcome === 'indeterminate') this.incomplete = manifest.message
    if (manifest.outcome !== 'present') return
    const layers = layersOf(manifest.value.content).filter(({ mediaType }) => mediaType === SIMPLE_SIGNING)
    for (const layer of this.#some(layers)) await this.#simpleSigning(layer)
  }

  async #bundle(layer: OciDescriptor): Promise<void> {
    const blob = await this.#blob(layer, MAX_BUNDLE)
    if (blob !== undefined)
      this.signatures.push(await this.#verifier.bundle(readJson(blob), this.#digest, this.#keys))
  }

  async #simpleSigning({ annotations, ...layer }: Layer): Promise<void> {
    const payload = await this.#blob(layer, MAX_PAYLOAD)
    if (payload === undefined) return
    const signature = textAt(annotations, 'dev.cosignproject.cosign/signature')
    if (signature === undefined) {
      this.signatures.push({ kind: 'invalid', problem: 'a payload stands there without a signature' })
      return
    }
    const found: LegacySignature = { payload, signature }
    const certificate = textAt(annotations, 'dev.sigstore.cosign/certificate')
    const receipt = textAt(annotations, 'dev.sigstore.cosign/bundle')
    const timestamp = textAt(annotations, 'dev.sigstore.cosign/rfc3161timestamp')
    if (certificate !== undefined && certificate !== '') found.certificate = certificate
    if (receipt !== undefined) found.receipt = receipt
    if (timestamp !== undefined) found.timestamp = timestamp
    this.signatures.push(await this.#verifier.legacy(found, this.#keys))
  }

  async #blob(layer: OciDescriptor, maxBytes: number): Promise<Buffer | undefined> {
    const blob = await this.#registry.blob(this.#repository, layer, maxBytes)
    if (blob.outcome === 'present') return blob.value
    this.incomplete = blob.message
    return undefined
  }

  #some<T>(all: readonly T[]): readonly T[] {
    if (all.length > MOST) this.incomplete = `There are ${all.length} signatures; ${MOST} were looked at.`
    return all.slice(0, MOST)
  }
}

interface Layer extends OciDescriptor {
  annotations: Json
}

function layersOf(manifest: Json): Layer[] {
  const layers = valueAt(manifest, 'layers')
  return (Array.isArray(layers) ? layers : []).flatMap(layer => {
    const size = valueAt(layer, 'size')
    const [mediaType, digest] = [textAt(layer, 'mediaType'), textAt(layer, 'digest')]
    if (mediaType === undefined || digest === undefined || typeof size !== 'number') return []
    return [{ mediaType, digest, size, annotations: valueAt(layer, 'annotations') ?? null }]
  })
}
