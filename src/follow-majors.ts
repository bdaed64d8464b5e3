import { chooseFor, type Selection } from './choose-version.ts'
import { isProjectPostgres } from './manifest/image-reference.ts'
import type { Found, VersionAnswers } from './version-answers.ts'
import type { Hold } from './versions/proposal.ts'
import { readPostgresTag } from './versions/postgres-tag.ts'
import type { VersionReference } from './versions/reference.ts'
import type { ReferenceUpdate } from './versions/reference-update.ts'
import { packageName } from './versions/update-key.ts'
import { extensionForMajor } from './versions/extension-tag.ts'

/** Makes an update of what was found for a reference. */
export type Finish = (
  reference: VersionReference,
  found: Exclude<Found, { unknown: string }>,
) => ReferenceUpdate

/**
 * Moves along with a new major of a server what is tied to it: its extensions' images, which are built for one major, and the dumps
 * that read from it, since pg_dump refuses newer servers. What cannot follow holds the server back.
 * @param selection what may be chosen for a reference that must go to a major
 */
export async function followMajors(
  updates: readonly ReferenceUpdate[],
  answers: VersionAnswers,
  selection: (reference: VersionReference, major: number) => Selection,
  finish: Finish,
): Promise<ReferenceUpdate[]> {
  const followed = [...updates]
  for (const [index, server] of updates.entries()) {
    const { reference, choice } = server
    if (reference.role !== 'postgres' || choice?.classes.includes('pg-major') !== true) continue
    const [from, to] = [majorOf(reference, reference.current.version), majorOf(reference, choice.version)]
    if (from === undefined || to === undefined) continue
    const holds: Hold[] = []
    for (const [at, update] of followed.entries()) {
      const { reference: other } = update
      if (!belongsTo(other, reference) || other.current.version === undefined) continue
      const major = majorOf(other, other.current.version)
      if (other.role === 'dump' && major !== undefined && major >= to) continue
      const moved =
        other.role === 'dump'
          ? await chooseFor(other, other.current.version, selection(other, to), answers)
          : await extensionFound(other, from, to, answers)
      const next =
        moved === undefined || 'unknown' in moved ? undefined : moved.choice && finish(other, moved)
      if (next?.edits !== undefined && next.held.length === 0) followed[at] = next
      else if (moved !== undefined)
        holds.push({
          kind: 'precondition',
          message: `${packageName(other.package)}:${other.current.version} (${other.place.file}:${other.place.line}) cannot follow to PostgreSQL ${to}: ${'unknown' in moved ? moved.unknown : (next?.held.join(' ') ?? `there is no ${other.role === 'dump' ? 'image' : 'build'} of it for that major.`)}`,
          repair:
            other.role === 'dump'
              ? 'Give it a client of that major.'
              : 'Wait for its build, or take the extension out.',
        })
    }
    if (holds.length > 0)
      followed[index] = {
        ...server,
        held: [...server.held, ...holds.map(({ message }) => message)],
        holds: [...(server.holds ?? []), ...holds],
      }
  }
  return followed
}

function belongsTo(
  { role, owner, servers = [], place }: VersionReference,
  server: VersionReference,
): boolean {
  const name = server.owner?.name
  if (name === undefined) return false
  if (role === 'dump') return servers.includes(name)
  return (
    role === 'extension' &&
    owner?.kind === server.owner?.kind &&
    owner?.name === name &&
    place.file === server.place.file
  )
}

function majorOf({ package: target }: VersionReference, version: string | undefined): number | undefined {
  return readPostgresTag(version ?? '', isProjectPostgres(packageName(target)))?.major
}

/** @returns undefined where the tag of an extension names no major: it fits any */
async function extensionFound(
  reference: VersionReference,
  from: number,
  to: number,
  answers: VersionAnswers,
): Promise<Found | undefined> {
  const { package: target, current } = reference
  if (target.kind !== 'image' || current.version === undefined) return undefined
  const tags = await answers.tags(target.name)
  if (tags.outcome !== 'present') return { unknown: tags.message }
  const version = extensionForMajor(current.version, from, to, tags.value)
  if (version === undefined) return undefined
  if (version === '') return { onRequest: [], remarks: [] }
  const choice = { version, classes: ['pg-major'] }
  return await answers.pinned(target.name, current, { choice, onRequest: [], remarks: [] })
}
