import { styleText } from 'node:util'
import { nearName } from '../manifest/near-name.ts'
import { reasonOf, reasons, ruleIds, ruleOf, type Reason, type Rule } from '../rules.ts'
import type { ExplainCommand } from './arguments.ts'
import { CannotJudge, type Context, type Outcome } from './run.ts'

/**
 * `explain RULE`: what a rule says, why, the repair, an example that fails and its mended twin; or what a reason of the
 * incomplete list means.
 * @throws CannotJudge for an id that is neither, with the one that was probably meant
 */
export async function explain(
  { rule: id, output }: ExplainCommand,
  { color }: Pick<Context, 'color'>,
): Promise<Outcome> {
  const told = ruleOf(id) ?? reasonOf(id)
  if (told === undefined) throw unknownRule(id)
  if (output === 'json')
    return {
      output: JSON.stringify({ version: 1, type: isRule(told) ? 'rule' : 'reason', ...told }, null, 2),
      exitCode: 0,
    }
  return { output: output === 'markdown' ? asMarkdown(told) : asText(told, color), exitCode: 0 }
}

function unknownRule(id: string): CannotJudge {
  const near = nearName(id, [...ruleIds, ...reasons.map(reason => reason.id)])
  return new CannotJudge(
    `There is no rule ${id}.`,
    near === undefined ? `Rules: ${ruleIds.join(', ')}.` : `Did you mean ${near}?`,
  )
}

function isRule(told: Rule | Reason): told is Rule {
  return 'level' in told
}

function levelOf(told: Rule | Reason): string {
  if (!isRule(told)) return 'incomplete: not judged, and neither right nor wrong'
  return told.level === 'off' ? 'off, until `rules:` in .github/cnpg-steward.yaml switches it on' : told.level
}

function asText(told: Rule | Reason, color: boolean): string {
  const paint = (style: 'bold' | 'red' | 'green' | 'dim', text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text
  return [
    `${paint('bold', told.id)} (${levelOf(told)})`,
    told.title,
    `${paint('dim', 'Why:')} ${told.why}`,
    `${paint('dim', 'Repair:')} ${told.repair}`,
    ...(isRule(told)
      ? [
          `${paint('red', 'Fails:')}\n${indented(told.failing)}`,
          `${paint('green', 'Mended:')}\n${indented(told.mended)}`,
        ]
      : []),
  ].join('\n\n')
}

function asMarkdown(told: Rule | Reason): string {
  return [
    `## \`${told.id}\``,
    told.title,
    `**Level:** ${levelOf(told)}`,
    `**Why:** ${told.why}`,
    `**Repair:** ${told.repair}`,
    ...(isRule(told) ? ['**Fails:**', fenced(told.failing), '**Mended:**', fenced(told.mended)] : []),
  ].join('\n\n')
}

function indented(example: string): string {
  return example.replaceAll(/^(?=.)/gm, '  ')
}

function fenced(example: string): string {
  return `\`\`\`yaml\n${example}\n\`\`\``
}
