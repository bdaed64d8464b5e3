import { OPERATOR } from './cnpg/operator-version.ts'
import { appVersionOf } from './cnpg/release/release-facts.ts'
import { isProjectPostgres } from './manifest/image-reference.ts'
import type { Tree } from './manifest/tree.ts'
import {
  allowedBy,
  chooseOperatorStep,
  choosePostgres,
  chooseVersion,
  heldBy,
  type Allowed,
  type Chosen,
} from './versions/choose-update.ts'
import { findReferences } from './versions/find-references.ts'
import { operatorSteps } from './versions/operator-steps.ts'
import { platformChange } from './versions/platform-changes.ts'
import { PostgresPool } from './versions/postgres-pool.ts'
import { readPostgresTag } from './versions/postgres-tag.ts'
import { postgresUpdates } from './versions/postgres-updates.ts'
import type { VersionReference } from './versions/reference.ts'
import type { ProposedUpdates, ReferenceUpdate } from './versions/reference-update.ts'
import { updateEdits } from './versions/update-edits.ts'
import type { Asked, ChartVersion, VersionSource } from './versions/version-source.ts'
import { versionUpdates } from './versions/version-updates.ts'

export interface UpdateRequest {
  tree: Tree
  /** classes that a person asked for, beyond what is done unasked */
  allow: readonly string[]
  /** 'YYYY-MM-DD' */
  today: string
}

export interface UpdateTools {
  source: VersionSource
  progress: (message: string) => void
}

// so many packages are asked for at a time, whatever their hosts
const AT_ONCE = 6

/**
 * What could be updated in a tree: finds every version, asks for newer ones, chooses by class. Nothing is changed. A source that
 * does not answer leaves its own references unknown and no others.
 */
export async function proposeUpdates(
  { tree, allow, today }: UpdateRequest,
  tools: UpdateTools,
): Promise<ProposedUpdates> {
  const { references, unread } = await findReferences(tree)
  const answers = new Answers(tools.source)
  const updates: ReferenceUpdate[] = []
  tools.progress(`asking for ${new Set(references.map(packageName)).size} packages`)
  for (let at = 0; at < references.length; at += AT_ONCE) {
    const some = references.slice(at, at + AT_ONCE)
    updates.push(
      ...(await Promise.all(some.map(async reference => await updateOf(reference, allow, today, answers)))),
    )
  }
  return { updates, unread }
}

