import { IMPACTS_BY_HARM, type ImpactKind } from '../manifest/change.ts'
import type { Level } from '../manifest/finding.ts'
import { unjudgedNow, type Review, type Revision, type Verdict } from './review.ts'

const VERDICTS: Record<Verdict, { icon: string; word: string }> = {
  blocked: { icon: '🛑', word: 'Blocked' },
  attention: { icon: '🔶', word: 'Attention' },
  ready: { icon: '✅', word: 'Ready' },
  incomplete: { icon: '❔', word: 'Incomplete' },
}
export const LEVEL_ICON: Record<Level, string> = { error: '🛑', warning: '🔶', note: 'ℹ️' }

// What an error means, by the family of its rule.
const FAMILIES: readonly (readonly [prefix: string, phrase: string])[] = [
  ['parse-', 'not readable'],
  ['render-', 'not rendered'],
  ['schema-', 'refused by the API server'],
  ['cel-', 'refused by the API server'],
  ['admission-operator', 'refused by the operator'],
  ['admission-decoding', 'refused by the operator'],
  ['admission-', 'refused by the API server'],
  ['upgrade-refused', 'refused after the update'],
  ['upgrade-field-dropped', 'losing fields by the update'],
  ['cnpg-map-emptied', 'refused by the API server'],
  // src/cnpg/breaks
  ['cnpg-', 'accepted, then broken'],
  ['flux-', 'refused by Flux'],
  ['config-', 'wrong in the configuration'],
]

// What stands behind the number of each impact, for one and for several.
const IN_NUMBERS: Record<ImpactKind, readonly [one: string, several: string]> = {
  'data-loss': ['data loss', 'data losses'],
  'major-upgrade': ['major upgrade', 'major upgrades'],
  hibernation: ['hibernation', 'hibernations'],
  'operator-rollout': ['operator rollout', 'operator rollouts'],
  'backup-gap': ['backup gap', 'backup gaps'],
  switchover: ['switchover', 'switchovers'],
  'primary-restart': ['primary restart', 'primary restarts'],
  'rolling-restart': ['rolling restart', 'rolling restarts'],
  scale: ['change of scale', 'changes of scale'],
  resize: ['resize', 'resizes'],
  reload: ['reload', 'reloads'],
  ignored: ['edit without effect', 'edits without effect'],
  unknown: ['of unknown effect', 'of unknown effect'],
  none: ['without effect', 'without effect'],
}

/** '🛑 Blocked: 1 refused by the operator · 1 switchover · nothing else changes' */
export function headline(review: Review): string {
  const { icon, word } = VERDICTS[review.verdict]
  return `${icon} ${word}: ${counts(review).join(' · ')}`
}

/** The parts of the headline after the verdict; at least one. */
export function counts(review: Review): string[] {
  const errors = tally(
    review.findings
      .filter(finding => finding.level === 'error')
      .map(({ ruleId }) => FAMILIES.find(([prefix]) => ruleId.startsWith(prefix))?.[1]),
  )
  const parts = [...errors].map(([phrase, n]) =>
    phrase === undefined ? plural(n, 'error') : `${n} ${phrase}`,
  )
  const warnings = review.findings.filter(finding => finding.level === 'warning').length
  if (warnings > 0) parts.push(plural(warnings, 'warning'))
  const impacts = tally(review.impacts.map(({ impact }) => impact).filter(impact => impact !== 'none'))
  for (const [impact, n] of [...impacts].toSorted(([a], [b]) => harm(a) - harm(b)))
    parts.push(`${n} ${n === 1 ? IN_NUMBERS[impact][0] : IN_NUMBERS[impact][1]}`)
  const unjudged = unjudgedNow(review).length
  if (unjudged > 0) parts.push(`${unjudged} not judged`)
  const touched = new Set(review.impacts.map(({ cluster, resource }) => JSON.stringify([cluster, resource])))
  const others = review.changes.filter(
    ({ cluster, resource }) => !touched.has(JSON.stringify([cluster, resource])),
  ).length
  if (others > 0) parts.push(`${plural(others, touched.size > 0 ? 'other object' : 'object')} changed`)
  else if (parts.length > 0 && review.changes.length > 0) parts.push('nothing else changes')
  // what could not be judged may well change
  else parts.push(unjudged > 0 ? 'no change seen' : 'no rendered object changes')
  return parts
}

/** Position in the order of harm, 0 the worst. */
export function harm(impact: ImpactKind): number {
  return IMPACTS_BY_HARM.indexOf(impact)
}

export function impactIcon(impact: ImpactKind): string {
  if (impact === 'data-loss') return '🛑'
  if (impact === 'unknown') return '❔'
  return harm(impact) < harm('reload') ? '🔶' : 'ℹ️'
}

/** 'main 1a2b3c4', or the reference alone for a work tree */
export function revisionName({ ref, commit }: Revision): string {
  const short = commit?.slice(0, 7)
  if (short === undefined) return ref
  // a reference that is the commit itself, whole or in part, is named once
  const itself = ref.length >= 7 && (commit?.startsWith(ref) ?? false)
  return ref === '' || itself ? short : `${ref} ${short}`
}

/** The parts of the last line: what was looked at, how long it took, with which versions. */
export function footer(review: Review): string[] {
  const { stats } = review
  const units = plural(stats.kustomizations, 'Kustomization')
  return [
    `${plural(stats.objects, 'object')} of ${units}${stats.helmReleases > 0 ? ` and ${plural(stats.helmReleases, 'HelmRelease')}` : ''}`,
    `${stats.rendered} rendered again`,
    `${stats.seconds.toFixed(1)} s`,
    ...(stats.existing > 0 ? [`${plural(stats.existing, 'finding')} already in base, not shown`] : []),
    ...(stats.suppressed ? [`${stats.suppressed} suppressed by comments`] : []),
    ...(stats.noise.length > 0 ? [`left out as noise: ${stats.noise.join(', ')}`] : []),
    ...stats.versions,
  ]
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function tally<T>(items: readonly T[]): Map<T, number> {
  const counted = new Map<T, number>()
  for (const item of items) counted.set(item, (counted.get(item) ?? 0) + 1)
  return counted
}
