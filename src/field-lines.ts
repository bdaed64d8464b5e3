import { ChangedLines } from './changed-lines.ts'
import { Locator } from './locate.ts'
import type { Finding } from './manifest/finding.ts'
import type { Place } from './manifest/place.ts'
import type { RenderedHelmRelease, RenderedKustomization, RenderedObject } from './manifest/rendered.ts'
import type { Tree } from './manifest/tree.ts'
import type { RenderedRepository } from './render-tree.ts'

/** Where findings and impacts point to: the line of a field, or of what changed its value. */
export class FieldLines {
  readonly #locator: Locator
  readonly #changed: ChangedLines

  /** @param base the tree before the change, the same tree where nothing is compared */
  constructor(tree: Tree, base: Tree, rendered: RenderedRepository) {
    this.#locator = new Locator(tree, rendered)
    this.#changed = new ChangedLines(tree, base)
  }

  /** Where to point for a field of an object; `undefined` where not even the object's file is known. */
  async of(
    unit: RenderedKustomization | RenderedHelmRelease,
    object: RenderedObject,
    field: string,
  ): Promise<Place | undefined> {
    const origin = await this.#locator.field(unit, object, field)
    return origin === undefined ? undefined : await this.#changed.culprit(origin)
  }

  /** A finding about a field of an object, moved from the object's line to the field's. */
  async ofFinding(finding: Finding): Promise<Finding> {
    const { file, line, field, resource, cluster } = finding
    if (file === undefined || line === undefined || field === undefined || resource === undefined)
      return finding
    const found = this.#locator.applied(cluster, resource, { file, line })
    return found === undefined ? finding : { ...finding, ...(await this.of(found.unit, found.object, field)) }
  }

  /** Where to point for a field of the object whose document begins at a place; the place itself where nothing applies it. */
  async at(cluster: string, place: Place, field: string): Promise<Place> {
    const found = this.#locator.writtenAt(cluster, place)
    return (found === undefined ? undefined : await this.of(found.unit, found.object, field)) ?? place
  }
}
