import type { Change } from '../manifest/change.ts'
import { joinUnjudged, type Unjudged } from '../manifest/finding.ts'
import { type Json } from '../manifest/json.ts'
import type { RenderedTree } from '../manifest/rendered.ts'
import { resourceLabel, type Manifest, type Resource } from '../manifest/resource.ts'
import { diffValues, type Edit } from './diff-values.ts'
import { maskPair } from './mask.ts'
import { matchObjects, type Located, type Pair } from './match-objects.ts'
import type { ListIdentity } from './merge-keys.ts'
import { NoiseCount, noiseOf } from './noise.ts'
import {
  lackTheSame,
  ownerOf,
  stateOf,
  staysRunning,
  unitKey,
  unitsOf,
  whyAbsent,
  type OtherSide,
  type Unit,
  type Units,
} from './units.ts'
import { writeEdits, writeObject, writeSummary } from './write-diff.ts'

export interface DiffOptions {
  /**
   * How a schema says that the items of a list are told apart. `path`: names of fields, '[]' for items: 'spec.containers[].env'.
   * `undefined`: unknown, the usual names are tried.
   */
  mergeKeys?: (resource: Resource, path: string) => ListIdentity | undefined
  /** whether a tree has files in a directory; absent: not known */
  hasDirectory?: { base: (path: string) => boolean; head: (path: string) => boolean }
}

export interface TreeDiff {
  /** sorted by cluster, Kustomization, kind, namespace, name */
  changes: Change[]
  /** units of which one side is not known; their objects are neither added nor removed */
  incomplete: Unjudged[]
  /** 'helm.sh/chart (12 objects)' */
  noise: string[]
  stats: { compared: number; withheld: number; noiseOnly: number }
}

/**
 * Compares what two trees render, object by object.
 * Secrets are masked before anything is compared. A unit that failed or was skipped on one side yields no added or removed
 * objects; it is an entry of the incomplete list with the number of objects withheld.
 */
export function diffTrees(base: RenderedTree, head: RenderedTree, options: DiffOptions = {}): TreeDiff {
  const before = unitsOf(base)
  const after = unitsOf(head)
  const hidden = hiddenUnits(
    { side: 'base', units: before, tree: base, ...presence(options.hasDirectory?.base) },
    { side: 'head', units: after, tree: head, ...presence(options.hasDirectory?.head) },
  )
  const noise = new NoiseCount()
  const changes: Change[] = []
  const withheld = new Map<string, number>()
  let compared = 0
  let noiseOnly = 0

  for (const cluster of new Set([...before.clusters, ...after.clusters])) {
    const { left, right, equal } = objectsOf(cluster, before, after)
    compared += equal
    const reasonOf = ({ unit }: Located): string | undefined => hidden.get(unitKey(unit))
    const matching = matchObjects(left, right, located => reasonOf(located) === undefined)
    const hashes = generatedNames(matching.pairs)
    for (const pair of matching.pairs) {
      compared++
      const change = compareObjects(pair, { before, after, options, noise, hashes })
      if (change === 'noise') noiseOnly++
      else if (change !== undefined) changes.push(change)
    }
    for (const [side, located] of [
      ...matching.removed.map(object => ['removed', object] as const),
      ...matching.added.map(object => ['added', object] as const),
    ]) {
      if (reasonOf(located) === undefined) changes.push(wholeObject(side, located, before, after))
      else withheld.set(unitKey(located.unit), (withheld.get(unitKey(located.unit)) ?? 0) + 1)
    }
  }
  return {
    changes: changes.toSorted(inOrder),
    incomplete: withheldEntries(hidden, withheld, before, after),
    noise: noise.lines(),
    stats: { compared, withheld: [...withheld.values()].reduce((sum, count) => sum + count, 0), noiseOnly },
  }
}

function presence(hasDirectory: OtherSide['hasDirectory']): Pick<OtherSide, 'hasDirectory'> {
  return hasDirectory === undefined ? {} : { hasDirectory }
}

/** Units of which one side is not known, by key, with the reason. */
function hiddenUnits(base: OtherSide, head: OtherSide): Map<string, string> {
  const hidden = new Map<string, string>()
  for (const key of new Set([...base.units.byKey.keys(), ...head.units.byKey.keys()])) {
    const left = base.units.byKey.get(key)
    const right = head.units.byKey.get(key)
    let reason: string | undefined
    if (left !== undefined && right !== undefined) {
      const unknown = right.status === 'rendered' ? left : right
      const rendered = [left, right].filter(unit => unit.status === 'rendered').length
      // of two that failed the one may have been rendered in part
      const partial = left.objects.length + right.objects.length > 0 && !lackTheSame(left, right)
      if (rendered === 1 || (rendered === 0 && partial))
        reason = stateOf(unknown, unknown === right ? 'head' : 'base')
    } else if (left !== undefined) reason = whyAbsent(left, base.units, head)
    else if (right !== undefined) reason = whyAbsent(right, head.units, base)
    if (reason !== undefined) hidden.set(key, reason)
  }
  return hidden
}

