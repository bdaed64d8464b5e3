import { resourceLabel } from '../manifest/resource.ts'
import type { Choice } from '../versions/choose-update.ts'
import type { ProposedUpdates, ReferenceUpdate } from '../versions/reference-update.ts'
import { packageName } from '../versions/update-key.ts'
import { oneLine } from './escape.ts'
import { plural } from './headline.ts'
import { prettyJson } from './json.ts'

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
export function updatesText({ updates, unread }: ProposedUpdates, applied?: readonly AppliedFile[]): string {
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
    section(
      'Updates',
      proposed.map(update => `${place(update)} ${step(update)}`),
    ),
    section(
      'Held back',
      held.flatMap(update => update.held.map(why => `${place(update)} ${step(update)}: ${why}`)),
    ),
    section(
      'On request (--allow CLASS)',
      asked.flatMap(update =>
        update.onRequest.map(choice => `${place(update)} ${named(update)} ${change(update, choice)}`),
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

/** The JSON of `updates --output json`; src/report/schema/updates.schema.json describes it. */
export function updatesJson({ updates, unread }: ProposedUpdates, applied?: readonly AppliedFile[]): string {
  return prettyJson({
    version: 1,
    updates: updates.map(({ reference, choice, held, onRequest, remarks, unknown }) => ({
      file: reference.place.file,
      line: reference.place.line,
      role: reference.role,
      package: packageName(reference.package),
      ...(reference.owner === undefined ? {} : { resource: reference.owner }),
      current: reference.current,
      state:
        unknown !== undefined
          ? 'unknown'
          : held.length > 0
            ? 'held'
            : choice !== undefined
              ? 'proposed'
              : 'current',
      ...(choice === undefined ? {} : { proposal: choice }),
      held,
      onRequest,
      remarks,
      ...(unknown === undefined ? {} : { unknown }),
    })),
    unread,
    ...(applied === undefined ? {} : { applied }),
  })
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines.map(line => `  ${oneLine(line)}`)].join('\n')
}

function place({ reference: { place: at } }: ReferenceUpdate): string {
  return `${at.file}:${at.line}`
}

function named({ reference: { package: target, owner } }: ReferenceUpdate): string {
  return `${packageName(target)}${owner === undefined || owner.name === '' ? '' : ` (${resourceLabel(owner)})`}`
}

function step(update: ReferenceUpdate): string {
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
