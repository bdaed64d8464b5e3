import { OPERATOR } from './cnpg/operator-version.ts'
import { isProjectPostgres } from './manifest/image-reference.ts'
import { operatorOfChart, type Found, type VersionAnswers } from './version-answers.ts'
import {
  chooseOperatorStep,
  choosePostgres,
  chooseVersion,
  type Allowed,
  type Choice,
  type Chosen,
} from './versions/choose-update.ts'
import { operatorSteps } from './versions/operator-steps.ts'
import { PostgresPool } from './versions/postgres-pool.ts'
import { readPostgresTag } from './versions/postgres-tag.ts'
import { postgresUpdates, type PostgresUpdates } from './versions/postgres-updates.ts'
import type { VersionReference } from './versions/reference.ts'
import { keyDigest, updateKeyOf } from './versions/update-key.ts'
import { versionUpdates } from './versions/version-updates.ts'

/** What may be chosen for one reference. */
export interface Selection {
  allowed: Allowed
  /** keys of updates that a person asked for, see `keyDigest` */
  keys: ReadonlySet<string>
  /** the only versions there are, without a leading 'v': those of all packages of a lock-step group */
  within?: ReadonlySet<string>
}

/** Asks what a reference could become, and chooses. @param version the one in use, which can be compared */
export async function chooseFor(
  reference: VersionReference,
  version: string,
  { allowed, keys, within }: Selection,
  answers: VersionAnswers,
): Promise<Found> {
  const { package: target, current } = reference
  if (target.kind === 'unknown' || target.kind === 'remote') return { onRequest: [], remarks: [] }
  const one = (chosen: Chosen): Chosen => byKey(chosen, reference, keys)
  const versions = await answers.versions(target)
  if (versions.outcome !== 'present') return { unknown: versions.message }
  const isChart = target.kind === 'helm' ? target.chart === OPERATOR.chart : isOperatorChart(target)
  // a tag cannot hold the '+' of a version of a chart
  const named = new Map(
    [...versions.value]
      .filter(([name]) => within === undefined || within.has(plainVersion(name)))
      .map(([name, app]) => [isChart ? name.replaceAll('_', '+') : name, app]),
  )
  if (isChart) {
    const known =
      target.kind === 'oci' ? await answers.operators(target.url, version, [...named.keys()]) : named
    const operatorOf = (chart: string) => known.get(chart) ?? operatorOfChart(chart)
    const steps = operatorSteps(version, [...named.keys()], operatorOf)
    const chosen = {
      ...one(chooseOperatorStep(steps, operatorOf(version), allowed)),
      remarks: steps.remarks,
    }
    // a tag is not moved beside the digest of the one before
    return target.kind === 'oci' && current.digest !== undefined
      ? await answers.pinned(target.url, current, chosen)
      : chosen
  }
  const found = () => {
    const updates = versionUpdates(version, [...named.keys()])
    return {
      ...one(chooseVersion(updates, allowed)),
      remarks: updates.remark === undefined ? [] : [updates.remark],
    }
  }
  if (target.kind === 'helm') return found()
  const name = target.kind === 'image' ? target.name : target.url
  const project = isProjectPostgres(name)
  const isPostgres = ['postgres', 'catalog', 'dump'].includes(reference.role) || project
  if (isPostgres && readPostgresTag(version, project) !== undefined) {
    // a tag that moves with the builds is news by its digest alone
    const moved =
      current.digest === undefined ? undefined : await answers.digest(name, version, current.digest)
    const known = moved?.outcome === 'present' ? [{ tag: version, digest: moved.value }] : []
    const pool = [...named.keys()].flatMap(tag => (known.length > 0 && tag === version ? [] : [{ tag }]))
    const updates = postgresUpdates(
      { tag: version, ...(current.digest === undefined ? {} : { digest: current.digest }) },
      new PostgresPool([...pool, ...known], project),
    )
    const remarks = updates.remarks.map(({ message }) => message)
    const chosen = choosePostgres(ofItsMajor(updates, reference), allowed)
    return await answers.pinned(name, current, { ...one(chosen), remarks })
  }
  const newer = found()
  if (newer.choice !== undefined && !hasRoomForDigest(reference)) return newer
  if (newer.choice !== undefined || current.digest === undefined)
    return await answers.pinned(name, current, newer)
  // nothing newer: the same tag may have moved
  const digest = await answers.digest(name, version, current.digest)
  if (digest.outcome !== 'present') return { unknown: digest.message }
  const moved: Choice = { version, digest: digest.value, classes: ['digest'] }
  if (digest.value === current.digest || !allowed.isAllowed('digest')) return newer
  return await answers.pinned(name, current, { ...newer, choice: moved })
}

/** '1.2.3' of 'v1.2.3': how versions of a lock-step group are compared. */
export function plainVersion(version: string): string {
  return version.replace(/^v(?=\d)/, '')
}

/** Whether a digest is or may be written: an image in one text has the room for one. */
function hasRoomForDigest({ current, fields }: VersionReference): boolean {
  return current.digest !== undefined || fields.image !== undefined
}

function isOperatorChart(target: VersionReference['package']): boolean {
  return target.kind === 'oci' && target.url.endsWith(`/${OPERATOR.chart}`)
}

/** An entry of a catalog promises a major: another one there ends in data that the server does not start on. */
function ofItsMajor(updates: PostgresUpdates, { role, major }: VersionReference): PostgresUpdates {
  if (role !== 'catalog' && major === undefined) return updates
  return { ...updates, onRequest: updates.onRequest.filter(({ classes }) => !classes.includes('pg-major')) }
}

/** Takes what a person asked for by its key, before anything else. */
function byKey(chosen: Chosen, reference: VersionReference, keys: ReadonlySet<string>): Chosen {
  const asked = chosen.onRequest.find(choice => keys.has(keyDigest(updateKeyOf(reference, choice))))
  if (asked === undefined) return chosen
  return { choice: asked, onRequest: chosen.onRequest.filter(choice => choice !== asked) }
}
