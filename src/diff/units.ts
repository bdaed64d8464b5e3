import { textAt, valueAt } from '../manifest/json.ts'
import type { RenderedObject, RenderedTree, RenderFailure } from '../manifest/rendered.ts'
import { groupOf, type Manifest } from '../manifest/resource.ts'

/** A Kustomization or HelmRelease of one side, as the diff sees it. */
export interface Unit {
  kind: 'Kustomization' | 'HelmRelease'
  cluster: string
  /** 'namespace/name', or the path of a kustomize directory */
  name: string
  /** a kustomize directory of a tree without Flux: nothing applies it but the files that are there */
  directory?: true
  /** 'Kustomization namespace/name' */
  label: string
  status: 'rendered' | 'failed' | 'skipped'
  /** 'apps/db.yaml:3: …' */
  error?: string
  /** what was left out of it, in a comparable form; the objects are what the rest gives */
  leftOut?: string
  inputs: string
  objects: readonly RenderedObject[]
}

/** The units of a tree with who applies whom. */
export interface Units {
  byKey: ReadonlyMap<string, Unit>
  /** the unit whose objects hold the Flux object of this unit, and that object; undefined for roots */
  parentOf(unit: Unit): { unit: Unit; manifest: Manifest } | undefined
  clusters: ReadonlySet<string>
}

/** The identity of a unit within its tree. */
export function unitKey(unit: Pick<Unit, 'cluster' | 'kind' | 'name'>): string {
  return JSON.stringify([unit.cluster, unit.kind, unit.name])
}

export function unitsOf(tree: RenderedTree): Units {
  const units: Unit[] = [
    ...tree.kustomizations.map(({ path, namespace, name, error, leftOut, ...unit }) => {
      // a plain kustomize directory has no Flux object: its path names it
      const called = namespace === '' ? path || name : `${namespace}/${name}`
      return {
        ...common(unit, error),
        ...(leftOut === undefined
          ? {}
          : { leftOut: JSON.stringify(leftOut.map(({ message }) => message).toSorted()) }),
        kind: 'Kustomization' as const,
        name: called,
        ...(namespace === '' ? { directory: true as const } : {}),
        label: `Kustomization ${called}`,
      }
    }),
    ...tree.helmReleases.map(({ namespace, name, error, ...unit }) => {
      const called = `${namespace}/${name}`
      return {
        ...common(unit, error),
        kind: 'HelmRelease' as const,
        name: called,
        label: `HelmRelease ${called}`,
      }
    }),
  ]
  const byKey = new Map(units.map(unit => [unitKey(unit), unit]))
  const parents = new Map<string, { unit: Unit; manifest: Manifest }>()
  for (const unit of units)
    for (const { manifest, resource } of unit.objects) {
      const kind = resource.kind
      const group = groupOf(resource.apiVersion)
      if (
        (kind === 'Kustomization' && group === 'kustomize.toolkit.fluxcd.io') ||
        (kind === 'HelmRelease' && group === 'helm.toolkit.fluxcd.io')
      ) {
        const key = unitKey({ cluster: unit.cluster, kind, name: `${resource.namespace}/${resource.name}` })
        // flux-system/flux-system is part of what it applies itself: no parent of its own
        if (key !== unitKey(unit) && !parents.has(key)) parents.set(key, { unit, manifest })
      }
    }
  return {
    byKey,
    parentOf: unit => parents.get(unitKey(unit)),
    clusters: new Set(units.map(unit => unit.cluster)),
  }
}

function common(
  unit: { cluster: string; status: Unit['status']; inputs: string; objects: RenderedObject[] },
  error: RenderFailure | undefined,
): Pick<Unit, 'cluster' | 'status' | 'inputs' | 'objects' | 'error'> {
  const { cluster, status, inputs, objects } = unit
  return { cluster, status, inputs, objects, ...(error === undefined ? {} : { error: inWords(error) }) }
}

