import { posix } from 'node:path'
import { assureUpdates, type AssuranceTools } from './assure-updates.ts'
import { chooseFor, plainVersion, type Selection } from './choose-version.ts'
import type { UpdatesConfig } from './config/updates-config.ts'
import { followMajors } from './follow-majors.ts'
import type { Tree } from './manifest/tree.ts'
import { VersionAnswers } from './version-answers.ts'
import { CLASSES } from './config/updates-config.ts'
import { allowedBy, heldBy } from './versions/choose-update.ts'
import { findReferences } from './versions/find-references.ts'
import { groupOf, matchesPackage } from './versions/linked-updates.ts'
import { makeProposals } from './versions/make-proposals.ts'
import type { VersionReference } from './versions/reference.ts'
import type { ProposedUpdates, ReferenceUpdate } from './versions/reference-update.ts'
import { updateEdits } from './versions/update-edits.ts'
import { packageName } from './versions/update-key.ts'
import type { VersionSource } from './versions/version-source.ts'

export interface UpdateRequest {
  tree: Tree
  config: UpdatesConfig
  /** classes, and keys of updates, that a person asked for beyond what is done unasked */
  allow: readonly string[]
  /** ISO time */
  now: string
  /** files that something applies; absent: not known, so that all are taken for applied */
  applied?: ReadonlySet<string>
}

export interface UpdateTools {
  source: VersionSource
  /** who signed what is proposed, and how long it is out; absent: nobody looks */
  assurance?: AssuranceTools
  progress: (message: string) => void
}

// so many packages are asked for at a time, whatever their hosts
const AT_ONCE = 6

/**
 * What could be updated in a tree: finds every version, asks for newer ones, chooses by class, and puts together what moves
 * together. Nothing is changed. A source that does not answer leaves its own references unknown and no others.
 */
export async function proposeUpdates(request: UpdateRequest, tools: UpdateTools): Promise<ProposedUpdates> {
  const { references, unread } = await findReferences(request.tree)
  const answers = new VersionAnswers(tools.source)
  tools.progress(`asking for ${new Set(references.map(one => packageName(one.package))).size} packages`)
  const within = await lockedVersions(references, request, answers)
  const updates: ReferenceUpdate[] = []
  for (let at = 0; at < references.length; at += AT_ONCE) {
    const some = references.slice(at, at + AT_ONCE)
    updates.push(
      ...(await Promise.all(
        some.map(async reference => await updateOf(reference, request, within(reference), answers)),
      )),
    )
  }
  const followed = await followMajors(
    updates,
    answers,
    (reference, major) => ({
      allowed: allowedBy(request.config, [], reference.override, { major: String(major) }),
      keys: new Set(),
    }),
    (reference, found) => withEdits(reference, found, request),
  )
  const assured =
    tools.assurance === undefined
      ? followed
      : await assureUpdates(followed, request, { ...tools.assurance, source: tools.source })
  return { updates: assured, unread, proposals: makeProposals(assured, request.config, request.now) }
}

async function updateOf(
  reference: VersionReference,
  request: UpdateRequest,
  within: ReadonlySet<string> | undefined,
  answers: VersionAnswers,
): Promise<ReferenceUpdate> {
  const remarks = reference.remarks.map(({ message }) => message)
  const nothing = { reference, held: [], onRequest: [], remarks }
  const left = leftAlone(reference, request)
  if (left !== undefined) return { ...nothing, held: left === '' ? [] : [left] }
  const version = reference.current.version ?? ''
  const found = await chooseFor(
    reference,
    version,
    { ...selectionOf(reference, request), ...(within === undefined ? {} : { within }) },
    answers,
  )
  return 'unknown' in found ? { ...nothing, unknown: found.unknown } : withEdits(reference, found, request)
}

/** Why a reference is not even asked for; '' where there is nothing to say; undefined: it is. */
function leftAlone(reference: VersionReference, { config, now, applied }: UpdateRequest): string | undefined {
  const { current, override, role, place } = reference
  if (override?.action === 'ignore') return heldBy(override, now) ?? ''
  if (
    current.version === undefined ||
    current.range !== undefined ||
    role === 'remote' ||
    /\$\{|\{\{|<</.test(current.version)
  )
    return reference.obstacle?.message ?? ''
  if (config.ignorePaths.some(glob => posix.matchesGlob(place.file, glob)))
    return 'The configuration leaves this file to others (updates.ignorePaths).'
  if (config.ignorePackages.some(glob => matchesPackage(packageName(reference.package), glob)))
    return 'The configuration leaves this package to others (updates.ignorePackages).'
  // where nobody knows what is applied, a hidden directory is still an archive
  if (applied === undefined ? /(?:^|\/)\.[^/]+\//.test(place.file) : !applied.has(place.file))
    return 'Nothing that is known applies this file.'
  if (reference.remarks.some(({ kind }) => kind === 'catalog-major'))
    return 'The image and the major of its catalog entry differ: mend that first.'
  return undefined
}

function selectionOf({ override, role }: VersionReference, { config, allow }: UpdateRequest): Selection {
  const classes = allow.filter(
    // a dump goes to another major with its server, see followMajors
    one => CLASSES.includes(one) && !(one === 'pg-major' && role === 'dump'),
  )
  return {
    allowed: allowedBy(config, classes, override),
    keys: new Set(allow.filter(one => !CLASSES.includes(one))),
  }
}

function withEdits(
  reference: VersionReference,
  { choice, onRequest, remarks }: Exclude<Awaited<ReturnType<typeof chooseFor>>, { unknown: string }>,
  { now }: UpdateRequest,
): ReferenceUpdate {
  const all = {
    reference,
    onRequest,
    remarks: [...reference.remarks.map(({ message }) => message), ...remarks],
  }
  if (choice === undefined) return { ...all, held: [] }
  const edits = updateEdits(
    reference,
    { version: choice.version, ...(choice.digest === undefined ? {} : { digest: choice.digest }) },
    true,
  )
  if (!edits.ok) return { ...all, choice, held: [edits.problem] }
  const held = heldBy(reference.override, now.slice(0, 10))
  if (held === undefined) return { ...all, choice, edits, held: [] }
  const until = reference.override?.until
  return {
    ...all,
    choice,
    edits,
    held: [held],
    holds: [
      { kind: 'comment', message: held, ...(until === undefined ? {} : { until: `${until}T00:00:00.000Z` }) },
    ],
  }
}

/** The versions that all packages of a lock-step group have; undefined where the group of a reference is none, or is not known. */
async function lockedVersions(
  references: readonly VersionReference[],
  request: UpdateRequest,
  answers: VersionAnswers,
): Promise<(reference: VersionReference) => ReadonlySet<string> | undefined> {
  const { groups } = request.config
  const members = (name: string) =>
    references.filter(
      reference =>
        groupOf(packageName(reference.package), groups)?.name === name &&
        leftAlone(reference, request) === undefined,
    )
  const common = new Map<string, ReadonlySet<string>>()
  for (const { name, lockStep } of groups) {
    if (!lockStep) continue
    let shared: Set<string> | undefined
    let isKnown = true
    for (const { package: target } of members(name)) {
      if (target.kind === 'unknown' || target.kind === 'remote') continue
      const versions = await answers.versions(target)
      if (versions.outcome !== 'present') isKnown = false
      else {
        const plain = new Set([...versions.value.keys()].map(plainVersion))
        shared = new Set([...plain].filter(version => shared?.has(version) !== false))
      }
    }
    if (isKnown && shared !== undefined) common.set(name, shared)
  }
  return ({ package: target }) => common.get(groupOf(packageName(target), groups)?.name ?? '')
}
