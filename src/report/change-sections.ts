import type { Change } from '../manifest/change.ts'
import { groupOf } from '../manifest/resource.ts'
import { groupEqual, type ChangeGroup } from '../diff/group-equal.ts'
import { code, fence, html } from './escape.ts'
import { plural } from './headline.ts'

const SIGNS: Record<Change['change'], string> = {
  added: 'added',
  removed: 'removed',
  changed: 'changed',
  renamed: 'renamed',
}
const NAMES = 30

/** What fits of the changes, and how many changes were left without their diff. */
export interface Sections {
  text: string
  left: number
}

/**
 * The changes as folded sections, one a Kustomization; equal changes of several Kustomizations in one of their own.
 * The most important ones get the space: CNPG objects first, then what is removed, then the rest. Every fence and every
 * `<details>` is closed.
 * @param budget characters (UTF-16) the text may take
 */
export function changeSections(changes: readonly Change[], budget: number): Sections {
  const groups = groupEqual(changes).toSorted((a, b) => importance(a) - importance(b))
  const shown = new Map<string, string[]>()
  let room = budget
  let left = 0
  for (const group of groups) {
    const title = titleOf(group)
    const overhead = shown.has(title) ? 0 : wrap(title, '', changes.length).length
    const block = blockOf(group, room - overhead)
    if (block === undefined) {
      left += group.length
      continue
    }
    room -= block.length + 2 + overhead
    shown.set(title, [...(shown.get(title) ?? []), block])
  }
  const counts = new Map<string, number>()
  for (const group of groups) counts.set(titleOf(group), (counts.get(titleOf(group)) ?? 0) + group.length)
  const text = [...shown]
    .map(([title, blocks]) => wrap(title, blocks.join('\n\n'), counts.get(title) ?? 0))
    .join('\n')
  return { text, left }
}

function wrap(title: string, body: string, count: number): string {
  return `<details><summary>${plural(count, 'object')} changed in ${title}</summary>\n\n${body}\n\n</details>`
}

function titleOf(group: ChangeGroup): string {
  const units = new Set(group.map(({ cluster, kustomization }) => `${cluster}\0${kustomization}`))
  if (units.size > 1) return plural(units.size, 'Kustomization')
  const [{ kustomization, cluster }] = group
  return `Kustomization <b>${html(kustomization)}</b> of cluster ${html(cluster)}`
}

/** A group with as much of its diff as fits; `undefined` where not even its name does. */
function blockOf(group: ChangeGroup, room: number): string | undefined {
  const heading = headingOf(group)
  const whole = `${heading}\n\n${fence('diff', group[0].diff)}`
  if (whole.length + 2 <= room) return whole
  // a beginning of a diff is worth showing from a few lines on
  const lines = group[0].diff.split('\n')
  let kept = Math.min(lines.length - 1, Math.floor((room - heading.length - 60) / 8))
  while (kept > 2) {
    const cut = `${heading}\n\n${fence('diff', [...lines.slice(0, kept), `  … ${lines.length - kept} more lines`].join('\n'))}`
    if (cut.length + 2 <= room) return cut
    kept = Math.floor(kept * 0.8)
  }
  return undefined
}

function headingOf(group: ChangeGroup): string {
  const [first] = group
  const what = `${SIGNS[first.change]}${first.orphaned ? ' from Git, left running (prune is off)' : ''}`
  // the same object of several clusters is named once
  const objects = [...new Set(group.map(nameOf))]
  const names = objects.slice(0, NAMES)
  const more = objects.length > NAMES ? ` and ${objects.length - NAMES} more` : ''
  const count = group.length > 1 ? `${group.length} × ` : ''
  return `${count}**${html(first.resource.kind)}** ${what}: ${names.join(', ')}${more}`
}

function nameOf({ resource, renamedFrom, helmRelease }: Change): string {
  const name = qualified(resource)
  const from = renamedFrom === undefined ? '' : `${code(qualified(renamedFrom))} → `
  return `${from}${code(name)}${helmRelease === undefined ? '' : ` (HelmRelease ${code(helmRelease)})`}`
}

function qualified({ namespace, name }: Change['resource']): string {
  return namespace === '' ? name : `${namespace}/${name}`
}

function importance([first]: ChangeGroup): number {
  const group = groupOf(first.resource.apiVersion)
  if (first.resource.kind === 'Cluster' && group === 'postgresql.cnpg.io') return 0
  if (group.endsWith('cnpg.io')) return 1
  if (first.resource.kind === 'CustomResourceDefinition') return 4
  return first.change === 'removed' ? 2 : 3
}
