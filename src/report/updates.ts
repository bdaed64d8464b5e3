import { resourceLabel } from '../manifest/resource.ts'
import type { Choice } from '../versions/choose-update.ts'
import type { ReferenceUpdate } from '../versions/reference-update.ts'
import { keyDigest, packageName, updateKeyOf } from '../versions/update-key.ts'
import { assuranceLines } from './assurance.ts'
import { noCommands, oneLine } from './escape.ts'
import { plural } from './headline.ts'
import type { ReviewedProposal, ReviewedUpdates } from './reviewed-proposal.ts'
import { verdictLines, type TextOptions } from './text.ts'

/** What `--apply` did to a file, and what of it a person should read. */
export interface AppliedFile {
  file: string
  /** lines of comments that were corrected along */
  corrected: readonly number[]
  /** comments that name what is no longer true */
  stale: readonly { line: number; text: string; names: string }[]
  /** fields that changed along, as aliases */
  along: readonly string[]
  /** why nothing was written */
  refused?: string
}

/** Updates for a terminal: what is proposed, what is held back and why, what could be asked for, what is not known. */
export function updatesText(
  { updates, proposals, unread }: ReviewedUpdates,
  applied?: readonly AppliedFile[],
  options: TextOptions = {},
): string {
  const proposed = updates.filter(({ choice, held }) => choice !== undefined && held.length === 0)
  const held = updates.filter(update => update.held.length > 0)
  const asked = updates.filter(update => update.onRequest.length > 0)
  const remarked = updates.filter(update => update.remarks.length > 0)
  const unknown = updates.filter(update => update.unknown !== undefined)
  const counts = [
    plural(updates.length, 'reference'),
    `${proposed.length} to update`,
    `${held.length} held back`,
    `${unknown.length + unread.length} not known`,
  ].join(' · ')
  return `${[
    proposals.length === 0
      ? ''
      : ['Updates', ...proposals.flatMap(proposal => proposalLines(proposal, options))].join('\n'),
    section(
      'Held back',
      held.flatMap(update => update.held.map(why => `${place(update)} ${step(update)}: ${why}`)),
    ),
    section(
      'On request (--allow CLASS, or --allow KEY for one alone)',
      asked.flatMap(update =>
        update.onRequest.map(
          choice =>
            `${place(update)} ${named(update)} ${change(update, choice)} ${keyDigest(updateKeyOf(update.reference, choice))}`,
        ),
      ),
    ),
    section(
      'Remarks',
      remarked.flatMap(update =>
        update.remarks.map(remark => `${place(update)} ${named(update)}: ${remark}`),
      ),
    ),
    section('Not known', [
      ...unknown.map(update => `${place(update)} ${named(update)}: ${update.unknown ?? ''}`),
      ...unread.map(({ file, reason }) => `${file} ${reason}`),
    ]),
    applied === undefined ? '' : section('Written', applied.flatMap(appliedLines)),
    counts,
  ]
    .filter(part => part !== '')
    .join('\n\n')}\n`
}

/** Its members, and below them what the review says and what it waits for. */
function proposalLines(proposal: ReviewedProposal, options: TextOptions): string[] {
  const { members, holds, review, unreviewed, todo = [], stale = [], key } = proposal
  const below = [
    ...new Set(members.flatMap(assuranceLines)),
    ...holds.map(({ message, repair }) => `waits: ${message}${repair === undefined ? '' : ` ${repair}`}`),
    ...(review === undefined ? [`❔ not reviewed: ${unreviewed ?? ''}`] : verdictLines(review, options)),
    ...todo.map(({ message, repair }) => `to do: ${message} ${repair}`),
    ...stale.map(({ file, line, text }) => `${file}:${line} look at this comment: ${text}`),
  ]
  const [first = '', ...rest] = members.map(member => `${place(member)} ${step(member)}`)
  return [
    `  ${oneLine(`${first} ${key}`)}`,
    ...rest.map(line => `  + ${oneLine(line)}`),
    ...below.map(line => `      ${noCommands(line)}`),
  ]
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines.map(line => `  ${oneLine(line)}`)].join('\n')
}

export function place({ reference: { place: at } }: ReferenceUpdate): string {
  return `${at.file}:${at.line}`
}

function named({ reference: { package: target, owner } }: ReferenceUpdate): string {
  return `${packageName(target)}${owner === undefined || owner.name === '' ? '' : ` (${resourceLabel(owner)})`}`
}

export function step(update: ReferenceUpdate): string {
  return `${named(update)}${update.choice === undefined ? '' : ` ${change(update, update.choice)}`}`
}

function change(
  { reference: { current } }: ReferenceUpdate,
  { version, digest, classes, release }: Choice,
): string {
  const to =
    version === current.version
      ? `${version} ${short(current.digest)} → ${short(digest)}`
      : `${current.version ?? ''} → ${version}`
  const runs =
    release === undefined || `${release.from ?? ''} → ${release.to}` === to
      ? ''
      : `, ${release.from ?? '?'} → ${release.to}`
  return `${to} [${classes.join(', ')}${runs}]`
}

function short(digest: string | undefined): string {
  return digest === undefined ? '(no digest)' : digest.slice(0, 'sha256:'.length + 12)
}

function appliedLines({ file, corrected, stale, along, refused }: AppliedFile): string[] {
  if (refused !== undefined) return [`${file} not written: ${refused}`]
  return [
    file,
    ...along.map(field => `${file} ${field} changed along`),
    ...corrected.map(line => `${file}:${line} comment corrected`),
    ...stale.map(({ line, text }) => `${file}:${line} look at this comment: ${text}`),
  ]
}
