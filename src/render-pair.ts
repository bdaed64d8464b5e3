import type { BaseWork } from './base-work.ts'
import { FocusedPair } from './focused-pair.ts'
import { changedFiles } from './manifest/tree.ts'
import { BlobTexts } from './render/focus/blob-texts.ts'
import { findRoots, renderTree, type TreeRoots } from './render-tree.ts'
import {
  namedTogether,
  type RenderedRepository,
  type RenderRequest,
  type RenderTools,
} from './rendered-repository.ts'
import { versionBumps } from './version-bumps.ts'

export interface RenderedPair {
  base: RenderedRepository
  head: RenderedRepository
  /** what cannot differ was left out on both sides */
  focused: boolean
}

/**
 * Renders base and head of a change as far as they can differ: what no changed file reaches comes out equal on both sides, so
 * that it is neither built nor inflated; see `FocusedPair` for what else a verdict needs to see.
 * @param whole render all of both; so are trees without entry points of Flux' own, where nothing says what belongs together
 * @param work shared with the reviews of other changes of the same base
 */
export async function renderPair(
  base: RenderRequest,
  head: RenderRequest,
  tools: RenderTools,
  whole: boolean,
  work?: BaseWork,
): Promise<RenderedPair> {
  if (!whole) {
    const changed = changedFiles(await base.tree.files(), await head.tree.files())
    // what decides which files count at all is no file like others
    if (![...changed.keys()].some(path => path === '.sourceignore' || path.endsWith('/.sourceignore'))) {
      const texts = new BlobTexts([base.tree, head.tree], tools.cache.facts)
      const ofBase = await findRoots(base, tools, texts)
      const roots = { base: ofBase, head: await findRoots(head, tools, texts, ofBase) }
      if (isFlux(roots.base) && isFlux(roots.head)) {
        const pair = await FocusedPair.of(
          { base, head },
          roots,
          changed.keys(),
          tools,
          texts,
          work !== undefined,
        )
        const rendered = await pair.render()
        // another version of an operator or of CRDs is held against every object of its kinds
        if (rendered !== undefined && !bumps(rendered)) return { ...rendered, focused: true }
      }
    }
  }
  const wholeBase = async () => await renderTree(base, tools)
  return {
    base: await (work === undefined ? wholeBase() : work.rendered(wholeBase)),
    head: await renderTree(head, tools),
    focused: false,
  }
}

function bumps({ base, head }: Omit<RenderedPair, 'focused'>): boolean {
  const named = namedTogether(base, head)
  const { fluxVersions } = named.head
  return (
    versionBumps(named.base, named.head).length > 0 ||
    // another Flux substitutes in another way
    [...(named.base.fluxVersions ?? [])].some(
      ([cluster, { version }]) => version !== (fluxVersions?.get(cluster)?.version ?? version),
    )
  )
}

function isFlux({ entryPoints, guessed }: TreeRoots): boolean {
  return entryPoints.length > 0 && !guessed
}
