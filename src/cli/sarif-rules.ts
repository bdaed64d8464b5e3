import type { RuleDescription } from '../report/sarif.ts'
import { rules } from '../rules.ts'

/** The rules as SARIF lists them. */
export const sarifRules: readonly RuleDescription[] = rules.map(({ id, title, why, repair }) => ({
  id,
  summary: title,
  help: `${why} ${repair}`,
}))
