import type { AdmissionResult } from '../../src/report/admission.ts'
import { normalField, type Recorded, type Verdict } from './recorded.ts'

/** How far the answers agree with what was recorded; counts of agreeing cases. */
export interface Score {
  cases: number
  verdicts: number
  /** of those refused by both */
  refused: number
  layers: number
  fields: number
  warnings: number
}

export interface Difference {
  id: string
  group: string
  what: 'verdict' | 'layer' | 'field' | 'warnings'
  recorded: string
  ours: string
}

export function newScore(): Score {
  return { cases: 0, verdicts: 0, refused: 0, layers: 0, fields: 0, warnings: 0 }
}

/** Adds one case to a score. @returns where the answer differs */
export function compare(
  { id, group }: Recorded,
  verdict: Verdict,
  result: AdmissionResult,
  score: Score,
): Difference[] {
  const found: Difference[] = []
  const differ = (what: Difference['what'], recorded: string, ours: string) =>
    found.push({ id, group, what, recorded, ours })
  score.cases++
  const ours = result.errors.map(({ layer, field, message }) => `${layer} ${field}: ${message}`)
  const theirs = verdict.messages.map(
    (message, i) => `${verdict.layer} ${verdict.fields[i] ?? ''}: ${message}`,
  )
  if (verdict.accepted === result.accepted) score.verdicts++
  else
    differ(
      'verdict',
      verdict.accepted ? 'accepted' : theirs.join(' | '),
      result.accepted ? `accepted ${result.notEvaluated.join(' | ')}` : ours.join(' | '),
    )
  if (!verdict.accepted && !result.accepted) {
    score.refused++
    if (result.errors.some(({ layer }) => layer === verdict.layer)) score.layers++
    else differ('layer', theirs.join(' | '), ours.join(' | '))
    const fields = new Set(result.errors.map(({ field }) => normalField(field)))
    if (verdict.fields.some(field => fields.has(field))) score.fields++
    else differ('field', theirs.join(' | '), ours.join(' | '))
  }
  const warnings = result.warnings.toSorted()
  if (JSON.stringify(warnings) === JSON.stringify(verdict.warnings)) score.warnings++
  else differ('warnings', JSON.stringify(verdict.warnings), JSON.stringify(warnings))
  return found
}

/** The sums of all groups. */
export function totalOf(scores: ReadonlyMap<string, Score>): Score {
  const all = newScore()
  for (const score of scores.values()) {
    all.cases += score.cases
    all.verdicts += score.verdicts
    all.refused += score.refused
    all.layers += score.layers
    all.fields += score.fields
    all.warnings += score.warnings
  }
  return all
}

/** One line a group, and one for all. */
export function scoreTable(version: string, scores: ReadonlyMap<string, Score>): string {
  const rows = [...[...scores].toSorted(([a], [b]) => (a < b ? -1 : 1)), ['all', totalOf(scores)] as const]
  const head = `operator ${version}`.padEnd(30)
  return [
    `${head}  cases  verdicts   layers   fields  warnings`,
    ...rows.map(
      ([group, { cases, verdicts, refused, layers, fields, warnings }]) =>
        `${group.padEnd(30)} ${String(cases).padStart(6)}   ${percent(verdicts, cases)}  ${percent(layers, refused)}  ${percent(fields, refused)}   ${percent(warnings, cases)}`,
    ),
  ].join('\n')
}

function percent(part: number, of: number): string {
  return of === 0 ? '   –  ' : `${((100 * part) / of).toFixed(1)} %`.padStart(7)
}
