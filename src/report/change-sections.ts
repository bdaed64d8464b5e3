import type { Change } from '../manifest/change.ts'
import { groupOf } from '../manifest/resource.ts'
import { groupEqual, type ChangeGroup } from '../diff/group-equal.ts'
import { clip, code, fence, html } from './escape.ts'
import { plural } from './headline.ts'
import { fitting } from './problems.ts'
import { unitTitle } from './unit-title.ts'

const ORDER: readonly Change['change'][] = ['changed', 'renamed', 'added', 'removed']
const NAMES = 30
// Of the room, where not every diff fits: for the names of the others.
const NAMES_SHARE = 0.15
const NAME = 300

/** What fits of the changes, and how many changes were left without their diff. */
export interface Sections {
  text: string
  left: number
}

/**
 * The changes as folded sections, one a Kustomization; equal changes of several Kustomizations in one of their own.
 * The most important ones get the space: CNPG objects first, then what is changed, added, removed, and of these the smallest.
 * What is left without its diff is named, the removed first, as far as there is room. Every fence and every `<details>` is
 * closed.
 * @param budget characters (UTF-16) the text may take
 * @param diffLines lines that the diff of one object may take
 */
export function changeSections(
  changes: readonly Change[],
  budget: number,
  diffLines = Number.POSITIVE_INFINITY,
): Sections {
  const groups = groupEqual(changes).toSorted(
    (a, b) => importance(a) - importance(b) || a[0].diff.length - b[0].diff.length,
  )
  const all = sectionsWithin(groups, budget, diffLines)
  if (all.left.length === 0) return { text: all.text, left: 0 }
  const some = sectionsWithin(groups, budget - budget * NAMES_SHARE, diffLines)
  const text = [some.text, namesOf(some.left, budget - some.text.length)]
    .filter(part => part !== '')
    .join('\n')
  return { text, left: countOf(some.left) }
}

function sectionsWithin(
  groups: readonly ChangeGroup[],
  budget: number,
  diffLines: number,
): { text: string; left: ChangeGroup[] } {
  const shown = new Map<string, string[]>()
  const left: ChangeGroup[] = []
  let room = budget
  for (const group of groups) {
    const title = unitTitle(group, html)
    const overhead = shown.has(title) ? 0 : wrap(title, '', groups).length
    const block = blockOf(group, room - overhead, diffLines)
    if (block === undefined) {
      left.push(group)
      continue
    }
    room -= block.length + 2 + overhead
    shown.set(title, [...(shown.get(title) ?? []), block])
  }
  const byTitle = Map.groupBy(groups, group => unitTitle(group, html))
  const text = [...shown]
    .map(([title, blocks]) => wrap(title, blocks.join('\n\n'), byTitle.get(title) ?? []))
    .join('\n')
  return { text, left }
}

/** The changes without a diff by name, the removed first. */
function namesOf(groups: readonly ChangeGroup[], room: number): string {
  const removedFirst = groups.toSorted(
    ([a], [b]) => Number(b.change === 'removed') - Number(a.change === 'removed'),
  )
  const lines = removedFirst.map(group => `- ${headingOf(group)}`)
  const kept = fitting(lines, room - 120)
  if (kept.length === 0) return ''
  const more = kept.length < lines.length ? [`- and ${lines.length - kept.length} more`] : []
  return `<details><summary>${plural(countOf(groups), 'change')} without diff</summary>\n\n${[...kept, ...more].join('\n')}\n\n</details>`
}

function countOf(groups: readonly ChangeGroup[]): number {
  return groups.reduce((sum, group) => sum + group.length, 0)
}

function wrap(title: string, body: string, groups: readonly ChangeGroup[]): string {
  return `<details><summary>${whatHappens(groups)} in ${title}</summary>\n\n${body}\n\n</details>`
}

/** '1 object removed', '3 objects changed, 1 added' */
function whatHappens(groups: readonly ChangeGroup[]): string {
  return [...Map.groupBy(groups.flat(), ({ change }) => change)]
    .toSorted(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map(([change, list], index) => `${index === 0 ? plural(list.length, 'object') : list.length} ${change}`)
    .join(', ')
}

/** A group with as much of its diff as fits; `undefined` where not even its name does. */
function blockOf(group: ChangeGroup, room: number, diffLines: number): string | undefined {
  const heading = headingOf(group)
  const lines = group[0].diff.split('\n')
  const begin = (count: number) =>
    count === 0
      ? heading
      : `${heading}\n\n${fence('diff', [...lines.slice(0, count), `  … ${lines.length - count} more lines`].join('\n'))}`
  const whole = lines.length <= diffLines ? `${heading}\n\n${fence('diff', group[0].diff)}` : begin(diffLines)
  if (whole.length + 2 <= room) return whole
  // a beginning of a diff is worth showing from a few lines on
  let kept = Math.min(lines.length - 1, diffLines, Math.floor((room - heading.length - 60) / 8))
  while (kept > 2) {
    const cut = begin(kept)
    if (cut.length + 2 <= room) return cut
    kept = Math.floor(kept * 0.8)
  }
  return undefined
}

function headingOf(group: ChangeGroup): string {
  const [first] = group
  const orphaned = first.orphaned ? ' from Git, left running (prune is off)' : ''
  const owners = [...new Set(group.flatMap(({ movedFrom }) => movedFrom ?? []))]
  const [owner] = owners
  const moved =
    owner === undefined
      ? ''
      : `, so far applied by ${owners.length === 1 ? code(clip(owner, NAME)) : `${owners.length} others`}`
  // the same object of several clusters is named once
  const objects = [...new Set(group.map(nameOf))]
  const names = objects.slice(0, NAMES)
  const more = objects.length > NAMES ? ` and ${objects.length - NAMES} more` : ''
  const count = group.length > 1 ? `${group.length} × ` : ''
  return `${count}**${html(clip(first.resource.kind, NAME))}** ${first.change}${orphaned}${moved}: ${names.join(', ')}${more}`
}

function nameOf({ resource, renamedFrom, helmRelease }: Change): string {
  const name = qualified(resource)
  const from = renamedFrom === undefined ? '' : `${code(clip(qualified(renamedFrom), NAME))} → `
  return `${from}${code(clip(name, NAME))}${helmRelease === undefined ? '' : ` (HelmRelease ${code(clip(helmRelease, NAME))})`}`
}

function qualified({ namespace, name }: Change['resource']): string {
  return namespace === '' ? name : `${namespace}/${name}`
}

const BY_CHANGE: Record<Change['change'], number> = { changed: 2, renamed: 2, added: 3, removed: 4 }

function importance([{ resource, change }]: ChangeGroup): number {
  const group = groupOf(resource.apiVersion)
  if (resource.kind === 'Cluster' && group === 'postgresql.cnpg.io') return 0
  if (group === 'cnpg.io' || group.endsWith('.cnpg.io')) return 1
  return resource.kind === 'CustomResourceDefinition' ? 5 : BY_CHANGE[change]
}
