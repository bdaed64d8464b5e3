import { sha256 } from './identity.ts'
import { OPEN, type UpdateMarker } from './marker.ts'
import type { SeenBranch, SeenPull } from './observation.ts'
import { bodyOf, normalBody, type MarkerFacts } from './pull-request-body.ts'
import type { UpdateStep } from './step.ts'

/** The facts of a pull request whose text stays as it is. */
export function factsFor(
  id: string,
  branch: SeenBranch,
  pull: SeenPull,
  marker: UpdateMarker | undefined,
): MarkerFacts {
  const unknown = {
    k: id,
    p: branch.proposal ?? '',
    bh: '',
    th: titleHash(pull.title),
    lb: [],
    dr: pull.draft,
  }
  const known = marker ?? { ...unknown, change: '', to: '', cl: [], was: [], ig: [], un: 0 }
  return { ...known, head: branch.head, st: OPEN }
}

/** Only what differs from what we wrote last: title, labels and draft that people changed stay theirs. */
export function editing(
  pull: SeenPull,
  marker: UpdateMarker | undefined,
  facts: MarkerFacts,
  options: { edited: boolean; ticked: boolean; text?: string; title?: string },
): Extract<UpdateStep, { step: 'edit' }> | undefined {
  const context = {
    current: pull.body,
    ...(marker === undefined ? {} : { known: marker }),
    edited: options.edited,
    ticked: options.ticked,
  }
  const body = bodyOf(options.text, facts, context)
  if (body === normalBody(pull.body)) return undefined
  const before = marker?.lb ?? []
  const title = options.title
  const isRetitled = title !== undefined && facts.th !== marker?.th && title !== pull.title
  const isRedrafted = facts.dr !== (marker?.dr ?? pull.draft) && facts.dr !== pull.draft
  return {
    step: 'edit',
    number: pull.number,
    seen: { title: pull.title, body: pull.body },
    body,
    ...(isRetitled ? { title } : {}),
    ...(isRedrafted ? { draft: facts.dr } : {}),
    addLabels: facts.lb.filter(label => !before.includes(label) && !pull.labels.includes(label)),
    removeLabels: before.filter(label => !facts.lb.includes(label) && pull.labels.includes(label)),
  }
}

/** How a title is remembered, so that one that a person wrote is told from ours. */
export function titleHash(title: string): string {
  return sha256(title).slice(0, 16)
}
