import type { Finding } from '../manifest/finding.ts'
import { isObject, textAt, valueAt, type JsonObject } from '../manifest/json.ts'
import type { RenderedKustomization, RenderedObject } from '../manifest/rendered.ts'
import { groupOf } from '../manifest/resource.ts'
import type { CompiledExpression, CompileExpression } from './expression.ts'
import { isKustomization, isOpen } from './flux-kinds.ts'
import { samplesOf, type Sample } from './samples.ts'

// the order in which they are asked, RFC 0009; what none of them takes is in progress
const PARTS = ['inProgress', 'failed', 'current'] as const
type Part = (typeof PARTS)[number]
type Outcome = { is: Part } | { error: string; part: Part } | { unknown: true }
/** What people write for the object itself; in these expressions its fields are the variables. */
const MISNOMERS = /no such attribute\(s\): (self|object|obj|oldSelf|this|resource|item)\b/

type Problem = Pick<Finding, 'ruleId' | 'level' | 'message' | 'repair' | 'field'>

/**
 * What is wrong with spec.healthCheckExprs of the Kustomizations of one cluster: what Flux refuses, what never runs, and what
 * says the wrong thing of objects as their controllers really leave them.
 * Source: fluxcd/pkg runtime 0.111 cel/status_evaluator.go and status_reader.go, kustomize-controller 1.9 checkHealth.
 * @param kustomizations what each of them applies
 */
export function healthExpressionFindings(
  objects: readonly RenderedObject[],
  kustomizations: readonly RenderedKustomization[],
  compile: CompileExpression,
): Finding[] {
  return objects.flatMap(object => {
    const { resource, manifest, origin } = object
    const list = valueAt(manifest, 'spec', 'healthCheckExprs')
    if (!isKustomization(resource) || !Array.isArray(list)) return []
    const applied = kustomizations.find(
      unit =>
        unit.namespace === resource.namespace && unit.name === resource.name && unit.status === 'rendered',
    )?.objects
    const seen = new Set<string>()
    return list.filter(isObject).flatMap((entry, index): Finding[] => {
      const field = `spec.healthCheckExprs[${index}]`
      const target = targetOf(entry)
      if (isOpen(JSON.stringify(entry))) return []
      const problems: Problem[] = []
      if (seen.has(target.name))
        problems.push({
          ruleId: 'flux-health-expression-invalid',
          level: 'error',
          message: `There is a second entry for ${target.name}: kustomize-controller refuses the whole Kustomization.`,
          repair: 'Make one entry of them.',
          field,
        })
      seen.add(target.name)
      const idle = idleness(manifest, target, applied)
      const judged = judge(entry, target, field, compile)
      if (idle === undefined) problems.push(...judged)
      else {
        problems.push(...judged.filter(({ ruleId }) => ruleId === 'flux-health-expression-invalid'))
        // what never runs does no harm yet
        const would = judged.find(({ level }) => level === 'warning' || level === 'error')
        problems.push({
          ruleId: 'flux-health-expression-unused',
          level: 'note',
          message: `The expressions for ${target.name} never run: ${idle}.${would === undefined || problems.length > 0 ? '' : ` Where they did: ${would.message}`}`,
          repair: `Set spec.wait: true, or name the object under spec.healthChecks of the Kustomization that applies it.`,
          field,
        })
      }
      return problems.map(problem => ({ ...problem, resource, ...origin }))
    })
  })
}

interface Target {
  group: string
  kind: string
  name: string
}

function targetOf(entry: JsonObject): Target {
  const group = groupOf(textAt(entry, 'apiVersion') ?? '')
  const kind = textAt(entry, 'kind') ?? ''
  return { group, kind, name: kind === '' ? `the group ${group}` : `${kind} of ${group || 'the core group'}` }
}

/** Why an entry is never asked; undefined where it is, or where that is not known. */
function idleness(
  manifest: JsonObject,
  { group, kind }: Target,
  applied: readonly RenderedObject[] | undefined,
): string | undefined {
  const matches = (apiVersion: string, itsKind: string) =>
    groupOf(apiVersion) === group && (kind === '' || itsKind === kind)
  if (valueAt(manifest, 'spec', 'wait') === true)
    return applied === undefined ||
      applied.some(({ resource }) => matches(resource.apiVersion, resource.kind))
      ? undefined
      : 'the Kustomization applies no such object'
  const named = valueAt(manifest, 'spec', 'healthChecks')
  if (!Array.isArray(named) || named.length === 0) return 'neither spec.wait nor spec.healthChecks is set'
  return named.some(check => matches(textAt(check, 'apiVersion') ?? 'apps/v1', textAt(check, 'kind') ?? ''))
    ? undefined
    : 'spec.healthChecks names no such object'
}

