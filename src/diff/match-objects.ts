import type { RenderedObject } from '../manifest/rendered.ts'
import { groupOf, resourceKey } from '../manifest/resource.ts'
import { generatedName } from './noise.ts'
import { pairAlike, sketch, type Sketch } from './similarity.ts'
import { unitKey, type Unit } from './units.ts'

/** An object of one side with the unit that applies it. */
export interface Located {
  unit: Unit
  object: RenderedObject
}

/** How two versions of an object were found to be the same one. */
export interface Pair {
  base: Located
  head: Located
  how: 'same' | 'moved' | 'generated' | 'renamed'
}

export interface Matching {
  pairs: Pair[]
  removed: Located[]
  added: Located[]
}

// argocd-diff-preview pairs at 0.5 of one kind; ours counts names and places too. Across kinds only near copies.
const SAME_KIND = 0.5
const OTHER_KIND = 0.85

/**
 * Pairs the objects of one cluster: by unit and identity, by identity (moved), by the name before a generated hash, by likeness (renamed).
 * @param mayRename false for objects that must not take part in a guess, because their side did not render
 */
export function matchObjects(
  base: Located[],
  head: Located[],
  mayRename: (located: Located) => boolean,
): Matching {
  const pairs: Pair[] = []
  let gone = base
  let come = head
  const byKey = (key: (located: Located) => string | undefined, how: Pair['how']): void => {
    const waiting = Map.groupBy(gone, key)
    const left = new Set(gone)
    const stillCome: Located[] = []
    for (const after of come) {
      const name = key(after)
      const before = name === undefined ? undefined : waiting.get(name)?.shift()
      if (before === undefined) stillCome.push(after)
      else {
        left.delete(before)
        pairs.push({ base: before, head: after, how })
      }
    }
    gone = [...left]
    come = stillCome
  }
  byKey(({ unit, object }) => `${unitKey(unit)} ${resourceKey(object.resource)}`, 'same')
  byKey(({ object }) => resourceKey(object.resource), 'moved')
  byKey(({ unit, object }) => {
    const name = generatedName(object.resource.kind, object.resource.name)
    return name === undefined ? undefined : `${unitKey(unit)} ${resourceKey({ ...object.resource, name })}`
  }, 'generated')

  const rename = (least: number, kindOf: (located: Located) => string): void => {
    const goneByKind = Map.groupBy(gone.filter(mayRename), kindOf)
    const taken = new Set<Located>()
    for (const [kind, arrived] of Map.groupBy(come.filter(mayRename), kindOf)) {
      const left = goneByKind.get(kind)
      if (left === undefined) continue
      for (const pair of pairAlike(left.map(sketchOf), arrived.map(sketchOf), least)) {
        const before = left[pair.gone]
        const after = arrived[pair.come]
        if (before === undefined || after === undefined) continue
        pairs.push({ base: before, head: after, how: 'renamed' })
        taken.add(before).add(after)
      }
    }
    gone = gone.filter(located => !taken.has(located))
    come = come.filter(located => !taken.has(located))
  }
  rename(SAME_KIND, ({ object }) => `${groupOf(object.resource.apiVersion)}/${object.resource.kind}`)
  rename(OTHER_KIND, () => '')
  return { pairs, removed: gone, added: come }
}

function sketchOf({ unit, object }: Located): Sketch {
  return sketch(object.manifest, object.resource, unit.name)
}
