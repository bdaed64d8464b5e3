import { admissionTools } from './admission-tools.ts'
import type { AdmitTools } from './admit.ts'
import { NEWEST_OPERATOR, OLDEST_OPERATOR } from './cnpg/admission/operator-release.ts'
import { operatorVersion } from './cnpg/operator-version.ts'
import { compareUpgrade, type Standing } from './compare-upgrade.ts'
import type { Config } from './config/config.ts'
import type { FieldLines } from './field-lines.ts'
import { asItRuns, judgeByAll } from './judge-admission.ts'
import type { Finding, Unjudged } from './manifest/finding.ts'
import { equalJson } from './manifest/json.ts'
import type { Place } from './manifest/place.ts'
import type { RenderedHelmRelease, RenderedKustomization, RenderedObject } from './manifest/rendered.ts'
import { groupOf, resourceKey, resourceLabel, type Manifest, type Resource } from './manifest/resource.ts'
import type { RenderedRepository } from './render-tree.ts'
import type { Validator } from './schema/validator.ts'
import { bumpLabel, deprecationOf, versionBumps, type VersionBump } from './version-bumps.ts'

export interface UpgradeRequest {
  base: RenderedRepository
  head: RenderedRepository
  /** cluster → what judges its objects, before and after */
  validators: { base: ReadonlyMap<string, Validator>; head: ReadonlyMap<string, Validator> }
  /** of the head */
  lines: FieldLines
  config: Config
}

export interface JudgedUpgrades {
  /** not levelled yet, and not silenced */
  findings: Finding[]
  incomplete: Unjudged[]
  /** whether a finding about the head is told here, together with what brings it */
  tells(finding: Finding): boolean
}

/**
 * What another version of an operator or of CRDs does to the objects that a tree holds, changed or not: each is judged by the kinds
 * and webhooks of base and of head, as an update of what the base applies.
 */
export async function judgeUpgrades(request: UpgradeRequest): Promise<JudgedUpgrades> {
  const judged = await Promise.all(
    versionBumps(request.base, request.head).map(async bump => await judgeBump(bump, request)),
  )
  const told = new Set(judged.flatMap(one => one.told))
  return {
    findings: judged.flatMap(({ findings }) => findings),
    incomplete: judged.flatMap(({ incomplete }) => incomplete),
    tells: ({ resource, ...finding }) => resource !== undefined && told.has(keyOf(finding, resource)),
  }
}

/** Where a version is written in the head; undefined where nothing in the tree writes it. */
export async function placeOf(bump: VersionBump, lines: FieldLines): Promise<Place | undefined> {
  const { writtenIn, place, cluster } = bump
  const origin = writtenIn?.object.origin
  return writtenIn === undefined || origin === undefined
    ? place
    : await lines.at(cluster, origin, writtenIn.field)
}

type Unit = RenderedKustomization | RenderedHelmRelease

interface Judged {
  findings: Finding[]
  incomplete: Unjudged[]
  /** keys of what is told here and need not be told again */
  told: string[]
}

async function judgeBump(bump: VersionBump, request: UpgradeRequest): Promise<Judged> {
  const { cluster, groups } = bump
  const sides = sidesOf(cluster, request)
  if (sides === undefined) return { findings: [], incomplete: [], told: [] }
  const place = await placeOf(bump, request.lines)
  const label = `${bumpLabel(bump)}${place === undefined ? '' : ` (${place.file}:${place.line})`}`
  const judged: Judged = { findings: [], incomplete: [], told: [] }
  const unknown: string[] = []
  let count = 0
  for (const unit of unitsOf(request.head, cluster))
    for (const object of unit.objects) {
      const { resource } = object
      const group = groupOf(resource.apiVersion)
      if (!groups.has(group) || bump.kinds?.has(`${group}/${resource.kind}`) === false) continue
      count++
      const before = sides.applied.get(resourceKey(resource))
      const was = standing(object, before, { ...sides.base, version: bump.from })
      const is = standing(object, before, { ...sides.head, version: bump.to })
      if (was === undefined || is === undefined) {
        // of a kind that comes with the update nothing is stored that could be lost
        if (is === undefined || before !== undefined) unknown.push(resourceLabel(resource))
        continue
      }
      const outcomes = compareUpgrade(was, is, {
        update: label,
        unchanged: before !== undefined && equalJson(before.object.manifest, object.manifest),
        applier: 'chart' in unit ? undefined : `Kustomization ${nameOf(unit)}`,
      })
      for (const { replaces, field, ...finding } of outcomes) {
        if (replaces.some(({ ruleId }) => request.config.rules[ruleId]?.level === 'off')) continue
        judged.told.push(...replaces.map(problem => keyOf(problem, resource)))
        judged.findings.push({
          ...finding,
          resource,
          ...(field === '' ? {} : { field }),
          ...inCluster(cluster),
          ...('chart' in unit ? {} : { kustomization: nameOf(unit) }),
          ...(await request.lines.of(unit, object, field)),
        })
      }
    }
  if (unknown.length > 0)
    judged.incomplete.push({
      reason: 'upgrade-unknown',
      message: `${bumpLabel(bump)}: the kinds of one of the two versions are not known here, so nobody compared what both take of these objects.`,
      repair:
        'Read the release notes; let the chart or its CRDs be rendered, or take versions that `cnpg-steward schema` lists.',
      affected: unknown.toSorted(),
      ...inCluster(cluster),
      ...place,
    })
  if (count > unknown.length)
    judged.findings.push(summary(bump, count - unknown.length, judged.findings, place))
  return judged
}

