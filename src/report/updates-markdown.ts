import { isWaiting } from '../versions/proposal.ts'
import { assuranceMarkdown } from './assurance.ts'
import { code, html, inline } from './escape.ts'
import { headline, harm, impactIcon, LEVEL_ICON, plural } from './headline.ts'
import { resourceLabel } from '../manifest/resource.ts'
import { unjudgedNow, type Review } from './review.ts'
import type { ReviewedProposal, ReviewedUpdates } from './reviewed-proposal.ts'
import { place, step } from './updates.ts'

/** Updates for a page of GitHub: each proposal with its verdict, what it waits for, what could be asked for. */
export function updatesMarkdown({ updates, proposals, unread }: ReviewedUpdates): string {
  const unknown = updates.filter(update => update.unknown !== undefined)
  const held = updates.filter(update => update.held.length > 0 && update.holds === undefined)
  const asked = updates.filter(update => update.onRequest.length > 0)
  const parts = [
    `## ${[plural(proposals.length, 'update'), plural(updates.length, 'reference'), `${unknown.length + unread.length} not known`].join(' · ')}`,
    ...proposals.map(proposalMarkdown),
    details(
      'Held back',
      held.flatMap(update => update.held.map(why => `${code(place(update))} ${inline(why)}`)),
    ),
    details(
      'On request',
      asked.map(
        update =>
          `${code(place(update))} ${update.onRequest.map(({ version, classes }) => `${code(version)} (${html(classes.join(', '))})`).join(', ')}`,
      ),
    ),
    details('Remarks', [
      ...new Set(
        updates.flatMap(update => update.remarks.map(remark => `${code(place(update))} ${inline(remark)}`)),
      ),
    ]),
    details('Not known', [
      ...unknown.map(update => `${code(place(update))} ${inline(update.unknown ?? '')}`),
      ...unread.map(({ file, reason }) => `${code(file)} ${inline(reason)}`),
    ]),
  ]
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

function proposalMarkdown({
  name,
  key,
  members,
  holds,
  review,
  unreviewed,
  todo = [],
  stale = [],
}: ReviewedProposal): string {
  return [
    `### ${html(name)} ${code(key)}`,
    members
      .flatMap(member => [
        `- ${inline(`${place(member)} ${step(member)}`)}`,
        ...assuranceMarkdown(member).map(line => `  - ${line}`),
      ])
      .join('\n'),
    review === undefined ? `❔ Not reviewed: ${inline(unreviewed ?? '')}` : verdictMarkdown(review),
    holds
      .map(hold => `- ${isWaiting(hold) ? '⏳' : '✋'} ${inline(`${hold.message} ${hold.repair ?? ''}`)}`)
      .join('\n'),
    todo.map(({ message, repair }) => `- [ ] ${inline(message)} ${inline(repair)}`).join('\n'),
    stale
      .map(({ file, line, text }) => `- 📝 ${code(`${file}:${line}`)} ${code(text)} is no longer true.`)
      .join('\n'),
  ]
    .filter(part => part !== '')
    .join('\n\n')
}

/** The verdict with its findings and impacts, a line each. */
export function verdictMarkdown(review: Review): string {
  const isWide = review.stats.clusters.length > 1
  const lines = [
    ...review.findings.map(
      ({ level, file, line, resource, message, repair }) =>
        `${LEVEL_ICON[level]} ${at(file, line)}${resource === undefined ? '' : `${inline(resourceLabel(resource))}: `}${inline(message)}${repair === undefined ? '' : ` ${inline(repair)}`}`,
    ),
    ...review.impacts
      .filter(({ impact }) => impact !== 'none')
      .toSorted((a, b) => harm(a.impact) - harm(b.impact))
      .map(
        ({ impact, cluster, file, line, resource, reason }) =>
          `${impactIcon(impact)} ${at(file, line)}${inline(resourceLabel(resource))}: ${inline(reason)} (${impact}${isWide ? ` on **${html(cluster)}**` : ''})`,
      ),
    ...unjudgedNow(review).map(
      ({ message, affected }) => `❔ ${inline(message)} ${inline(affected.slice(0, 5).join(', '))}`,
    ),
  ]
  return [html(headline(review)), ...lines.map(line => `- ${line}`)].join('\n')
}

function at(file?: string, line?: number): string {
  return file === undefined ? '' : `${code(`${file}:${line ?? 1}`)} `
}

function details(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `<details><summary>${title} (${lines.length})</summary>\n\n${lines.map(line => `- ${line}`).join('\n')}\n\n</details>`
}
