import type { Finding, Level } from '../manifest/finding.ts'
import { resourceLabel } from '../manifest/resource.ts'
import { oneLine, visible } from './escape.ts'
import { equalFindings } from './equal-findings.ts'
import { harm, impactIcon } from './headline.ts'
import type { RuleUrl } from './problems.ts'
import type { Review } from './review.ts'

/** An annotation as the API of check runs takes it. */
export interface Annotation {
  path: string
  start_line: number
  end_line: number
  annotation_level: 'failure' | 'warning' | 'notice'
  title: string
  message: string
  raw_details?: string
}

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
 * Findings and impacts that have a file, most harmful first, each once (several clusters may render one file, and several
 * objects have one line).
 * What has no line stands at line 1, what has no file is in the report only.
 * @param ruleUrl whose address ends a finding's message; absent: none
 */
export function annotationsOf(review: Review, { ruleUrl }: { ruleUrl?: RuleUrl } = {}): Annotation[] {
  const annotations = [
    ...equalFindings(review.findings).flatMap(({ all, objects }) =>
      all.flatMap(finding =>
        annotation(finding, LEVELS[finding.level], finding.ruleId, textOf(finding, objects, ruleUrl)),
      ),
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
  const bySight = Map.groupBy(annotations, ({ path, start_line, title, message }) =>
    JSON.stringify([path, start_line, title, message]),
  )
  return [...bySight.values()]
    .flatMap(same =>
      same
        .toSorted(inOrder)
        .slice(0, 1)
        .map(first => ({ ...first, ...detailsOf(same) })),
    )
    .toSorted(inOrder)
    .map(({ unit: _unit, ...shown }) => shown)
}

/** An annotation with the cluster and Kustomization that its object is applied by. */
type Placed = Annotation & { unit: string }

function inOrder(a: Annotation, b: Annotation): number {
  return ORDER.indexOf(a.annotation_level) - ORDER.indexOf(b.annotation_level)
}

function detailsOf(same: readonly Placed[]): { raw_details?: string } {
  const units = [...new Set(same.map(({ unit }) => unit))].filter(unit => unit !== '')
  return units.length === 0 ? {} : { raw_details: clipBytes(units.join('\n'), MESSAGE_BYTES) }
}

function annotation(
  { file, line = 1, cluster, kustomization }: Pick<Finding, 'file' | 'line' | 'cluster' | 'kustomization'>,
  level: Annotation['annotation_level'],
  title: string,
  message: string,
): Placed[] {
  if (file === undefined) return []
  // a review may come from a file: the API refuses the whole request for a line 0
  const start = Math.max(1, Math.floor(line))
  return [
    {
      path: file,
      start_line: start,
      end_line: start,
      annotation_level: level,
      title: visible(title).slice(0, TITLE_LENGTH).toWellFormed(),
      message: clipBytes(visible(message), MESSAGE_BYTES),
      unit: oneLine(
        [cluster && `cluster ${cluster}`, kustomization && `Kustomization ${kustomization}`]
          .filter(Boolean)
          .join(', '),
      ),
    },
  ]
}

function textOf({ ruleId, message, repair, field }: Finding, objects: string, ruleUrl?: RuleUrl): string {
  const where = [objects, field].filter(Boolean).join(' ')
  const said = `${where === '' ? '' : `${where}: `}${message}`
  return [said, repair, ruleUrl?.(ruleId)].filter(Boolean).join('\n')
}

/** The beginning of a text that fits into a number of UTF-8 bytes. */
export function clipBytes(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text)
  if (encoded.byteLength <= bytes) return text
  return `${new TextDecoder().decode(encoded.subarray(0, bytes - 8)).replace(/\uFFFD+$/, '')}…`
}
