import { isObject, textAt, type Json } from './json.ts'
import { define } from './go-scalar.ts'
import type { Manifest } from './resource.ts'

/** What SOPS puts in place of a value: ENC[AES256_GCM,data:…,iv:…,tag:…,type:str] (getsops/sops aes/cipher.go). */
const ENCRYPTED = /^ENC\[[A-Z0-9_]+,data:/

/** Whether an object is encrypted by SOPS: it carries SOPS's own metadata. */
export function isSops(manifest: Manifest): boolean {
  return isObject(manifest.sops) && ('mac' in manifest.sops || 'lastmodified' in manifest.sops)
}

/**
 * The object as the cluster gets it, with a placeholder for what we cannot read: nothing is ever decrypted. `sops` itself is gone, an
 * encrypted value is `..PLACEHOLDER_<key>..` by the name of its field, in base64 within the data of a Secret.
 * Values keep no type: an encrypted number is a text, too.
 *
 * The recorded trees (fluxcd/pkg without decryption) hash objects as kustomize prints them, encrypted: compare before masking.
 * @returns the object itself where it is not encrypted
 */
export function maskSops(manifest: Manifest): Manifest {
  if (!isSops(manifest)) return manifest
  const masked: Manifest = {}
  const isSecret = textAt(manifest, 'kind') === 'Secret'
  for (const [key, value] of Object.entries(manifest)) {
    if (key === 'sops') continue
    const asBase64 = isSecret && key === 'data'
    define(
      masked,
      key,
      mask(value, key, text => (asBase64 ? Buffer.from(text).toString('base64') : text)),
    )
  }
  return masked
}

function mask(value: Json, key: string, write: (placeholder: string) => string): Json {
  if (typeof value === 'string') return ENCRYPTED.test(value) ? write(`..PLACEHOLDER_${key}..`) : value
  if (Array.isArray(value)) return value.map(item => mask(item, key, write))
  if (!isObject(value)) return value
  const masked: Manifest = {}
  for (const [name, inner] of Object.entries(value)) define(masked, name, mask(inner, name, write))
  return masked
}
