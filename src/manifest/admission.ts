import type { JsonObject } from './json.ts'

/**
 * The stages of the API server in the order in which they refuse an object applied as Flux does (facts of
 * kube-apiserver 1.35: a refusal names the errors of one stage only; `schema` and `cel` are one stage).
 * `parse` is ours: the text is no manifest at all.
 */
export type AdmissionLayer =
  | 'parse'
  | 'bad-request'
  | 'no-kind'
  | 'conflict'
  | 'apply-schema'
  | 'mutating-webhook'
  | 'schema'
  | 'cel'
  | 'metadata'
  | 'validating-webhook'

/** One error of a refusal. */
export interface AdmissionError {
  layer: AdmissionLayer
  /** path without leading dot, list items as [0]: spec.tablespaces[0].name; '' where the stage names no field */
  field: string
  /** in the words of the API server or the operator where these are known */
  message: string
}

/** What one stage says of an object. Data, never thrown. */
export interface StageVerdict {
  errors: AdmissionError[]
  /** admission warnings, in the words of the API server or the operator; they come with refusals, too */
  warnings: string[]
  /** rules that could not be evaluated, each with the reason: such an object was not fully judged */
  notEvaluated: string[]
}

/** An object on its way through the stages: as sent, and as it stands in the cluster (absent on create). */
export interface AdmissionRequest {
  /** after the stages before this one */
  object: JsonObject
  /** the live object, with its status where that is known */
  live?: JsonObject
}
