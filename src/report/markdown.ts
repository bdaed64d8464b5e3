import { changeSections } from './change-sections.ts'
import { clip, code, html, link } from './escape.ts'
import { footer, headline, plural, revisionName } from './headline.ts'
import { notJudged } from './not-judged.ts'
import { fitting, problems, type LinkTo, type RuleUrl } from './problems.ts'
import { withoutOnlyCluster, type Review } from './review.ts'

/** What the sticky comment is found again by, beside its author. */
export const REVIEW_MARKER = '<!-- cnpg-steward:review -->'

/**
 * GitHub says 'maximum is 65536 characters'. Measured by others it counts code points (pull request bodies) or takes 262,144
 * bytes (comments); UTF-16 units are never fewer than code points, and 65,536 of them at most 196,608 bytes: safe either way.
 */
export const COMMENT_LIMIT = 65_536
/** A job summary holds 1 MiB of bytes a step. */
export const SUMMARY_LIMIT = 1024 * 1024

export interface MarkdownOptions {
  linkTo?: LinkTo
  /** absent: rules are not named */
  ruleUrl?: RuleUrl
  /** where the whole report is, for what does not fit */
  summaryUrl?: string
  /** what stands there, in markdown; 'the job summary' by default */
  wholeName?: string
  /** UTF-16 units */
  budget?: number
}

// Room that what is not judged gets at least, and what stands around it all takes at most.
const UNJUDGED_LEAST = 1000
const FOOT_MOST = 3000
const CLUSTERS = 20
const NAME = 120

/** The sticky comment. Findings and impacts are never cut; diffs get what space is left. */
export function reviewComment(review: Review, options: MarkdownOptions = {}): string {
  const name = options.wholeName ?? 'the job summary'
  const whole = options.summaryUrl === undefined ? name : link(name, options.summaryUrl)
  return compose(review, options, {
    budget: options.budget ?? Math.min(review.budgets?.comment ?? COMMENT_LIMIT, COMMENT_LIMIT),
    whole,
    diffLines: review.budgets?.diffLines,
  })
}

/** The job summary: the same with more room. */
export function reviewSummary(review: Review, options: MarkdownOptions = {}): string {
  const whole = 'the JSON of this review (output `review-file`)'
  return withinBytes(SUMMARY_LIMIT, budget =>
    compose(review, options, {
      budget: Math.min(budget, options.budget ?? budget),
      whole,
      diffLines: undefined,
    }),
  )
}

/**
 * Text within a limit of UTF-8 bytes.
 * @param print gives the text within a budget of UTF-16 units
 */
export function withinBytes(limit: number, print: (budget: number) => string): string {
  let budget = limit
  for (;;) {
    const text = print(budget)
    const bytes = new TextEncoder().encode(text).byteLength
    if (bytes <= limit || budget < UNJUDGED_LEAST) return text
    budget = Math.floor((budget * limit) / bytes) - 1
  }
}

function compose(
  review: Review,
  { linkTo, ruleUrl }: MarkdownOptions,
  { budget, whole, diffLines }: { budget: number; whole: string; diffLines: number | undefined },
): string {
  const head = [REVIEW_MARKER, `## ${headline(review)}`, revisionLine(review)].join('\n')
  const foot = `<sub>${fitting(
    footer(review).map(part => html(clip(part, 500))),
    FOOT_MOST,
  ).join(' · ')}</sub>`
  // the line for what is left out, and what stands between the parts
  const fixed = head.length + foot.length + whole.length + 100
  const { changes, incomplete } = withoutOnlyCluster(review)
  const least = review.incomplete.length > 0 ? Math.min(UNJUDGED_LEAST, budget / 4) : 0
  const table = problems(review, {
    room: budget - fixed - least,
    whole,
    linkTo,
    ruleUrl,
    column: 'what merging does',
  })
  const unjudged = notJudged(
    incomplete,
    Math.max(least, Math.min(budget / 4, budget - fixed - table.length)),
    linkTo,
  )
  const { text, left } = changeSections(changes, budget - fixed - table.length - unjudged.length, diffLines)
  const rest = left === 0 ? '' : `${plural(left, 'change')} without diff here: the rest is in ${whole}.`
  return [head, table, text, unjudged, rest, foot].filter(part => part !== '').join('\n\n')
}

function revisionLine({ base, head, stats }: Review): string {
  const clusters = stats.clusters.slice(0, CLUSTERS).map(text => {
    const [name = '', ...when] = clip(text, NAME).split(' ')
    return `cluster **${html(name)}** ${html(when.join(' '))}`.trim()
  })
  if (stats.clusters.length > CLUSTERS) clusters.push(`${stats.clusters.length - CLUSTERS} more`)
  return [
    `${code(clip(revisionName(base), NAME))} → ${code(clip(revisionName(head), NAME))}`,
    ...(clusters.length > 0 ? [clusters.join(', ')] : []),
  ].join(' · ')
}