/** The objects of a cluster that may differ. Units with equal inputs on both sides are only counted. */
function objectsOf(
  cluster: string,
  before: Units,
  after: Units,
): { left: Located[]; right: Located[]; equal: number } {
  const same = (unit: Unit): boolean => {
    const left = before.byKey.get(unitKey(unit))
    const right = after.byKey.get(unitKey(unit))
    return (
      left !== undefined &&
      left.status !== 'skipped' &&
      left.status === right?.status &&
      left.inputs !== '' &&
      left.inputs === right.inputs
    )
  }
  const located = (units: Units): Located[] =>
    [...units.byKey.values()]
      .filter(unit => unit.cluster === cluster && !same(unit))
      .flatMap(unit => unit.objects.map(object => ({ unit, object })))
  const equal = [...after.byKey.values()].filter(unit => unit.cluster === cluster && same(unit))
  return {
    left: located(before),
    right: located(after),
    equal: equal.reduce((sum, unit) => sum + unit.objects.length, 0),
  }
}

/** Names with generated hashes that changed: base's name → head's. */
function generatedNames(pairs: readonly Pair[]): Map<string, string> {
  return new Map(
    pairs
      .filter(pair => pair.how === 'generated')
      .map(({ base, head }) => [base.object.resource.name, head.object.resource.name]),
  )
}

interface Comparison {
  before: Units
  after: Units
  options: DiffOptions
  noise: NoiseCount
  hashes: ReadonlyMap<string, string>
}

function compareObjects(pair: Pair, comparison: Comparison): Change | 'noise' | undefined {
  const { base, head, how } = pair
  const masked = maskPair(base.object.manifest, head.object.manifest)
  const { mergeKeys } = comparison.options
  const resource = head.object.resource
  const all = diffValues(
    masked.base ?? {},
    masked.head ?? {},
    mergeKeys === undefined ? undefined : path => mergeKeys(resource, path),
  )
  const names: string[] = []
  const edits = all.filter(edit => {
    const name = isHash(edit, comparison.hashes)
      ? 'generated name hashes'
      : noiseOf(edit, head.unit.kind === 'HelmRelease')
    if (name !== undefined) names.push(name)
    return name === undefined
  })
  comparison.noise.add(names)
  const moved = unitKey(base.unit) !== unitKey(head.unit) ? base.unit : undefined
  if (edits.length === 0 && moved === undefined) return names.length > 0 ? 'noise' : undefined
  const diff = [
    ...(moved === undefined ? [] : [`@@ applied by @@\n- ${moved.label}\n+ ${head.unit.label}`]),
    ...(edits.length === 0 ? [] : [written(edits, masked.head ?? {})]),
  ].join('\n')
  return {
    change: how === 'renamed' ? 'renamed' : 'changed',
    cluster: head.unit.cluster,
    ...ownerOf(head.unit, comparison.after),
    resource,
    ...(how === 'renamed' ? { renamedFrom: base.object.resource } : {}),
    ...(moved === undefined ? {} : { movedFrom: moved.label }),
    // the object of the old name goes, unless it is kept from pruning
    ...(how === 'renamed' &&
    staysRunning(base.object.manifest, base.unit, comparison.before, comparison.after)
      ? { orphaned: true as const }
      : {}),
    diff,
    fields: edits.map(({ path, from, to }) => ({
      path,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    })),
  }
}

function isHash(edit: Edit, hashes: ReadonlyMap<string, string>): boolean {
  return typeof edit.from === 'string' && typeof edit.to === 'string' && hashes.get(edit.from) === edit.to
}

function written(edits: Edit[], manifest: Manifest): string {
  return manifest.kind === 'CustomResourceDefinition' && edits.length > 3
    ? writeSummary(edits, manifest)
    : writeEdits(edits)
}

function wholeObject(change: 'added' | 'removed', located: Located, before: Units, after: Units): Change {
  const { unit, object } = located
  const added = change === 'added'
  const masked = maskPair(object.manifest, undefined).base ?? {}
  const orphaned = !added && staysRunning(object.manifest, unit, before, after)
  return {
    change,
    cluster: unit.cluster,
    ...ownerOf(unit, added ? after : before),
    resource: object.resource,
    ...(orphaned ? { orphaned } : {}),
    diff: writeObject(added ? '+' : '-', masked),
    fields: Object.entries(masked).map(([path, value]: [string, Json]) =>
      added ? { path, to: value } : { path, from: value },
    ),
  }
}

function withheldEntries(
  hidden: ReadonlyMap<string, string>,
  withheld: ReadonlyMap<string, number>,
  before: Units,
  after: Units,
): Unjudged[] {
  const groups = new Map<string, { cluster: string; units: string[]; objects: number }>()
  for (const [key, reason] of hidden) {
    const unit = after.byKey.get(key) ?? before.byKey.get(key)
    if (unit === undefined) continue
    const group = groups.get(`${unit.cluster}\0${reason}`) ?? { cluster: unit.cluster, units: [], objects: 0 }
    group.units.push(unit.label)
    group.objects += withheld.get(key) ?? 0
    groups.set(`${unit.cluster}\0${reason}`, group)
  }
  return joinUnjudged(
    [...groups].map(([key, { cluster, units, objects }]) => ({
      reason: 'one-side-failed',
      message: `${objects === 1 ? '1 object is' : `${objects} objects are`} not compared: ${key.slice(cluster.length + 1)}.`,
      repair: key.includes(' in base')
        ? 'If head renders, this change has mended it, and the next one is compared again.'
        : 'Mend what does not render; the diff then shows what really changes.',
      affected: units,
      cluster,
    })),
  )
}

function inOrder(a: Change, b: Change): number {
  const left = [a.cluster, a.kustomization, a.helmRelease ?? '', resourceLabel(a.resource)].join('\0')
  const right = [b.cluster, b.kustomization, b.helmRelease ?? '', resourceLabel(b.resource)].join('\0')
  return left < right ? -1 : left > right ? 1 : 0
}
