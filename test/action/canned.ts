import type { Printers } from '../../src/action/run.ts'
import type { Review } from '../../src/report/review.ts'

/** A review as the story would give it: one error, one change. */
export function cannedReview(parts: Partial<Review> = {}): Review {
  return {
    version: 1,
    base: { ref: 'main' },
    head: { ref: 'refs/pull/1/merge' },
    verdict: 'blocked',
    findings: [
      {
        ruleId: 'schema-unknown-field',
        level: 'error',
        message: 'unknown field spec.x',
        file: 'a.yaml',
        line: 1,
      },
    ],
    impacts: [],
    changes: [],
    incomplete: [],
    stats: {
      existing: 0,
      objects: 1,
      kustomizations: 1,
      helmReleases: 0,
      rendered: 2,
      seconds: 0.1,
      versions: [],
      clusters: [],
      noise: [],
    },
    ...parts,
  }
}

/** Printers that say just enough to be seen in a test. */
export const plainPrinters: Printers = {
  marker: '<!-- cnpg-steward:review -->',
  comment: review =>
    `${plainPrinters.marker}\n${review.verdict}: ${review.findings.map(one => one.message).join()}`,
  summary: review => `# ${review.verdict}\n${review.incomplete.map(one => one.repair).join()}\n`,
  check: review => ({
    title: review.verdict,
    summary: review.verdict,
    annotations: review.findings.map(finding => ({
      path: finding.file ?? '',
      start_line: finding.line ?? 1,
      end_line: finding.line ?? 1,
      annotation_level: 'failure',
      message: finding.message,
    })),
  }),
  sarif: () => '{"version":"2.1.0","runs":[]}',
  workflowCommands: review =>
    review.findings.map(one => `::error file=${one.file},line=${one.line}::${one.message}`),
}
