import type { Finding, Unjudged } from '../manifest/finding.ts'
import { clip, html } from './escape.ts'
import { LEVEL_ICON, plural } from './headline.ts'
import { COMMENT_LIMIT, type MarkdownOptions } from './markdown.ts'
import { notJudged } from './not-judged.ts'
import { problems } from './problems.ts'

/** What `validate` looked at. */
export interface ValidationScope {
  /** 'work tree', or the reference */
  tree: string
  stats: {
    objects: number
    kustomizations: number
    helmReleases: number
    /** 'operator 1.28.0 from chart 0.27.0', 'Flux 2.9 rules' */
    versions: string[]
  }
}

/** The findings of `validate` as Markdown: the tables of a review, without what only a change has. */
export function findingsMarkdown(
  findings: readonly Finding[],
  incomplete: readonly Unjudged[],
  { linkTo, ruleUrl, budget = COMMENT_LIMIT, scope }: MarkdownOptions & { scope?: ValidationScope } = {},
): string {
  const icon = iconOf(findings, incomplete)
  const head = `## ${icon} ${findingCounts(findings, incomplete)}`
  const foot =
    scope === undefined
      ? ''
      : `<sub>${scopeParts(scope)
          .map(part => html(clip(part, 200)))
          .join(' · ')}</sub>`
  const room = budget - head.length - foot.length - 20
  const whole = 'the JSON (`--output json`)'
  const table = problems(
    { findings, impacts: [] },
    { room: room * 0.75, whole, linkTo, ruleUrl, column: 'what is wrong' },
  )
  const unjudged = notJudged(incomplete, room - table.length, linkTo)
  return [head, table, unjudged, foot].filter(part => part !== '').join('\n\n')
}

function iconOf(findings: readonly Finding[], incomplete: readonly Unjudged[]): string {
  if (findings.some(({ level }) => level === 'error')) return LEVEL_ICON.error
  if (incomplete.length > 0) return '❔'
  return findings.some(({ level }) => level === 'warning') ? LEVEL_ICON.warning : '✅'
}

/** '1 error, 2 warnings, 0 not judged' */
export function findingCounts(findings: readonly Finding[], incomplete: readonly Unjudged[]): string {
  const errors = findings.filter(({ level }) => level === 'error').length
  const warnings = findings.filter(({ level }) => level === 'warning').length
  return `${plural(errors, 'error')}, ${plural(warnings, 'warning')}, ${incomplete.length} not judged`
}

/** The parts of the last line: what was looked at, with which versions. */
export function scopeParts({ tree, stats }: ValidationScope): string[] {
  return [
    tree,
    `${plural(stats.objects, 'object')} of ${plural(stats.kustomizations, 'Kustomization')} and ${plural(stats.helmReleases, 'HelmRelease')}`,
    ...stats.versions,
  ]
}