function inWords({ message, file, line }: RenderFailure): string {
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `
  return `${place}${withoutStop(message)}`
}

function withoutStop(message: string): string {
  return message.replace(/[.\s]+$/, '')
}

/** A tree to look for a unit in: what it renders, and whether a directory has files there (`undefined`: not known). */
export interface OtherSide {
  side: 'base' | 'head'
  units: Units
  tree: RenderedTree
  hasDirectory?: (path: string) => boolean
}

/** Why a unit that only one side has says nothing about the other; `undefined` where it is really gone (or new). */
export function whyAbsent(unit: Unit, here: Units, other: OtherSide): string | undefined {
  const parent = here.parentOf(unit)
  const there = other.units
  if (parent === undefined) {
    // no failure elsewhere hides a directory that is not there
    if (unit.directory === true && other.hasDirectory?.(unit.name) === false) return undefined
    const failed = [...there.byKey.values()].find(
      candidate =>
        candidate.cluster === unit.cluster &&
        candidate.status !== 'rendered' &&
        candidate.kind === 'Kustomization' &&
        !lackTheSame(here.byKey.get(unitKey(candidate)), candidate),
    )
    if (failed !== undefined) return stateOf(failed, other.side)
    const blind = other.tree.incomplete.find(
      entry =>
        !there.clusters.has(unit.cluster) && (entry.cluster === unit.cluster || there.byKey.size === 0),
    )
    return blind === undefined ? undefined : `${withoutStop(blind.message)}, in ${other.side}`
  }
  const counterpart = there.byKey.get(unitKey(parent.unit))
  if (counterpart === undefined) return whyAbsent(parent.unit, here, other)
  return counterpart.status === 'rendered' || lackTheSame(parent.unit, counterpart)
    ? undefined
    : stateOf(counterpart, other.side)
}

/** Whether both sides were rendered without the same entries: then what only one side has was really added or removed. */
export function lackTheSame(left: Unit | undefined, right: Unit): boolean {
  return right.leftOut !== undefined && right.leftOut === left?.leftOut
}

/**
 * 'Kustomization a/b could not be rendered in base (apps/db.yaml:3: …)'. What is wrong in head is a finding of its own, or
 * an entry of the incomplete list: all of it is one cause here. What was wrong in base is said nowhere else.
 */
export function stateOf({ label, status, error }: Unit, side: 'base' | 'head'): string {
  if (side === 'head') return 'what applies it could not be rendered in head'
  const state = `${label} ${status === 'skipped' ? 'was not rendered' : 'could not be rendered'} in base`
  return error === undefined ? state : `${state} (${error})`
}

/**
 * Whether an object that left Git keeps running.
 * Source: kustomize-controller spec.prune, spec.deletionPolicy and the prune annotation; helm.sh/resource-policy.
 * @param unit the unit that applied it in base
 */
export function staysRunning(object: Manifest, unit: Unit, base: Units, head: Units): boolean {
  if (unit.kind === 'HelmRelease') {
    if (textAt(object, 'metadata', 'annotations', 'helm.sh/resource-policy') === 'keep') return true
  } else if (isKept(object)) return true
  const parent = base.parentOf(unit)
  const headUnit = head.byKey.get(unitKey(unit))
  if (headUnit !== undefined) {
    const manifest = head.parentOf(headUnit)?.manifest ?? parent?.manifest
    return unit.kind === 'Kustomization' && valueAt(manifest, 'spec', 'prune') === false
  }
  if (parent === undefined) return false
  if (unit.kind === 'Kustomization') {
    const policy = textAt(parent.manifest, 'spec', 'deletionPolicy') ?? 'MirrorPrune'
    // one that is suspended is deleted without what it applied (finalizerShouldDeleteResources)
    if (policy === 'Orphan' || valueAt(parent.manifest, 'spec', 'suspend') === true) return true
    if (policy === 'MirrorPrune' && valueAt(parent.manifest, 'spec', 'prune') === false) return true
  }
  // the unit itself stays, and goes on applying what it last saw
  return staysRunning(parent.manifest, parent.unit, base, head)
}

/** What garbage collection leaves out, in any letter case (kustomize-controller 1.9 deleteObjects). */
function isKept(object: Manifest): boolean {
  return Object.entries({ prune: 'disabled', reconcile: 'disabled', ssa: 'ignore' }).some(([name, value]) =>
    ['annotations', 'labels'].some(
      holder =>
        textAt(object, 'metadata', holder, `kustomize.toolkit.fluxcd.io/${name}`)?.toLowerCase() === value,
    ),
  )
}

/** The Kustomization reports name for an object: that of its HelmRelease for what a chart yields. */
export function ownerOf(unit: Unit, units: Units): { kustomization: string; helmRelease?: string } {
  if (unit.kind === 'Kustomization') return { kustomization: unit.name }
  return { kustomization: units.parentOf(unit)?.unit.name ?? '', helmRelease: unit.name }
}
