import { admit, type AdmitTools } from './admit.ts'
import { operandOf } from './cnpg/operand.ts'
import type { AdmissionError, AdmissionLayer } from './manifest/admission.ts'
import { isObject, type Json } from './manifest/json.ts'
import type { RenderedObject } from './manifest/rendered.ts'
import { groupOf, type Manifest } from './manifest/resource.ts'

/** What would be answered to one object, beside what its schema says: a finding that has no place yet. */
export interface AdmissionFinding {
  ruleId: string
  level: 'error' | 'note'
  message: string
  /** '' for the object as a whole */
  field: string
}

export interface JudgedAdmission {
  findings: AdmissionFinding[]
  /** in whole sentences, each a reason why the object was not fully judged */
  open: string[]
  /** whether it is refused, by the schema or by what is told here; false where a value that is not known decides */
  refused: boolean
}

// What the schema refuses is told by the validator in friendlier words, and what no tree holds (uid, resourceVersion) not at all.
const RULES: Partial<Record<AdmissionLayer, string>> = {
  cel: 'admission-rule',
  'mutating-webhook': 'admission-decoding',
  'validating-webhook': 'admission-operator',
  metadata: 'admission-metadata',
}

/**
 * What the API server and the operator would say to an object when Flux applies it: created, or as an update of what the
 * base applies (CRD rules in CEL, names and labels, the operator's webhooks).
 * @param before the object as the base applies it
 */
export function judgeAdmission(
  manifest: Manifest,
  before: Manifest | undefined,
  tools: AdmitTools,
): JudgedAdmission {
  const submission = { file: '', line: 1, value: manifest }
  const [result] = admit([submission], before === undefined ? [] : [before], tools)
  if (result === undefined) return { findings: [], open: [], refused: false }
  const findings: AdmissionFinding[] = []
  const open = new Set(result.judged ? [] : result.notEvaluated)
  for (const error of result.errors) {
    const ruleId = RULES[error.layer]
    // also where the schema stumbles over it: the stages after that were not asked
    if (dependsOnUnknown(error, manifest))
      open.add('A value that is not known here decides whether the API server takes it.')
    else if (ruleId !== undefined)
      findings.push({ ruleId, level: 'error', message: messageOf(error), field: error.field })
  }
  for (const warning of result.warnings)
    findings.push({ ruleId: 'admission-warning', level: 'note', message: warning, field: '' })
  return {
    findings,
    open: [...open],
    refused: result.errors.some(error => !dependsOnUnknown(error, manifest)),
  }
}

/**
 * The same where the operator's version is not known: what every version would refuse is refused, what only some would is
 * open.
 * @param tools of the newest and the oldest operator that are known
 */
export function judgeByAll(
  manifest: Manifest,
  before: Manifest | undefined,
  tools: readonly AdmitTools[],
): JudgedAdmission {
  const judged = tools.map(one => judgeAdmission(manifest, before, one))
  const refusedByAll = (finding: AdmissionFinding) =>
    judged.every(({ findings }) => findings.some(other => isSameRefusal(other, finding)))
  const disputed = judged
    .flatMap(({ findings }) => findings)
    .filter(finding => finding.level === 'error' && !refusedByAll(finding))
    .map(
      ({ message }) => `Some versions of the operator refuse it, and which one runs is not known: ${message}`,
    )
  return {
    // in the words of the newest
    findings: judged[0]?.findings.filter(finding => finding.level !== 'error' || refusedByAll(finding)) ?? [],
    open: [...new Set([...judged.flatMap(({ open }) => open), ...disputed])],
    refused: judged.every(({ refused }) => refused),
  }
}

/** Versions give one cause another field (`requests`, `requests.memory`), or one field other words. */
function isSameRefusal(a: AdmissionFinding, b: AdmissionFinding): boolean {
  const words = ({ field, message }: AdmissionFinding) => message.slice(field === '' ? 0 : field.length)
  return a.ruleId === b.ruleId && (a.field === b.field || words(a) === words(b))
}

/**
 * What the base applies, with as much of the status of a Cluster as is known from it: the operator compares the major version
 * of an edit with what runs, not with the manifest (cloudnative-pg internal/webhook/v1/cluster_webhook.go, validateImageChange).
 * @param objects everything the base applies to the cluster, for image catalogs
 */
export function asItRuns(
  before: RenderedObject,
  objects: readonly RenderedObject[],
  operator: string | undefined,
): Manifest {
  const { manifest, resource } = before
  if (resource.kind !== 'Cluster' || groupOf(resource.apiVersion) !== 'postgresql.cnpg.io') return manifest
  const { image, major } = operandOf(manifest, objects, operator)
  if (major === undefined || isObject(manifest.status)) return manifest
  return {
    ...manifest,
    status: { pgDataImageInfo: { image: image?.reference ?? '', majorVersion: major } },
  }
}

function messageOf({ field, message }: AdmissionError): string {
  return field === '' ? message : `${field}: ${message}`
}

/** What SOPS encrypted, and variables made elsewhere, stand as placeholders: nothing is held against them. */
const PLACEHOLDER = /PLACEHOLDER_\w|ENC\[AES256_GCM,/i

function dependsOnUnknown({ field, message }: AdmissionError, manifest: Manifest): boolean {
  if (PLACEHOLDER.test(message)) return true
  // a stage that names no field may mean any of them
  const value = field === '' ? manifest : valueBelow(manifest, field)
  return value !== undefined && PLACEHOLDER.test(JSON.stringify(value))
}

/** The value at a field's path as findings write it; as far down as the manifest goes. */
function valueBelow(manifest: Json, field: string): Json | undefined {
  let here: Json | undefined = manifest
  for (const [, name, index] of field.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    const step: Json | undefined =
      index !== undefined && Array.isArray(here)
        ? here[Number(index)]
        : name !== undefined && here !== null && typeof here === 'object' && !Array.isArray(here)
          ? here[name]
          : undefined
    if (step === undefined) return here
    here = step
  }
  return here
}
