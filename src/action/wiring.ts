import type { ActionTools, Printers } from './run.ts'

/** The story over real adapters. */
export const review: ActionTools['review'] = async () =>
  await Promise.reject(new Error('the review is not wired yet'))

/** The printers of src/report. */
export const printers: Printers = {
  marker: '<!-- cnpg-steward:review -->',
  comment: made => `${printers.marker}\n${made.verdict}`,
  summary: made => `${made.verdict}\n`,
  check: made => ({ title: made.verdict, summary: made.verdict, annotations: [] }),
  sarif: () => '{}',
  workflowCommands: () => [],
}