interface Side {
  validator: Validator
  tools: readonly AdmitTools[]
  /** everything the cluster is given */
  objects: readonly RenderedObject[]
}

interface Before {
  object: RenderedObject
  /** with as much of its status as Git tells */
  live: Manifest
}

function sidesOf(
  cluster: string,
  { base, head, validators, config }: UpgradeRequest,
): { base: Side; head: Side; applied: Map<string, Before> } | undefined {
  const side = (tree: RenderedRepository, validator: Validator | undefined): Side | undefined => {
    if (validator === undefined) return undefined
    const operator = operatorVersion(tree, cluster)?.version ?? config.cnpgVersion
    return {
      validator,
      tools: (operator === undefined ? [NEWEST_OPERATOR, OLDEST_OPERATOR] : [operator]).map(version =>
        admissionTools(validator, version, { volumeSnapshots: true }),
      ),
      objects: unitsOf(tree, cluster).flatMap(({ objects }) => objects),
    }
  }
  const before = side(base, validators.base.get(cluster))
  const after = side(head, validators.head.get(cluster))
  if (before === undefined || after === undefined) return undefined
  const ran = operatorVersion(base, cluster)?.version ?? config.cnpgVersion
  return {
    base: before,
    head: after,
    applied: new Map(
      before.objects.map(object => [
        resourceKey(object.resource),
        { object, live: asItRuns(object, before.objects, ran) },
      ]),
    ),
  }
}

/** What one version takes of an object; undefined where its kind is not known for sure. */
function standing(
  { manifest, resource }: RenderedObject,
  before: Before | undefined,
  { validator, tools, objects, version }: Side & { version: string },
): Standing | undefined {
  const verdict = validator.validate(manifest)
  if (!verdict.known || !verdict.exact || isNearest(verdict.source, version)) return undefined
  const update = judgeByAll(manifest, before?.live, tools)
  // what stands unchanged is let through as an update; a change of it is not
  const create = before === undefined ? update : judgeByAll(manifest, undefined, tools)
  const refusals = [
    ...update.findings,
    ...create.findings.filter(({ ruleId }) => ruleId === 'admission-rule'),
  ].filter(
    ({ ruleId, level }) =>
      level === 'error' && !(ruleId === 'admission-decoding' && verdict.findings.length > 0),
  )
  const deprecation = deprecationOf(objects, resource)
  return {
    problems: [
      ...verdict.findings.map(({ ruleId, message, repair, field }) => ({
        ruleId,
        message,
        field,
        ...(repair === undefined ? {} : { repair }),
      })),
      ...new Map(refusals.map(refusal => [`${refusal.ruleId} ${refusal.field}`, refusal])).values(),
    ],
    warnings: [
      ...update.findings.filter(({ level }) => level === 'note').map(({ message }) => message),
      ...(deprecation === undefined ? [] : [deprecation]),
    ],
    refused: update.refused,
  }
}

/** 'cnpg 1.28.2' for 1.28.4, or for a version that is not known: what a release changes in its CRDs is just what is asked. */
function isNearest(source: string, version: string): boolean {
  const bundled = / (\d+\.\d+\.\d+)$/.exec(source)?.[1]
  return bundled !== undefined && bundled !== version
}

function unitsOf(tree: RenderedRepository, cluster: string): Unit[] {
  return [...tree.kustomizations, ...tree.helmReleases].filter(unit => unit.cluster === cluster)
}

function nameOf({ namespace, name }: { namespace: string; name: string }): string {
  return namespace === '' ? name : `${namespace}/${name}`
}

function inCluster(cluster: string): { cluster?: string } {
  return cluster === '' ? {} : { cluster }
}

/** Warnings of one object differ by their words alone. */
function keyOf(
  { ruleId, field = '', message }: { ruleId: string; field?: string; message: string },
  resource: Resource,
): string {
  return JSON.stringify([ruleId, resourceKey(resource), field, ruleId === 'admission-warning' ? message : ''])
}

/** What was found of nothing, too: that nobody looked and that all is well are not the same. */
function summary(
  bump: VersionBump,
  count: number,
  findings: readonly Finding[],
  place: Place | undefined,
): Finding {
  const objects = (rule: string) =>
    new Set(
      findings.flatMap(({ ruleId, resource }) =>
        ruleId === rule && resource !== undefined ? [resourceKey(resource)] : [],
      ),
    ).size
  const counts = [
    [objects('upgrade-refused'), 'newly refused'],
    [objects('upgrade-field-dropped'), 'losing fields'],
    [objects('upgrade-deprecated'), 'using what is deprecated now'],
  ] as const
  const told = counts.flatMap(([number, what]) => (number === 0 ? [] : [`${number} ${what}`]))
  const result =
    told.length === 0
      ? 'none is newly refused, none loses a field, none is newly deprecated'
      : told.join(', ')
  return {
    ruleId: 'upgrade-judged',
    level: 'note',
    message: `${bumpLabel(bump)}: ${count} object${count === 1 ? '' : 's'} of ${[...bump.groups].join(', ')} judged by both versions: ${result}.`,
    ...(bump.writtenIn === undefined
      ? {}
      : { resource: bump.writtenIn.object.resource, field: bump.writtenIn.field }),
    ...inCluster(bump.cluster),
    ...place,
  }
}