function judge(entry: JsonObject, target: Target, field: string, compile: CompileExpression): Problem[] {
  const compiled = new Map<Part, CompiledExpression>()
  for (const part of PARTS) {
    const source = textAt(entry, part) ?? ''
    if (source.trim() !== '') compiled.set(part, compile(source))
  }
  const refused = [...compiled].flatMap(([part, expression]): Problem[] =>
    expression.ok || !expression.certain
      ? []
      : [
          {
            ruleId: 'flux-health-expression-invalid',
            level: 'error',
            message: `Flux cannot use the expression ${part}: ${expression.problem}.`,
            repair: 'Correct the expression; nothing of the Kustomization is applied until then.',
            field: `${field}.${part}`,
          },
        ],
  )
  // without `current` the schema refuses the entry
  if (refused.length > 0 || !compiled.has('current')) return refused
  return aboutSamples(compiled, target, field)
}

function aboutSamples(
  compiled: ReadonlyMap<Part, CompiledExpression>,
  { group, kind, name }: Target,
  field: string,
): Problem[] {
  const samples = samplesOf(group, kind)
  if (samples.length === 0) {
    const outcome = outcomeOf(compiled, { apiVersion: '', kind: '', metadata: {}, spec: {}, status: {} })
    const misnomer = 'error' in outcome ? MISNOMERS.exec(outcome.error)?.[1] : undefined
    return misnomer === undefined || !('part' in outcome)
      ? []
      : [never(`there is no variable ${misnomer}`, field, outcome.part)]
  }
  const outcomes = samples.map(sample => ({ sample, outcome: outcomeOf(compiled, sample.object) }))
  const of = (state: Sample['state']) =>
    outcomes.flatMap(({ sample, outcome }) => (sample.state === state ? [outcome] : []))
  const healthy = of('healthy')
  if (outcomes.some(({ outcome }) => 'unknown' in outcome)) return []
  if (!healthy.some(outcome => 'is' in outcome && outcome.is === 'current'))
    return healthy.slice(0, 1).map(outcome => never(...neverBecause(outcome, name, field)))
  const problems: Problem[] = []
  if (of('progressing').some(outcome => 'is' in outcome && outcome.is === 'failed'))
    problems.push({
      ruleId: 'flux-health-expression-early',
      level: 'warning',
      message: `failed is true while a ${kind} is only at work (created, rolled, switched over): the Kustomization fails at once then, and what depends on it is not applied.`,
      repair:
        kind === 'Cluster'
          ? "Name phases that do not end by themselves: has(status.phase) && status.phase in ['Not enough disk space', 'Cluster is unrecoverable and needs manual intervention']."
          : 'Let it be true only of what does not end by itself.',
      field: `${field}.failed`,
    })
  const failed = of('failed')
  if (failed.length > 0 && failed.every(outcome => 'is' in outcome && outcome.is === 'current'))
    problems.push({
      ruleId: 'flux-health-expression-blind',
      level: 'warning',
      message: `current is true of a ${kind} that has failed, too: the Kustomization is ready, whatever happens to it.`,
      repair: `Ask for the condition: status.conditions.exists(c, c.type == 'Ready' && c.status == 'True').`,
      field: `${field}.current`,
    })
  const unguarded = of('fresh').find(outcome => 'error' in outcome)
  if (unguarded !== undefined && 'error' in unguarded)
    problems.push({
      ruleId: 'flux-health-expression-unguarded',
      level: 'note',
      message: `${unguarded.part} cannot be evaluated on a ${kind} that was just created (${unguarded.error}): its health is Unknown until the field is there.`,
      repair: 'Ask first whether it is there: has(status.conditions) && ….',
      field: `${field}.${unguarded.part}`,
    })
  return problems
}

function never(because: string, field: string, part: Part): Problem {
  return {
    ruleId: 'flux-health-expression-never',
    level: 'error',
    message: `${because[0]?.toUpperCase()}${because.slice(1)}: the Kustomization never becomes ready, and what depends on it is never applied.`,
    repair:
      'The fields of the object are the variables (status, metadata, spec); write what its controller sets when all is well.',
    field: `${field}.${part}`,
  }
}

function neverBecause(outcome: Outcome, name: string, field: string): [string, string, Part] {
  if ('error' in outcome)
    return [
      `${outcome.part} cannot be evaluated on a healthy ${name} (${outcome.error})`,
      field,
      outcome.part,
    ]
  const part = 'is' in outcome ? outcome.is : 'current'
  return part === 'failed'
    ? [`failed is true of a healthy ${name}`, field, 'failed']
    : [`current is not true of a healthy ${name}`, field, 'current']
}

/** StatusEvaluator.Evaluate: an error of one part ends it, whatever the others say. */
function outcomeOf(compiled: ReadonlyMap<Part, CompiledExpression>, object: JsonObject): Outcome {
  const observed = valueAt(object, 'status', 'observedGeneration')
  if (typeof observed === 'number' && observed !== valueAt(object, 'metadata', 'generation'))
    return { is: 'inProgress' }
  for (const part of PARTS) {
    const expression = compiled.get(part)
    if (expression === undefined) continue
    if (!expression.ok) return { unknown: true }
    const result = expression.evaluate(object)
    if ('unknown' in result) return { unknown: true }
    if ('error' in result) return { error: result.error, part }
    if (result.value) return { is: part }
  }
  return { is: 'inProgress' }
}
