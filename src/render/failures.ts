import type { Finding, Unjudged } from '../manifest/finding.ts'
import { unitLabel, type RenderedTree, type RenderFailure } from '../manifest/rendered.ts'

/** Failures that are limits of ours, not mistakes of the tree: Flux may well build these. */
const OURS = new Set(['render-remote-base', 'render-limit'])

/**
 * What failed to render, one entry for each cause: a broken file that stops ten Kustomizations is one finding that names
 * them all.
 */
export function renderProblems(tree: Pick<RenderedTree, 'kustomizations' | 'helmReleases'>): {
  findings: Finding[]
  incomplete: Unjudged[]
} {
  const causes = new Map<string, { error: RenderFailure; units: { label: string; unit: Unit }[] }>()
  const collect = (kind: 'Kustomization' | 'HelmRelease', units: readonly Unit[]) => {
    for (const unit of units) {
      if (unit.error === undefined) continue
      const label = unitLabel(kind, unit)
      for (const error of unit.leftOut ?? []) incomplete.push(notFetched(error, label, unit))
      if (unit.leftOut !== undefined) continue
      const key = JSON.stringify([unit.error.ruleId, unit.error.message, unit.error.file, unit.error.line])
      const cause = causes.get(key) ?? { error: unit.error, units: [] }
      cause.units.push({ label, unit })
      causes.set(key, cause)
    }
  }
  const findings: Finding[] = []
  const incomplete: Unjudged[] = []
  collect('Kustomization', tree.kustomizations)
  collect('HelmRelease', tree.helmReleases)
  for (const { error, units } of causes.values()) {
    const { ruleId, message, ...place } = error
    const [first] = units
    if (first === undefined) continue
    const labels = [...new Set(units.map(({ label }) => label))]
    const oneCluster = units.every(({ unit }) => unit.cluster === first.unit.cluster)
    const cluster = oneCluster && first.unit.cluster !== '' ? { cluster: first.unit.cluster } : {}
    if (OURS.has(ruleId)) incomplete.push({ reason: ruleId, message, ...place, ...cluster, affected: labels })
    else
      findings.push({
        ruleId,
        level: 'error',
        message: `${message.replace(/[.\s]+$/, '')}. This stops ${enumerate(labels)}.`,
        ...place,
        ...cluster,
        ...(units.length === 1
          ? { kustomization: `${first.unit.namespace}/${first.unit.name}`.replace(/^\//, '') }
          : {}),
      })
  }
  return { findings, incomplete }
}

/**
 * An entry that was left out of a build. It names what the entry brings, not the Kustomization: whatever else changes in
 * that is judged.
 */
function notFetched({ ruleId, message, ...place }: RenderFailure, label: string, unit: Unit): Unjudged {
  return {
    reason: ruleId,
    message: `${message}; what it brings is not judged`,
    ...place,
    ...(unit.cluster === '' ? {} : { cluster: unit.cluster }),
    affected: [`what it brings to ${label}`],
  }
}

interface Unit {
  cluster: string
  namespace: string
  name: string
  error?: RenderFailure
  leftOut?: RenderFailure[]
}

function enumerate(labels: readonly string[]): string {
  const shown = labels.slice(0, 3).join(', ')
  return labels.length > 3 ? `${shown} and ${labels.length - 3} more` : shown
}
