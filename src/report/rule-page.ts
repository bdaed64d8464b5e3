import { families, familyOf } from '../policy/families.ts'
import type { Reason, Rule } from '../policy/rule.ts'

/** Where the pages of docs/rules are read. */
export const DOCUMENTATION = 'https://github.com/monosense-io/cnpg-steward/blob/main/docs/rules'

/**
 * The page of a rule or of a reason of the incomplete list.
 * @param documentation where docs/rules stands, for another version than that of the main branch
 * @returns undefined for what is no id: a review may come from a file that somebody else made
 */
export function ruleUrl(id: string, documentation: string = DOCUMENTATION): string | undefined {
  return /^[a-z]+(?:-[a-z0-9]+)+$/.test(id) ? `${documentation}/${id}.md` : undefined
}

/** How bad a rule is, in words. */
export function levelOf(told: Rule | Reason): string {
  if (!isRule(told)) return 'incomplete: not judged, and neither right nor wrong'
  return told.level === 'off' ? 'off, until `rules:` in .github/cnpg-steward.yaml switches it on' : told.level
}

export function isRule(told: Rule | Reason): told is Rule {
  return 'level' in told
}

/** What changes a rule's level or silences one finding; undefined where nothing does. */
export function decisionsAbout({ id }: Rule): { configuration: string; comment: string } | undefined {
  // with such a configuration nothing is judged, and what it changes is decided by nobody but the reader
  if (id.startsWith('config-') && id !== 'config-ignore-reason') return undefined
  return {
    configuration: `rules:
  ${id}:
    level: note # error, warning, note or off
    reason: why this repository wants it so`,
    comment: `# cnpg-steward: ignore ${id} why it is right here`,
  }
}

/** A rule, or a reason of the incomplete list, as a page of Markdown. */
export function rulePage(told: Rule | Reason): string {
  const parts = [
    `# \`${told.id}\``,
    told.title,
    `**Level:** ${levelOf(told)}`,
    `**Why:** ${told.why}`,
    `**Repair:** ${told.repair}`,
  ]
  if (isRule(told))
    parts.push(
      '## Fails',
      fenced(told.failing),
      '`# ←` marks what the finding points at.',
      '## Mended',
      fenced(told.mended),
      '## Where it comes from',
      familyOf(told.id).from,
      '## To decide otherwise',
      ...decisionLines(told),
    )
  return `${parts.join('\n\n')}\n`
}

function decisionLines(rule: Rule): string[] {
  const decisions = decisionsAbout(rule)
  if (decisions === undefined) return ['Neither the configuration nor a comment changes this rule.']
  return [
    'For the whole repository, in `.github/cnpg-steward.yaml`:',
    fenced(decisions.configuration),
    'For one line, as a comment at its end or alone on the line before; a review counts it once the base branch has it:',
    fenced(decisions.comment),
  ]
}

/** All pages by file name, README.md with the tables among them. */
export function rulePages(rules: readonly Rule[], reasons: readonly Reason[]): Map<string, string> {
  return new Map([
    ['README.md', indexOf(rules, reasons)],
    ...[...rules, ...reasons].map(told => [`${told.id}.md`, rulePage(told)] as const),
  ])
}

function indexOf(rules: readonly Rule[], reasons: readonly Reason[]): string {
  const tables = [...Map.groupBy(rules, ({ id }) => familyOf(id))]
    .toSorted(([a], [b]) => families.indexOf(a) - families.indexOf(b))
    .flatMap(([family, inFamily]) => [
      `## ${family.title}`,
      family.from,
      tableOf(
        ['rule', 'level', 'what holds where it is kept'],
        inFamily.map(rule => [linkTo(rule.id), rule.level, rule.title]),
      ),
    ])
  return `${[
    '# Rules',
    'What a finding can say. `cnpg-steward explain RULE` prints the same; made by `npm run generate` from the rules themselves.',
    ...tables,
    '## Why something was not judged',
    'The reasons of the incomplete list, which is printed beside every verdict.',
    tableOf(
      ['reason', 'what is the case'],
      reasons.map(reason => [linkTo(reason.id), reason.title]),
    ),
  ].join('\n\n')}\n`
}

function tableOf(head: string[], rows: string[][]): string {
  return [rowOf(head), `|${'---|'.repeat(head.length)}`, ...rows.map(rowOf)].join('\n')
}

function rowOf(cells: string[]): string {
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function linkTo(id: string): string {
  return `[\`${id}\`](${id}.md)`
}

/** An example may hold backticks, and no fence. */
function fenced(example: string): string {
  return `\`\`\`yaml\n${example}\n\`\`\``
}
