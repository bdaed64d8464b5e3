import type { Finding, Unjudged } from './manifest/finding.ts'
import { canonicalJson } from './manifest/json.ts'
import { unitLabel, type RenderedHelmRelease, type RenderedKustomization } from './manifest/rendered.ts'
import { resourceKey, resourceLabel } from './manifest/resource.ts'
import { changedFiles } from './manifest/tree.ts'
import type { RenderedRepository } from './render-tree.ts'

/**
 * What a change touches, seen from both rendered trees. What stood in base and is untouched is no news: it never sets the
 * verdict.
 */
export class Touched {
  readonly #objects: { base: Map<string, string>; head: Map<string, string> }
  /** label → the contents of the objects that it names, of whatever group */
  readonly #labels: { base: Map<string, string[]>; head: Map<string, string[]> }
  readonly #units: { base: Map<string, string>; head: Map<string, string> }
  /** 'namespace/name' of objects that only one side has */
  #fleeting: string[] | undefined
  readonly #files: { base: ReadonlyMap<string, string>; head: ReadonlyMap<string, string> }

  /** @param files path → content id, of both sides */
  constructor(
    base: RenderedRepository,
    head: RenderedRepository,
    files: { base: ReadonlyMap<string, string>; head: ReadonlyMap<string, string> },
  ) {
    this.#objects = { base: objectsOf(base), head: objectsOf(head) }
    this.#labels = { base: labelled(this.#objects.base), head: labelled(this.#objects.head) }
    this.#units = { base: unitsOf(base), head: unitsOf(head) }
    this.#files = files
  }

  /** Kustomizations and HelmReleases whose inputs are not the same on both sides. */
  get units(): number {
    const { base, head } = this.#units
    return [...head].filter(([key, inputs]) => base.get(key) !== inputs).length
  }

  /** Paths of files added, removed or changed. */
  get files(): string[] {
    return [...changedFiles(this.#files.base, this.#files.head).keys()].toSorted()
  }

  /** Whether a file differs between base and head. */
  hasFile(file: string): boolean {
    return this.#files.base.get(file) !== this.#files.head.get(file)
  }

  /** Whether what a Kustomization or HelmRelease is rendered from differs between base and head. */
  hasUnit(unit: RenderedKustomization | RenderedHelmRelease): boolean {
    const { base, head } = this.#units
    const label = unitLabel('chart' in unit ? 'HelmRelease' : 'Kustomization', unit)
    return base.get(label) !== head.get(label)
  }

  /** Whether the object of a finding may refer to something else than before: it, or an object that comes or goes. */
  hasReference(finding: Finding): boolean {
    return this.finding(finding) || this.#comesOrGoes(finding.message)
  }

  #comesOrGoes(message: string): boolean {
    const { base, head } = this.#objects
    this.#fleeting ??= [...new Set([...base.keys(), ...head.keys()])]
      .filter(key => !base.has(key) || !head.has(key))
      .map(key => key.split('/').slice(-2).join('/'))
    return this.#fleeting.some(name => message.includes(name))
  }

  /** Whether the object of a finding, or else its file, differs between base and head. */
  finding({ resource, file }: Finding): boolean {
    if (resource !== undefined) {
      const key = resourceKey(resource)
      if (this.#objects.base.get(key) !== this.#objects.head.get(key)) return true
    }
    return (
      file !== undefined &&
      resource === undefined &&
      this.#files.base.get(file) !== this.#files.head.get(file)
    )
  }

  /** Whether something that could not be judged differs between base and head: its file, its object or its inputs. */
  unjudged(label: string, { file }: Unjudged): boolean {
    if (file !== undefined && this.#files.base.get(file) !== this.#files.head.get(file)) return true
    const { base, head } = this.#labelled(label)
    return base !== head
  }

  #labelled(label: string): { base: string; head: string } {
    const of = (side: 'base' | 'head') =>
      [...(this.#labels[side].get(label) ?? []), this.#units[side].get(label) ?? ''].join('\n')
    return { base: of('base'), head: of('head') }
  }
}

/** resourceKey → the content under it, in every cluster that has it. */
function objectsOf(rendered: RenderedRepository): Map<string, string> {
  const contents = new Map<string, string[]>()
  for (const unit of [...rendered.kustomizations, ...rendered.helmReleases])
    for (const { resource, manifest } of unit.objects) {
      const key = resourceKey(resource)
      contents.set(key, [...(contents.get(key) ?? []), `${unit.cluster} ${canonicalJson(manifest)}`])
    }
  return new Map([...contents].map(([key, texts]) => [key, texts.toSorted().join('\n')]))
}

/** 'Kind ns/name' → the contents of the objects with that label */
function labelled(objects: ReadonlyMap<string, string>): Map<string, string[]> {
  const labels = new Map<string, string[]>()
  for (const [key, content] of objects) {
    const [name = '', namespace = '', kind = ''] = key.split('/').toReversed()
    const label = resourceLabel({ apiVersion: '', kind, namespace, name })
    labels.set(label, [...(labels.get(label) ?? []), content])
  }
  return labels
}

/** 'Kustomization ns/name' → its inputs, in every cluster that has it. */
function unitsOf(rendered: RenderedRepository): Map<string, string> {
  const inputs = new Map<string, string[]>()
  const collect = (
    kind: 'Kustomization' | 'HelmRelease',
    units: readonly { cluster: string; namespace: string; name: string; inputs: string }[],
  ) => {
    for (const unit of units) {
      const key = unitLabel(kind, unit)
      inputs.set(key, [...(inputs.get(key) ?? []), `${unit.cluster} ${unit.inputs}`])
    }
  }
  collect('Kustomization', rendered.kustomizations)
  collect('HelmRelease', rendered.helmReleases)
  return new Map([...inputs].map(([key, hashes]) => [key, hashes.toSorted().join('\n')]))
}
