import { ruleUrl } from './report/rule-page.ts'
import type { RuleDescription } from './report/sarif.ts'
import { rules } from './rules.ts'

/** The rules as SARIF lists them. @param documentation where docs/rules stands; absent: on the main branch */
export function sarifRules(documentation?: string): RuleDescription[] {
  return rules.map(({ id, level, title, why, repair }) => {
    const helpUri = ruleUrl(id, documentation)
    return {
      id,
      summary: title,
      help: `${why} ${repair}`,
      ...(helpUri === undefined ? {} : { helpUri }),
      ...(level === 'off' ? {} : { level }),
    }
  })
}
