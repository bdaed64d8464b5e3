import { styleText } from 'node:util'
import { nearName } from '../manifest/near-name.ts'
import { familyOf } from '../policy/families.ts'
import { decisionsAbout, isRule, levelOf, rulePage, ruleUrl } from '../report/rule-page.ts'
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
      output: JSON.stringify(
        { version: 1, type: isRule(told) ? 'rule' : 'reason', ...told, url: ruleUrl(told.id) },
        null,
        2,
      ),
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
          `${paint('dim', 'Where it comes from:')} ${familyOf(told.id).from}`,
          ...decisionTexts(told).map(text => `${paint('dim', 'To decide otherwise:')} ${text}`),
        ]
      : []),
    ruleUrl(told.id) ?? '',
  ].join('\n\n')
}

function decisionTexts(rule: Rule): string[] {
  const decisions = decisionsAbout(rule)
  if (decisions === undefined) return []
  return [
    `.github/cnpg-steward.yaml\n${indented(decisions.configuration)}`,
    `a comment at the end of the line, or alone before it; a review counts it once the base branch has it\n${indented(decisions.comment)}`,
  ]
}

/** The page of docs/rules, and where it stands. */
function asMarkdown(told: Rule | Reason): string {
  return `${rulePage(told)}\n<${ruleUrl(told.id) ?? ''}>`
}

function indented(example: string): string {
  return example.replaceAll(/^(?=.)/gm, '  ')
}
