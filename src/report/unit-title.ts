import type { ChangeGroup } from '../diff/group-equal.ts'
import { clip } from './escape.ts'

const NAMES = 5
const NAME = 300

/**
 * What applies the objects of a group: 'Kustomization a/b of clusters infra, apps', '7 Kustomizations (a/b, a/c and 5 more)'.
 * @param show escapes a name
 */
export function unitTitle(group: ChangeGroup, show: (name: string) => string): string {
  const clusters = [...new Set(group.map(({ cluster }) => cluster))].filter(name => name !== '')
  const units = [...new Set(group.map(({ kustomization }) => kustomization))]
  const of =
    clusters.length === 0 ? '' : ` of cluster${clusters.length === 1 ? '' : 's'} ${listed(clusters, show)}`
  return units.length === 1
    ? `Kustomization ${listed(units, show)}${of}`
    : `${units.length} Kustomizations (${listed(units, show)})${of}`
}

function listed(names: readonly string[], show: (name: string) => string): string {
  const shown = names.slice(0, NAMES).map(name => show(clip(name, NAME)))
  return `${shown.join(', ')}${names.length > NAMES ? ` and ${names.length - NAMES} more` : ''}`
}
