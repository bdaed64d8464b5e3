import { OPERATOR_FACTS, openAdvisories } from '../cnpg/release/release-facts.ts'
import { compareVersions } from '../manifest/compare-versions.ts'
import { resourceLabel } from '../manifest/resource.ts'
import type { ProposalMember } from '../versions/proposal.ts'
import { packageName } from '../versions/update-key.ts'
import { assuranceMarkdown } from './assurance.ts'
import { clip, code, html, inline, link } from './escape.ts'
import { headline } from './headline.ts'
import type { ReviewedProposal } from './reviewed-proposal.ts'
import { verdictMarkdown } from './updates-markdown.ts'

/** GitHub's limit is 65,536; history, box and hidden line come on top. */
const LONGEST = 50_000
const RELEASES = 'https://github.com/cloudnative-pg/cloudnative-pg/releases/tag'
const RELEASE = /^\d+\.\d+\.\d+$/

/**
 * What the pull request of an update says: versions, the verdict, what it does to each cluster and when that gets it, what the project
 * says of each release on the way. Text of others is escaped and notifies nobody.
 */
export function updateBody(proposal: ReviewedProposal): string {
  const { members, review, unreviewed, stale = [], todo = [] } = proposal
  const rows = members.map(
    member =>
      `| ${inline(packageName(member.reference.package))} | ${versions(member)} | ${html(member.choice.classes.join(', '))} | ${member.reference.owner === undefined ? '' : code(resourceLabel(member.reference.owner))} | ${code(`${member.reference.place.file}:${member.reference.place.line}`)} |`,
  )
  const table = ['| package | change | kind | of | where |', '|---|---|---|---|---|', ...new Set(rows)].join(
    '\n',
  )
  const verdict =
    review === undefined
      ? `❔ Not reviewed: ${inline(unreviewed ?? '')}`
      : [`### ${html(headline(review))}`, verdictMarkdown(review).split('\n').slice(1).join('\n')]
          .filter(part => part !== '')
          .join('\n\n')
  const clusters =
    review === undefined || review.stats.clusters.length === 0
      ? ''
      : `Reaches ${review.stats.clusters.map(one => `**${html(one)}**`).join(', ')}.`
  const remarks = [...new Set(members.flatMap(member => member.remarks))]
  const assurance = [...new Set(members.flatMap(assuranceOf))].map(line => `- ${line}`).join('\n')
  const parts = [
    table,
    assurance,
    verdict,
    clusters,
    todo.length === 0
      ? ''
      : [
          '**To be seen to before it is merged**',
          ...todo.map(({ message, repair }) => `- ${inline(message)} ${inline(repair)}`),
        ].join('\n'),
    ...releasesOf(members),
    details(
      'Comments that will no longer be true',
      stale.map(({ file, line, text }) => `${code(`${file}:${line}`)} ${code(text)}`),
    ),
    details('Remarks', remarks.map(inline)),
  ].filter(part => part !== '')
  return fitted(parts)
}

/** Several packages may go together, each signed by somebody else. */
function assuranceOf(member: ProposalMember): string[] {
  const of = `${packageName(member.reference.package)} ${member.choice.version}`
  return assuranceMarkdown(member).map(line => `${code(of)} ${line}`)
}

/** Whole parts only: what has no room is named. */
function fitted(parts: readonly string[]): string {
  const kept: string[] = []
  let length = 0
  for (const part of parts) {
    length += part.length + 2
    if (length > LONGEST) {
      kept.push('The rest has no room here; `cnpg-steward updates` prints all of it.')
      break
    }
    kept.push(part)
  }
  return kept.join('\n\n')
}

function versions({ reference: { current }, choice }: ProposalMember): string {
  const from = current.version ?? ''
  const pinned = choice.digest === undefined ? '' : ` ${code(choice.digest.slice(0, 'sha256:'.length + 12))}`
  if (choice.version === from)
    return `${code(from)} ${code((current.digest ?? 'no digest').slice(0, 'sha256:'.length + 12))} →${pinned}`
  return `${code(from)} → ${code(choice.version)}${pinned}`
}

/** Each release of the operator on the way, with what the project calls important, and the advisories that are fixed by it. */
function releasesOf(members: readonly ProposalMember[]): string[] {
  const steps = members.flatMap(({ choice: { classes, release } }) =>
    classes.some(kind => kind.startsWith('operator-')) && release?.from !== undefined
      ? [{ from: release.from, to: release.to }]
      : [],
  )
  const [step] = steps
  if (step === undefined || !RELEASE.test(step.from) || !RELEASE.test(step.to)) return []
  const { from, to } = step
  const passed = Object.entries(OPERATOR_FACTS.releases)
    .filter(([version]) => compareVersions(version, from) > 0 && compareVersions(version, to) <= 0)
    .toSorted(([a], [b]) => compareVersions(b, a))
  const known = passed.some(([version]) => version === to)
  const lines = passed.map(([version, { released, important = [] }]) =>
    [
      `${link(`CloudNativePG ${version}`, `${RELEASES}/v${version}`)}, ${released}`,
      ...important.map(text => `  - ${inline(clip(text, 500))}`),
    ].join('\n'),
  )
  const still = new Set(openAdvisories(to).flatMap(({ ids }) => ids))
  const fixed = openAdvisories(from).filter(({ ids }) => !ids.some(id => still.has(id)))
  return [
    `**Operator ${html(from)} → ${html(to)}**${known ? '' : ' (its notes are newer than what is known here)'}`,
    fixed.length === 0
      ? ''
      : `Fixes ${fixed.map(({ ids, title }) => `${code(ids[0] ?? '')} ${inline(title)}`).join(', ')}.`,
    details('Releases on the way', lines),
  ].filter(part => part !== '')
}

function details(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `<details><summary>${title} (${lines.length})</summary>\n\n${lines.map(line => `- ${line}`).join('\n')}\n\n</details>`
}
