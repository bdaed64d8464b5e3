import type { Finding } from '../manifest/finding.ts'
import { resourceLabel } from '../manifest/resource.ts'

const NAMES = 5

/** One thing said of several objects at one place: a base or a component that many apply, a transformer, a value of a chart. */
export interface EqualFindings {
  /** the first of them */
  finding: Finding
  /** 'Cluster databases/postgres', or 'Cluster databases/a, Cluster databases/b and 3 more'; '' where none names an object */
  objects: string
  all: readonly Finding[]
}

/** Findings that differ in nothing but the object, its cluster and its Kustomization, in order of first appearance. */
export function equalFindings(findings: readonly Finding[]): EqualFindings[] {
  const groups = Map.groupBy(findings, ({ level, ruleId, message, repair, field, file, line }) =>
    JSON.stringify([level, ruleId, message, repair, field, file, line]),
  )
  return [...groups.values()].flatMap(all =>
    all.slice(0, 1).map(finding => ({ finding, all, objects: objectsOf(all) })),
  )
}

function objectsOf(findings: readonly Finding[]): string {
  const labels = [
    ...new Set(findings.flatMap(({ resource }) => (resource === undefined ? [] : [resourceLabel(resource)]))),
  ]
  const more = labels.length - NAMES
  return `${labels.slice(0, NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
