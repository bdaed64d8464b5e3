import type { Level } from './manifest/finding.ts'

/** What one version of an operator and its kinds says of an object. */
export interface Standing {
  /** why it is refused when it is created or changed, by the rule that tells it otherwise */
  problems: readonly StandingProblem[]
  warnings: readonly string[]
  /** whether it is refused as an update of what the base applies, as Flux asks at every reconciliation */
  refused: boolean
}

export interface StandingProblem {
  ruleId: string
  message: string
  repair?: string
  /** '' for the object as a whole */
  field: string
}

/** A finding that has no place yet. */
export interface UpgradeOutcome {
  ruleId: string
  level: Level
  message: string
  repair: string
  field: string
  /** what need not be told by its own rule any more */
  replaces: readonly StandingProblem[]
}

export interface UpgradedObject {
  /** 'CloudNativePG 1.28.0 → 1.30.0 (operator/release.yaml:12)' */
  update: string
  /** the change leaves the object as it was */
  unchanged: boolean
  /** 'Kustomization databases/postgres'; undefined for what a chart yields */
  applier: string | undefined
}

const UNKNOWN_FIELD = 'schema-unknown-field'

/**
 * What an update does to one object, told by what both versions say of it.
 * Sources: apiextensions-apiserver pkg/registry/customresource (pruning when an object is read, ratcheting when it is written); fluxcd/pkg
 * ssa Manager.Apply, which asks with a dry run at every reconciliation.
 */
export function compareUpgrade(was: Standing, is: Standing, object: UpgradedObject): UpgradeOutcome[] {
  const known = new Set(was.problems.map(nameOf))
  const fresh = is.problems.filter(
    problem =>
      !known.has(nameOf(problem)) &&
      // a refusal names what one stage found: others may have been there before
      (was.problems.length === 0 || problem.ruleId.startsWith('schema-')),
  )
  return [
    ...fresh.map(problem =>
      problem.ruleId === UNKNOWN_FIELD ? dropped(problem, object) : refused(problem, is, object),
    ),
    ...deprecated(was, is, object),
    ...possible(was, is, object),
  ]
}

function nameOf({ ruleId, field }: StandingProblem): string {
  return `${ruleId} ${field}`
}

function dropped(problem: StandingProblem, { update, unchanged, applier }: UpgradedObject): UpgradeOutcome {
  const stored = unchanged ? 'What is stored loses it, without a word, as soon as the new CRD is there. ' : ''
  const apply =
    applier === undefined
      ? 'Helm drops it without a word, too.'
      : `${applier} is refused from then on: the field is not declared.`
  return {
    ruleId: 'upgrade-field-dropped',
    level: 'error',
    message: `${sentence(problem.message)} ${update} takes the field away. ${stored}${apply}`,
    repair: `Move what ${lastOf(problem.field)} says to what replaces it, in a change before this update.`,
    field: problem.field,
    replaces: [problem],
  }
}

function refused(
  problem: StandingProblem,
  is: Standing,
  { update, unchanged, applier }: UpgradedObject,
): UpgradeOutcome {
  const stored = 'What is stored stays as it is until it is written; the next change of it will be refused'
  const effect = !unchanged
    ? 'Without the update this change would be taken.'
    : is.refused && applier !== undefined
      ? `${stored}, and so is every apply of ${applier}, which asks with a dry run.`
      : `${stored}.`
  return {
    ruleId: 'upgrade-refused',
    level: 'error',
    message: `${sentence(problem.message)} ${update} brings that. ${effect}`,
    repair: [problem.repair, 'Mend the object in a change before this update, or hold the update back.']
      .filter(text => text !== undefined)
      .join(' '),
    field: problem.field,
    // what is let through because it stands unchanged comes with a warning of the same words
    replaces: [
      problem,
      ...is.warnings
        .filter(warning => warning === problem.message)
        .map(message => ({ ruleId: 'admission-warning', message, field: '' })),
    ],
  }
}

function deprecated(was: Standing, is: Standing, { update }: UpgradedObject): UpgradeOutcome[] {
  const known = new Set(was.warnings.map(words))
  return is.warnings
    .filter(warning => /deprecat/i.test(warning) && !known.has(words(warning)))
    .map(message => ({
      ruleId: 'upgrade-deprecated',
      level: 'warning' as const,
      message: `${sentence(message)} ${update} brings that.`,
      repair: 'Move away from it before the version that drops it.',
      field: fieldIn(message),
      replaces: [{ ruleId: 'admission-warning', message, field: '' }],
    }))
}

/** The release in which something is to go moves from version to version. */
function words(warning: string): string {
  return warning.replaceAll(/\d+/g, '#')
}

function possible(was: Standing, is: Standing, { update, unchanged }: UpgradedObject): UpgradeOutcome[] {
  const [first] = was.problems
  if (first === undefined || is.problems.length > 0) return []
  const order = unchanged
    ? 'It was refused, and is taken from now on.'
    : 'It is taken only where the new version runs already: until then its apply is refused and tried again.'
  return [
    {
      ruleId: 'upgrade-now-possible',
      level: 'note',
      message: `${update} takes it; the version before refuses it: ${sentence(first.message)} ${order}`,
      repair: 'Let it wait for the update: a Kustomization of its own with dependsOn, or a later change.',
      field: first.field,
      replaces: [],
    },
  ]
}

/** The field that a warning of the operator begins with, or names in the words it uses for it. */
function fieldIn(warning: string): string {
  return /\bspec(?:\.\w+)+/.exec(warning)?.[0] ?? ''
}

function lastOf(field: string): string {
  return field.split('.').at(-1) ?? field
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
