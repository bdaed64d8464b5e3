import { nearName } from '../manifest/near-name.ts'
import { ruleIds, rules } from '../rules.ts'
import type { ExplainCommand } from './arguments.ts'
import { CannotJudge, type Context, type Outcome } from './run.ts'

/** `explain RULE`: what it says, why, the repair, a failing and a mended example. */
export async function explain({ rule: id, output }: ExplainCommand, _context: Context): Promise<Outcome> {
  const rule = rules.find(candidate => candidate.id === id)
  if (rule === undefined) {
    const near = nearName(id, ruleIds)
    throw new CannotJudge(
      `There is no rule ${id}.`,
      near === undefined ? `Rules: ${ruleIds.join(', ')}.` : `Did you mean ${near}?`,
    )
  }
  if (output === 'json') return { output: JSON.stringify({ version: 1, ...rule }, null, 2), exitCode: 0 }
  const example = (text: string) =>
    output === 'markdown' ? `\`\`\`yaml\n${text}\n\`\`\`` : text.replaceAll(/^/gm, '    ')
  const text = [
    output === 'markdown' ? `## ${rule.id}` : `${rule.id} (${rule.level})`,
    rule.title,
    `Why: ${rule.why}`,
    `Repair: ${rule.repair}`,
    `Fails:\n${example(rule.failing)}`,
    `Mended:\n${example(rule.mended)}`,
  ]
  return { output: text.join('\n\n'), exitCode: 0 }
}
