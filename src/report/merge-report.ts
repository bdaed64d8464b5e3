import type { Follow } from '../status/follow/follow.ts'
import type { RevertAdvice } from '../updates/revert-advice.ts'
import { code, html } from './escape.ts'
import { followMarkdown } from './follow-markdown.ts'
import { COMMENT_LIMIT } from './markdown.ts'

/** The check run on a merge commit; another one than the review's, which branch protection asks for. */
export const MERGE_CHECK_NAME = 'cnpg-steward after the merge'
/** Finds the comment on the merged pull request again. */
export const MERGE_MARKER = '<!-- cnpg-steward:merged -->'

/** Where a commit stands in one cluster. */
export type ClusterReport = { cluster: string } & (
  | { state: 'followed'; follow: Follow }
  /** its branch does not have the commit yet */
  | { state: 'waits'; branch: string }
  /** it is not waited for any more; why, in one sentence */
  | { state: 'given-up'; why: string }
)

/** Where a commit stands, in all clusters that it touches and that may be looked at. */
export interface MergeReport {
  commit: string
  branch: string
  clusters: readonly ClusterReport[]
  /** databases that the configuration does not let be shown */
  hidden: number
  /** what the review could not judge: it may touch more */
  unjudged: number
}

/** What a check run says; without conclusion it is in progress. */
export interface MergeCheck {
  title: string
  summary: string
  conclusion?: 'success' | 'failure' | 'neutral'
}

/**
 * The comment on the merged pull request.
 * @param advice of an update: whether it can be taken back, which is said where it has not arrived
 */
export function mergeComment(report: MergeReport, advice?: RevertAdvice): string {
  const parts = [MERGE_MARKER, `## ${headline(report, code)}`]
  if (advice !== undefined && hasFailed(report)) parts.push(adviceText(advice))
  return clipped([...parts, ...sections(report)].join('\n\n'))
}

/** Somewhere it has come to a bad end, as far as that could be seen. */
function hasFailed({ clusters }: MergeReport): boolean {
  return clusters.some(
    each => each.state === 'followed' && each.follow.outcome === 'failed' && each.follow.blind === undefined,
  )
}

function adviceText({ safe, reason }: RevertAdvice): string {
  return safe
    ? `↩️ \`/cnpg revert\` takes it back: ${html(lower(reason))}`
    : `⛔ A revert does not safely take it back: ${html(lower(reason))}`
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}

/**
 * The check of the merge commit. A cluster whose branch follows later does not keep it open: its branch may be moved by somebody who
 * waits for this very check.
 */
export function mergeCheck(report: MergeReport): MergeCheck {
  const conclusion = conclusionOf(report)
  return {
    title: headline(report, name => name),
    summary: clipped(sections(report).join('\n\n')),
    ...(conclusion === undefined ? {} : { conclusion }),
  }
}

function conclusionOf({ clusters }: MergeReport): MergeCheck['conclusion'] {
  const outcomes = clusters.map(each => (each.state === 'followed' ? each.follow.outcome : each.state))
  if (outcomes.includes('progress')) return undefined
  if (outcomes.includes('failed')) return 'failure'
  const started = outcomes.filter(outcome => outcome !== 'waits')
  return started.length > 0 && started.every(outcome => outcome === 'done') ? 'success' : 'neutral'
}

/** 'Arrived on infra; apps follows with release' */
function headline({ clusters }: MergeReport, written: (name: string) => string): string {
  const words = clusters.map(each => {
    const name = written(each.cluster)
    switch (each.state) {
      case 'followed': {
        const { outcome, steps, blind } = each.follow
        if (outcome === 'done') return `✅ arrived on ${name}`
        if (outcome === 'overtaken') return `⏭️ overtaken on ${name}`
        if (outcome === 'failed')
          return blind === undefined ? `🛑 not arrived on ${name}` : `❔ ${name} cannot be read`
        if (blind !== undefined) return `❔ ${name} cannot be read`
        return steps.some(({ state }) => state === 'in-the-way' || state === 'late')
          ? `🔶 held up on ${name}`
          : `⏳ on its way to ${name}`
      }
      case 'waits':
        return `${name} follows with ${written(each.branch)}`
      case 'given-up':
      default:
        return `❔ not followed on ${name}`
    }
  })
  return words.join(' · ')
}

function sections({ commit, branch, clusters, hidden, unjudged }: MergeReport): string[] {
  const parts = clusters.map(each => {
    switch (each.state) {
      case 'followed':
        return followMarkdown(each.follow)
      case 'waits':
        return `${code(each.cluster)} follows when ${code(each.branch)} has ${code(commit.slice(0, 7))}.`
      case 'given-up':
      default:
        return `${code(each.cluster)} is not followed any more: ${html(each.why)}`
    }
  })
  const notes = [
    ...(hidden === 0
      ? []
      : [
          `${hidden} ${hidden === 1 ? 'database is' : 'databases are'} not shown: the bot's configuration does not allow the namespace.`,
        ]),
    ...(unjudged === 0
      ? []
      : [
          `${unjudged} ${unjudged === 1 ? 'part' : 'parts'} of the change could not be judged: what they touch is not followed.`,
        ]),
  ]
  return [...parts, ...notes, `<sub>${commit.slice(0, 7)} on ${html(branch)}</sub>`]
}

/** Steps of very many units; each line is clipped already, so that none is cut within. */
function clipped(text: string): string {
  if (text.length <= COMMENT_LIMIT) return text
  const kept = text.slice(0, COMMENT_LIMIT - 200)
  return `${kept.slice(0, kept.lastIndexOf('\n'))}\n\n(The rest is too long for GitHub.)`
}
