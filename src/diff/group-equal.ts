import type { Change } from '../manifest/change.ts'
import { groupOf } from '../manifest/resource.ts'

/** Changes that say the same about different objects; at least one, in their order. */
export type ChangeGroup = readonly [Change, ...Change[]]

/** Puts changes of one kind with equal diffs (the objects' own names aside) into one group; groups in order of first appearance. */
export function groupEqual(changes: readonly Change[]): ChangeGroup[] {
  const groups = new Map<string, [Change, ...Change[]]>()
  for (const change of changes) {
    const { resource, renamedFrom } = change
    const key = JSON.stringify([
      change.change,
      groupOf(resource.apiVersion),
      resource.kind,
      change.orphaned ?? false,
      withoutNames(change.diff, [
        resource.name,
        resource.namespace,
        renamedFrom?.name ?? '',
        renamedFrom?.namespace ?? '',
        change.kustomization,
        change.movedFrom ?? '',
      ]),
    ])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [change])
    else group.push(change)
  }
  return [...groups.values()]
}

function withoutNames(diff: string, names: string[]): string {
  return names.reduce(
    (text, name, index) => (name === '' ? text : text.replaceAll(name, `\0${index}\0`)),
    diff,
  )
}
