import type { AdmissionError } from '../manifest/admission.ts'
import { resourceLabel, type Resource } from '../manifest/resource.ts'
import { oneLine } from './escape.ts'

/** What the API server with the operator would answer to one object. */
export interface AdmissionResult {
  /** which of the objects asked about, from 1, over all files and the items of Lists */
  document: number
  file: string
  /** of its first line; the List's for an item of a List */
  line: number
  /** absent where the text is no object at all */
  resource?: Resource
  operation: 'create' | 'update'
  /** nothing that was evaluated refuses it; what was not is in `notEvaluated` */
  accepted: boolean
  /** the errors of the stage that refuses it; schema and CEL are one stage */
  errors: AdmissionError[]
  warnings: string[]
  /** what the answer rests on without having looked at it, in whole sentences */
  notEvaluated: string[]
  /** false: a part that decides about such an object was not evaluated, so `accepted` is no promise */
  judged: boolean
}

/** What the results were found with. */
export interface AdmissionScope {
  /** '1.28.0', 'main' */
  operator: string
  /** '1.35' */
  kubernetes: string
}

/** The JSON of `admit --output json`; src/report/schema/admission.schema.json describes it. */
export function admissionJson(results: readonly AdmissionResult[], scope: AdmissionScope): string {
  return `${JSON.stringify({ version: 1, ...scope, results }, null, 2)}\n`
}

const LAYERS: Record<AdmissionError['layer'], string> = {
  parse: 'it is no manifest',
  'bad-request': 'the API server takes no such request',
  'no-kind': 'the API server does not serve this kind in this version',
  conflict: 'it does not fit the live object',
  'apply-schema': 'server-side apply refuses it',
  'mutating-webhook': 'the operator cannot read it',
  schema: 'the CRD refuses it',
  cel: 'a rule of the CRD refuses it',
  metadata: 'its metadata is refused',
  'validating-webhook': 'the operator refuses it',
}

/** The results for people: accepted or refused, why and where, then a line of counts. */
export function admissionText(
  results: readonly AdmissionResult[],
  { operator, kubernetes }: AdmissionScope,
  paint: (style: 'red' | 'green' | 'yellow' | 'dim', text: string) => string = (_, text) => text,
): string {
  const blocks = results.map(result => block(result, paint))
  const refused = results.filter(({ accepted }) => !accepted).length
  const open = results.filter(({ accepted, judged }) => accepted && !judged).length
  const counts = [
    `${results.length - refused - open} accepted`,
    `${refused} refused`,
    ...(open > 0 ? [`${open} not fully judged`] : []),
  ]
  const scope = `CloudNativePG ${operator}, Kubernetes ${kubernetes}`
  return `${[...blocks, `${counts.join(', ')} ${paint('dim', `(${scope})`)}`].join('\n\n')}\n`
}

function block(
  result: AdmissionResult,
  paint: (style: 'red' | 'green' | 'yellow' | 'dim', text: string) => string,
): string {
  const { accepted, judged, operation, errors, warnings, notEvaluated } = result
  const name = result.resource === undefined ? 'This document' : resourceLabel(result.resource)
  const place = oneLine(`${result.file}:${result.line}`)
  const verdict = accepted
    ? judged
      ? paint('green', `✅ accepted (${operation})`)
      : paint('yellow', `❔ not refused, but not fully judged (${operation})`)
    : paint(
        'red',
        `🛑 refused (${operation}): ${[...new Set(errors.map(({ layer }) => LAYERS[layer]))].join(' and ')}`,
      )
  return [
    `${oneLine(name)} ${paint('dim', place)}`,
    verdict,
    ...errors.map(({ field, message }) => `   ${oneLine(field === '' ? message : `${field}: ${message}`)}`),
    ...warnings.map(warning => paint('yellow', `   warning: ${oneLine(warning)}`)),
    ...notEvaluated.map(reason => paint('dim', `   not evaluated: ${oneLine(reason)}`)),
  ].join('\n')
}
