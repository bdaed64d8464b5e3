import { isObject, type Json } from '../manifest/json.ts'
import type { Manifest } from '../manifest/resource.ts'

const MASK = '***'
const CHANGED = '*** (changed)'

// A value that is no secret itself but says where one is: ${VAR}, $(VAR), {{ template }}, SOPS placeholders of the renderer.
const REFERENCE = /^(?:\$[({]|\{\{|<|\.\.PLACEHOLDER_|\*\*\*)/
// Names whose literal value is always a secret, and names whose value is one if it looks like one
// ('secret: pg-app' names an object, 'key: password' a key of it).
const ALWAYS = /(?:password|passwd|passphrase|pwd)$/i
const IF_RANDOM = /(?:token|secret|key|credentials?|auth)$/i

// Tokens that are told by their own form. Every repetition is bounded: the text is hostile.
const TOKENS: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]{1,60}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,60}-----|$)/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g,
  /\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}/g,
  /\bglpat-[\w-]{20,}|\bxox[abeoprs]-[\w-]{10,}|\bnpm_[A-Za-z0-9]{30,}|\bsk_live_\w{16,}|\bAIza[\w-]{35}/g,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{50,}/g,
]
const URL_PASSWORD = /\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,100}:)([^\s@/]{1,300})@/gi
const ASSIGNMENT =
  /\b([\w.-]{0,40}(?:password|passwd|passphrase|client_?secret|secret_?access_?key|api_?key|private_?key|access_?token|auth_?token)["']?[ \t]{0,3}[:=][ \t]{0,3}["']?)([^\s"',;&]{1,500})/gi

/**
 * Replaces everything secret in two versions of an object: data of Secrets, literal passwords, tokens and PEM blocks wherever they stand.
 * A secret that the base holds in a field of the same name becomes '***', another one '*** (changed)', so that a diff of the
 * results shows that it changed and nothing else. Nothing derived from the value (length, hash) is kept.
 */
export function maskPair(
  base: Manifest | undefined,
  head: Manifest | undefined,
): { base?: Manifest; head?: Manifest } {
  const known = new Map<string, Set<string>>()
  const maskedBase =
    base === undefined
      ? undefined
      : maskManifest(base, (field, secret) => {
          known.set(field, (known.get(field) ?? new Set()).add(secret))
          return MASK
        })
  const maskedHead =
    head === undefined
      ? undefined
      : maskManifest(head, (field, secret) => {
          const before = known.get(field)
          return before === undefined || before.has(secret) ? MASK : CHANGED
        })
  return {
    ...(maskedBase === undefined ? {} : { base: maskedBase }),
    ...(maskedHead === undefined ? {} : { head: maskedHead }),
  }
}

type Replace = (field: string, secret: string) => string

function maskManifest(manifest: Manifest, replace: Replace): Manifest {
  const secret = manifest.kind === 'Secret'
  const masked: Manifest = {}
  for (const [field, value] of Object.entries(manifest)) {
    const whole = secret && (field === 'data' || field === 'stringData')
    const sealed = manifest.kind === 'SealedSecret' && field === 'spec' && isObject(value)
    if (sealed) set(masked, field, maskSealed(value, replace))
    else set(masked, field, whole ? maskAll(field, value, replace) : maskIn(field, value, replace, secret))
  }
  return masked
}

/** Of a SealedSecret (bitnami.com): its values are encrypted, and a thousand characters of cipher each tell nobody anything. */
function maskSealed(spec: Manifest, replace: Replace): Manifest {
  const masked: Manifest = {}
  for (const [field, value] of Object.entries(spec))
    set(
      masked,
      field,
      field === 'encryptedData' ? maskAll(field, value, replace) : maskIn(field, value, replace, false),
    )
  return masked
}

/** `__proto__` is a field like any other here. */
function set(target: Manifest, field: string, value: Json): void {
  Object.defineProperty(target, field, { value, enumerable: true, configurable: true, writable: true })
}

function maskAll(field: string, value: Json, replace: Replace): Json {
  if (value === null) return null
  if (Array.isArray(value)) return value.map(item => maskAll(field, item, replace))
  if (!isObject(value)) return replace(field, String(value))
  const masked: Manifest = {}
  for (const [name, inner] of Object.entries(value))
    set(masked, name, maskAll(`data.${name}`, inner, replace))
  return masked
}

function maskIn(field: string, value: Json, replace: Replace, secret: boolean): Json {
  if (typeof value === 'string') {
    // what kubectl apply left in a Secret repeats its data
    if (secret && field === 'kubectl.kubernetes.io/last-applied-configuration') return replace(field, value)
    return maskText(field, value, replace)
  }
  if (Array.isArray(value)) return value.map(item => maskIn(field, item, replace, secret))
  if (!isObject(value)) return value
  const masked: Manifest = {}
  // {name: DB_PASSWORD, value: …}: the name of an environment variable says what its value is
  const called = typeof value.name === 'string' ? value.name : undefined
  for (const [name, inner] of Object.entries(value)) {
    const meaning = called !== undefined && name === 'value' ? called : name
    set(masked, name, maskIn(meaning, inner, replace, secret))
  }
  return masked
}

function maskText(field: string, text: string, replace: Replace): string {
  if (text === '') return text
  const oneWord = !/\s/.test(text)
  if (
    oneWord &&
    !REFERENCE.test(text) &&
    (ALWAYS.test(field) || (IF_RANDOM.test(field) && looksRandom(text)))
  )
    return replace(field, text)
  let masked = text
  for (const token of TOKENS) masked = masked.replaceAll(token, found => replace(field, found))
  return masked
    .replaceAll(URL_PASSWORD, (found, start: string, secret: string) =>
      REFERENCE.test(secret) ? found : `${start}${replace(field, secret)}@`,
    )
    .replaceAll(ASSIGNMENT, (found, start: string, secret: string) =>
      REFERENCE.test(secret) || /^(?:true|false|null|\d{1,4}|[|>][+-]?)$/.test(secret)
        ? found
        : `${start}${replace(`${field}.${start}`, secret)}`,
    )
}

/** Text as key generators make it: hexadecimal, or letters of both cases mixed with digits; names of objects are neither. */
function looksRandom(text: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(text)) return true
  return /^[\w+/=-]{16,}$/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text)
}
