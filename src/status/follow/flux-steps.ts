import { commitOf, unitKey, type Expectation, type UnitExpectation } from './expectation.ts'
import type { Observation, UnitObservation } from './observation.ts'
import { unreadStep, type Step } from './step.ts'

/** Whether the source holds the commit. */
export function sourceStep(
  { source: name, commit }: Expectation,
  { source, containing, unread }: Observation,
): Step {
  if (source === undefined) return unreadStep(name, unread?.[name], 'could not be read')
  if (contains(source.applied, commit, containing))
    return { name, state: 'done', message: `has ${source.applied}` }
  const blocked = blockedUnit(source)
  if (blocked === undefined && /@sha256:[0-9a-f]{64}$/.test(source.applied))
    return {
      name,
      state: 'in-the-way',
      message: `has ${source.applied}, which does not say what commit it was made from`,
      repair:
        'Push the artifact with its origin: flux push artifact --revision="main@sha1:$(git rev-parse HEAD)" --source=….',
    }
  return blocked === undefined
    ? { name, state: 'waits', message: `still has ${source.applied || 'nothing'}` }
    : { name, ...blocked }
}

/** Steps of the units by key, each after those it depends on. */
export function unitSteps(
  expectation: Expectation,
  observation: Observation,
  fetched: boolean,
): Map<string, Step> {
  const steps = new Map<string, Step>()
  const byKey = new Map(expectation.units.map(unit => [unitKey(unit), unit]))
  const visit = (unit: UnitExpectation, above: readonly string[]): Step => {
    const key = unitKey(unit)
    const known = steps.get(key)
    if (known !== undefined) return known
    const before = unit.dependsOn
      .filter(dependency => !above.includes(dependency))
      .flatMap(dependency => byKey.get(dependency) ?? [])
      .map(dependency => visit(dependency, [...above, key]))
    const step = unitStep(unit, expectation, observation, fetched, before)
    steps.set(key, step)
    return step
  }
  for (const unit of expectation.units) visit(unit, [])
  return steps
}

function unitStep(
  unit: UnitExpectation,
  { commit }: Expectation,
  { units, containing, unread }: Observation,
  fetched: boolean,
  before: readonly Step[],
): Step {
  const name = unitKey(unit)
  const seen = units[name]
  if (seen === undefined) return unreadStep(name, unread?.[name], 'is not there yet')
  const helm = unit.kind === 'HelmRelease'
  const arrived = helm
    ? unit.chartVersion === undefined || isVersion(seen.chartVersion, unit.chartVersion)
    : contains(seen.applied, commit, containing)
  if (arrived && seen.ready === 'True' && !(helm && !fetched))
    return {
      name,
      state: 'done',
      message:
        helm && seen.chartVersion !== undefined
          ? `has chart ${seen.chartVersion}`
          : `has applied ${seen.applied}`,
    }
  const blocked = blockedUnit(seen)
  const tried = helm ? fetched : contains(seen.attempted, commit, containing)
  if (seen.suspended && blocked !== undefined) return { name, ...blocked }
  const waitsFor = before.find(({ state }) => state !== 'done')
  if (waitsFor !== undefined) return { name, state: 'waits', message: `waits for ${waitsFor.name}` }
  if (!fetched) return { name, state: 'waits', message: 'waits for the source' }
  // what failed before the commit arrived is not the commit's
  if (blocked !== undefined && tried) return { name, ...blocked }
  return {
    name,
    state: 'waits',
    message:
      helm && unit.chartVersion !== undefined
        ? `has chart ${seen.chartVersion ?? 'none'}, ${unit.chartVersion} is asked for`
        : seen.message === ''
          ? `has applied ${seen.applied || 'nothing'}`
          : seen.message,
  }
}

/** Reasons of Flux that pass by themselves. */
const PASSING = new Set([
  'DependencyNotReady',
  'Progressing',
  'ProgressingWithRetry',
  'HealthCheckCanceled',
  '',
])

function blockedUnit(seen: UnitObservation): Omit<Step, 'name'> | undefined {
  if (seen.suspended)
    return {
      state: 'in-the-way',
      message: 'is suspended',
      repair: 'Resume it (flux resume) for the commit to arrive.',
    }
  if (seen.ready !== 'False' || PASSING.has(seen.reason)) return undefined
  return {
    state: 'in-the-way',
    message: `${seen.reason}: ${seen.message}`,
    repair: 'Mend it as the message says.',
  }
}

/** A chart of an OCIRepository gets the digest behind its version: '0.27.0+f1b2c3' (helm-controller, mutateChartWithSourceRevision). */
function isVersion(seen: string | undefined, wanted: string): boolean {
  return seen === wanted || seen?.split('+')[0] === wanted
}

function contains(revision: string, commit: string, containing: readonly string[]): boolean {
  return commitOf(revision) === commit || containing.includes(revision)
}
