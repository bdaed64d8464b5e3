import type { Finding, Unjudged } from './manifest/finding.ts'
import { canonicalJson } from './manifest/json.ts'
import { resourceKey } from './manifest/resource.ts'
import { changedFiles } from './manifest/tree.ts'
import type { RenderedRepository } from './render-tree.ts'

/**
 * What a change touches, seen from both rendered trees. What stood in base and is untouched is no news: it never sets the
 * verdict.
 */
export class Touched {
  readonly #objects: { base: Map<string, string>; head: Map<string, string> }
  readonly #units: { base: Map<string, string>; head: Map<string, string> }
  readonly #files: { base: ReadonlyMap<string, string>; head: ReadonlyMap<string, string> }

  /** @param files path → content id, of both sides */
  constructor(
    base: RenderedRepository,
    head: RenderedRepository,
    files: { base: ReadonlyMap<string, string>; head: ReadonlyMap<string, string> },
  ) {
    this.#objects = { base: objectsOf(base), head: objectsOf(head) }
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
    const of = (objects: Map<string, string>, units: Map<string, string>) =>
      [...objects, ...units]
        .filter(([key]) => labelOf(key) === label)
        .map(([, content]) => content)
        .join('\n')
    return {
      base: of(this.#objects.base, this.#units.base),
      head: of(this.#objects.head, this.#units.head),
    }
  }
}

/** 'Kind ns/name' of a resource key or unit key. */
function labelOf(key: string): string {
  const parts = key.split('/')
  const [name = '', namespace = '', kind = ''] = parts.toReversed()
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
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

/** '/Kustomization/ns/name' → its inputs, in every cluster that has it. */
function unitsOf(rendered: RenderedRepository): Map<string, string> {
  const inputs = new Map<string, string[]>()
  const collect = (
    kind: string,
    units: readonly { cluster: string; namespace: string; name: string; inputs: string }[],
  ) => {
    for (const { cluster, namespace, name, inputs: hash } of units) {
      const key = `unit/${kind}/${namespace}/${name}`
      inputs.set(key, [...(inputs.get(key) ?? []), `${cluster} ${hash}`])
    }
  }
  collect('Kustomization', rendered.kustomizations)
  collect('HelmRelease', rendered.helmReleases)
  return new Map([...inputs].map(([key, hashes]) => [key, hashes.toSorted().join('\n')]))
}