async function updateOf(
  reference: VersionReference,
  allow: readonly string[],
  today: string,
  answers: Answers,
): Promise<ReferenceUpdate> {
  const remarks = reference.remarks.map(({ message }) => message)
  const nothing = { reference, held: [], onRequest: [], remarks }
  const { current, override, role } = reference
  const held = heldBy(override, today)
  if (override?.action === 'ignore') return { ...nothing, held: held === undefined ? [] : [held] }
  if (
    current.version === undefined ||
    current.range !== undefined ||
    role === 'remote' ||
    /\$\{|\{\{|<</.test(current.version)
  )
    return { ...nothing, held: reference.obstacle === undefined ? [] : [reference.obstacle.message] }
  if (reference.remarks.some(({ kind }) => kind === 'catalog-major'))
    return { ...nothing, held: ['The image and the major of its catalog entry differ: mend that first.'] }
  const found = await choose(reference, current.version, allowedBy(allow, override), answers)
  if ('unknown' in found) return { ...nothing, unknown: found.unknown }
  const { choice, onRequest } = found
  const all = { reference, onRequest, remarks: [...remarks, ...found.remarks] }
  if (choice === undefined) return { ...all, held: [] }
  if (held !== undefined) return { ...all, choice, held: [held] }
  const edits = updateEdits(
    reference,
    { version: choice.version, ...(choice.digest === undefined ? {} : { digest: choice.digest }) },
    true,
  )
  return edits.ok ? { ...all, choice, edits, held: [] } : { ...all, choice, held: [edits.problem] }
}

/** What a chart of the operator is known to deploy. */
const operatorOfChart = (version: string) => appVersionOf(OPERATOR.chart, version)

type Found = (Chosen & { remarks: readonly string[] }) | { unknown: string }

async function choose(
  reference: VersionReference,
  version: string,
  allowed: Allowed,
  answers: Answers,
): Promise<Found> {
  const { package: target, current } = reference
  if (target.kind === 'unknown' || target.kind === 'remote') return { onRequest: [], remarks: [] }
  if (target.kind === 'helm') {
    const charts = await answers.charts(target.repository, target.chart)
    if (charts.outcome !== 'present') return { unknown: charts.message }
    const named = new Map(charts.value.map(one => [one.version, one.appVersion]))
    if (target.chart === OPERATOR.chart) return stepFound(version, [...named.keys()], named, allowed)
    return versionFound(version, [...named.keys()], allowed)
  }
  const name = target.kind === 'image' ? target.name : target.url
  const tags = await answers.tags(name)
  if (tags.outcome !== 'present') return { unknown: tags.message }
  if (target.kind === 'oci' && target.url.endsWith(`/${OPERATOR.chart}`)) {
    const versions = tags.value.map(tag => tag.replaceAll('_', '+'))
    return stepFound(version, versions, await answers.operators(name, version, versions), allowed)
  }
  const project = isProjectPostgres(name)
  const isPostgres = ['postgres', 'catalog', 'dump'].includes(reference.role) || project
  if (isPostgres && readPostgresTag(version, project) !== undefined) {
    const pool = tags.value.map(tag => ({ tag }))
    // a tag that moves with the builds is news by its digest alone
    const moved =
      current.digest === undefined ? undefined : await answers.digest(name, version, current.digest)
    const known = moved?.outcome === 'present' ? [{ tag: version, digest: moved.value }] : []
    const updates = postgresUpdates(
      { tag: version, ...(current.digest === undefined ? {} : { digest: current.digest }) },
      new PostgresPool(
        [...pool.filter(({ tag }) => known.length === 0 || tag !== version), ...known],
        project,
      ),
    )
    const remarks = updates.remarks.map(({ message }) => message)
    return await answers.pinned(name, current, { ...choosePostgres(updates, allowed), remarks })
  }
  const found = versionFound(version, tags.value, allowed)
  if (found.choice !== undefined || current.digest === undefined)
    return await answers.pinned(name, current, found)
  // nothing newer: the same tag may have moved
  const digest = await answers.digest(name, version, current.digest)
  if (digest.outcome !== 'present') return { unknown: digest.message }
  if (digest.value === current.digest) return found
  return await answers.pinned(name, current, {
    ...found,
    choice: { version, digest: digest.value, classes: ['digest'] },
  })
}

function versionFound(version: string, versions: readonly string[], allowed: Allowed) {
  const updates = versionUpdates(version, versions)
  return { ...chooseVersion(updates, allowed), remarks: updates.remark === undefined ? [] : [updates.remark] }
}

function stepFound(
  version: string,
  versions: readonly string[],
  operators: ReadonlyMap<string, string | undefined>,
  allowed: Allowed,
): Found {
  const operatorOf = (chart: string) => operators.get(chart) ?? operatorOfChart(chart)
  const steps = operatorSteps(version, versions, operatorOf)
  return { ...chooseOperatorStep(steps, operatorOf(version), allowed), remarks: steps.remarks }
}

/** Asks each thing once a run. */
class Answers {
  readonly #source: VersionSource
  readonly #tags = new Map<string, Promise<Asked<string[]>>>()
  readonly #charts = new Map<string, Promise<Asked<ChartVersion[]>>>()
  readonly #digests = new Map<string, Promise<Asked<string>>>()
  readonly #operators = new Map<string, Promise<Asked<string | undefined>>>()

  constructor(source: VersionSource) {
    this.#source = source
  }

  async tags(name: string): Promise<Asked<string[]>> {
    return await once(this.#tags, name, async () => await this.#source.tags(name))
  }

  async charts(repository: string, chart: string): Promise<Asked<ChartVersion[]>> {
    return await once(
      this.#charts,
      `${repository} ${chart}`,
      async () => await this.#source.charts(repository, chart),
    )
  }

  async digest(name: string, tag: string, known?: string): Promise<Asked<string>> {
    return await once(
      this.#digests,
      `${name} ${tag} ${known ?? ''}`,
      async () => await this.#source.digest(name, tag, known),
    )
  }

  /** What the charts from the one in use on deploy; the table first, then the registry for those it lacks. */
  async operators(
    url: string,
    current: string,
    versions: readonly string[],
  ): Promise<Map<string, string | undefined>> {
    const newer = versionUpdates(current, versions).updates.length > 0 ? versions : []
    const asked = [current, ...newer].filter(
      version => operatorOfChart(version) === undefined && /^\d+\.\d+\.\d+$/.test(version),
    )
    const operators = new Map<string, string | undefined>()
    for (const version of new Set(asked)) {
      if (versionUpdates(current, [version]).updates.length === 0 && version !== current) continue
      const found = await once(
        this.#operators,
        `${url} ${version}`,
        async () => await this.#source.appVersion(url, version),
      )
      if (found.outcome === 'present') operators.set(version, found.value)
    }
    return operators
  }

  /** Completes a choice with its digest where one is or may be written, and drops a digest that changes nothing. */
  async pinned(
    name: string,
    current: VersionReference['current'],
    found: Chosen & { remarks: readonly string[] },
  ): Promise<Found> {
    const { choice } = found
    if (choice === undefined) return found
    const asked = choice.digest === undefined ? await this.digest(name, choice.version) : undefined
    const digest = choice.digest ?? (asked?.outcome === 'present' ? asked.value : undefined)
    if (digest === undefined)
      return {
        ...found,
        remarks: [
          ...found.remarks,
          `The digest of ${choice.version} is not known: ${asked?.outcome === 'present' ? '' : (asked?.message ?? '')}`,
        ],
      }
    if (current.digest === undefined || choice.version !== current.version)
      return { ...found, choice: { ...choice, digest } }
    const [before, after] = await Promise.all([
      this.#source.platforms(name, current.digest),
      this.#source.platforms(name, digest),
    ])
    if (before.outcome !== 'present' || after.outcome !== 'present')
      return { ...found, choice: { ...choice, digest } }
    const change = platformChange(before.value, after.value)
    if (change.kind === 'changed') return { ...found, choice: { ...choice, digest } }
    const { choice: _dropped, ...rest } = found
    const why =
      change.kind === 'nothing'
        ? `The digest of ${choice.version} moved, but every platform has the image it had.`
        : `The new image of ${choice.version} lacks ${change.platforms.join(', ')}.`
    return { ...rest, remarks: [...found.remarks, why] }
  }
}

async function once<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const asked = known.get(key) ?? ask()
  known.set(key, asked)
  return await asked
}

function packageName({ package: target }: VersionReference): string {
  return JSON.stringify(target)
}
