import type { Finding, Level } from '../manifest/finding.ts'
import { resourceLabel } from '../manifest/resource.ts'
import { visible } from './escape.ts'
import { harm, impactIcon } from './headline.ts'
import type { Review } from './review.ts'

/** An annotation as the API of check runs takes it. */
export interface Annotation {
  path: string
  start_line: number
  end_line: number
  annotation_level: 'failure' | 'warning' | 'notice'
  title: string
  message: string
  raw_details: string
}

/** GitHub takes this many in one request. */
export const ANNOTATIONS_PER_REQUEST = 50
// Limits of the check run API: 64 KB for message and raw_details, 255 characters for a title. Kept well below.
const MESSAGE_BYTES = 60_000
const TITLE_LENGTH = 200
const LEVELS: Record<Level, Annotation['annotation_level']> = {
  error: 'failure',
  warning: 'warning',
  note: 'notice',
}
const ORDER: readonly Annotation['annotation_level'][] = ['failure', 'warning', 'notice']

/**
 * Findings and impacts that have a file, most harmful first, each once (several clusters may render one file).
 * What has no line stands at line 1, what has no file is in the report only.
 */
export function annotationsOf(review: Review): Annotation[] {
  const annotations = [
    ...review.findings.flatMap(finding =>
      annotation(finding, LEVELS[finding.level], finding.ruleId, textOf(finding)),
    ),
    ...review.impacts
      .filter(({ impact }) => harm(impact) < harm('reload'))
      .flatMap(impact =>
        annotation(
          impact,
          impactIcon(impact.impact) === '🛑' ? 'failure' : 'warning',
          impact.impact,
          `${resourceLabel(impact.resource)}: ${impact.reason}`,
        ),
      ),
  ]
  const unique = new Map(
    annotations.map(item => [JSON.stringify([item.path, item.start_line, item.title, item.message]), item]),
  )
  return [...unique.values()].toSorted(
    (a, b) => ORDER.indexOf(a.annotation_level) - ORDER.indexOf(b.annotation_level),
  )
}

/** The annotations in requests of at most 50. */
export function annotationBatches(annotations: readonly Annotation[]): Annotation[][] {
  const batches: Annotation[][] = []
  for (let start = 0; start < annotations.length; start += ANNOTATIONS_PER_REQUEST)
    batches.push(annotations.slice(start, start + ANNOTATIONS_PER_REQUEST))
  return batches
}

function annotation(
  { file, line = 1, cluster, kustomization }: Pick<Finding, 'file' | 'line' | 'cluster' | 'kustomization'>,
  level: Annotation['annotation_level'],
  title: string,
  message: string,
): Annotation[] {
  if (file === undefined) return []
  return [
    {
      path: file,
      start_line: line,
      end_line: line,
      annotation_level: level,
      title: visible(title).slice(0, TITLE_LENGTH).toWellFormed(),
      message: clipBytes(visible(message), MESSAGE_BYTES),
      raw_details: clipBytes(
        visible(
          [cluster && `cluster ${cluster}`, kustomization && `Kustomization ${kustomization}`]
            .filter(Boolean)
            .join('\n'),
        ),
        MESSAGE_BYTES,
      ),
    },
  ]
}

function textOf({ resource, message, repair, field }: Finding): string {
  const where = [resource === undefined ? undefined : resourceLabel(resource), field]
    .filter(Boolean)
    .join(' ')
  return `${where === '' ? '' : `${where}: `}${message}${repair === undefined ? '' : `\n${repair}`}`
}

/** The beginning of a text that fits into a number of UTF-8 bytes. */
export function clipBytes(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text)
  if (encoded.byteLength <= bytes) return text
  return `${new TextDecoder().decode(encoded.subarray(0, bytes - 8)).replace(/\uFFFD+$/, '')}…`
}
