import type { AdmissionRequest, StageVerdict } from '../manifest/admission.ts'
import { isObject, type Json } from '../manifest/json.ts'
import type { CelRule, StructuralSchema } from '../schema/structural.ts'
import {
  Correlated,
  isRatcheted,
  oldItemsOf,
  ratchetOfIndex,
  ratchetOfKey,
  type Ratchet,
} from './correlation.ts'
import { COST_PER_CALL, COST_PER_OBJECT } from './cost.ts'
import { CostExceeded, EvaluationError, UnsupportedRule } from './errors.ts'
import { Frame, type Slot } from './frame.ts'
import { valueOf, withTypeAndObjectMeta } from './json-values.ts'
import { goFloat, goQuote } from './library/go-quote.ts'
import { programOf, type Program } from './rule.ts'
import { isDeclared, normalizedFieldPath, ruleSite, type RuleSite } from './rule-sites.ts'
import { Optional, own } from './values.ts'

export interface RuleOptions {
  /** false: errors of unchanged values refuse, as before Kubernetes 1.30 (default true) */
  ratcheting?: boolean
  /**
   * What the rules of one object may cost in the API server's units. The default is its own limit (10,000,000): an object
   * that costs more is refused there. Beyond a smaller one the rest is not evaluated, and listed.
   */
  budget?: number
}

/**
 * Evaluates the rules of a kind's schema (x-kubernetes-validations) on an object as kube-apiserver 1.35 does
 * (apiextensions-apiserver 0.35, pkg/apiserver/schema/cel/validation.go): every rule at its place, with oldSelf where the live
 * object has the value. A rule that goes wrong on a value refuses the object, as it does there; a rule that this engine
 * cannot plan is listed in `notEvaluated`. Unchanged invalid values are warnings.
 * @param request the object after defaulting and mutation, and the live one on an update
 * @param schema of the version that the object has
 */
export function checkRules(
  request: AdmissionRequest,
  schema: StructuralSchema,
  options: RuleOptions = {},
): StageVerdict {
  const verdict: StageVerdict = { errors: [], warnings: [], notEvaluated: [] }
  const site = ruleSite(schema)
  if (site === undefined) return verdict
  const { object, live } = request
  const ratcheting = options.ratcheting ?? true
  const check: Check = {
    verdict,
    ratcheting,
    budget: options.budget ?? COST_PER_OBJECT,
    isLimitOfServer: (options.budget ?? COST_PER_OBJECT) >= COST_PER_OBJECT,
    listed: new Set(),
  }
  const ratchet = live !== undefined && ratcheting ? { current: new Correlated(object, live, schema) } : {}
  try {
    checkSite(check, { site, path: '', value: object, old: live, ratchet })
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error
  }
  return verdict
}

/** The state of one object's check. */
interface Check {
  readonly verdict: StageVerdict
  readonly ratcheting: boolean
  /** what is left of it */
  budget: number
  /** whether the API server refuses what goes beyond the budget */
  readonly isLimitOfServer: boolean
  /** rules that are listed as not evaluated already: one line for all items of a list */
  readonly listed: Set<string>
}

/** A value at its place, beside the old one. */
interface Place {
  site: RuleSite
  path: string
  value: Json
  old: Json | undefined
  ratchet: Ratchet
}

/** No further rule of the object is run, as in the API server. */
class OutOfBudget extends Error {}

function checkSite(check: Check, place: Place): void {
  const { site, value, old, ratchet } = place
  if (value === null) return
  if (site.rules.length > 0) checkValue(check, place)
  // allOf is not ratcheted by its own correlation (validation.go)
  for (const part of site.allOf)
    checkSite(check, { ...place, site: part, ratchet: { nearest: ratchet.nearest } })
  if (Array.isArray(value)) {
    const { items } = site
    if (items === undefined) return
    const oldItem = oldItemsOf(old, site.schema)
    for (const [i, item] of value.entries())
      checkSite(check, {
        site: items,
        path: `${place.path}[${i}]`,
        value: item,
        old: oldItem(item),
        ratchet: ratchetOfIndex(ratchet, i),
      })
  } else if (isObject(value)) {
    const oldFields = isObject(old) ? old : {}
    for (const [name, inner] of Object.entries(value)) {
      const { additionalProperties } = site
      const property = site.properties.get(name)
      if (additionalProperties === undefined && property === undefined) continue
      const below = { value: inner, old: own(oldFields, name), ratchet: ratchetOfKey(ratchet, name) }
      if (additionalProperties !== undefined)
        checkSite(check, { ...below, site: additionalProperties, path: `${place.path}[${name}]` })
      if (property !== undefined)
        checkSite(check, { ...below, site: property, path: child(place.path, name) })
    }
  }
}

function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

/** The rules of one place. */
function checkValue(check: Check, place: Place): void {
  const { site, path, old } = place
  const schema = site.isResource ? withTypeAndObjectMeta(site.schema) : site.schema
  const typeText = goQuote(schema.type ?? '')
  const self = slotOf(place.value, schema)
  // null counts as absent
  const oldSelf = old === undefined || old === null ? undefined : slotOf(old, schema)
  const isKnown = isDeclared(site.schema)
  for (const rule of site.rules) {
    if (rule.rule.trim() === '') continue
    const program = isKnown ? programOf(rule.rule) : new UnsupportedRule('CEL has no type for this value')
    if (program instanceof UnsupportedRule) {
      list(check, path, rule, program)
      continue
    }
    const isOptional = rule.optionalOldSelf === true
    // transition rules wait for an old value, unless they take its absence into account
    if (program.usesOldSelf && oldSelf === undefined && !(isOptional && check.ratcheting)) continue
    const slots: Slot[] = [self, isOptional ? optionalOf(oldSelf) : oldSelf]
    const passed = evaluate(check, path, typeText, rule, program, slots)
    if (passed) continue
    report(check, place, rule, program, slots)
  }
}

function slotOf(json: Json, schema: StructuralSchema): Slot {
  try {
    return valueOf(json, schema)
  } catch (error) {
    if (error instanceof EvaluationError) return error
    throw error
  }
}

function optionalOf(slot: Slot): Slot {
  if (slot instanceof EvaluationError) return slot
  return slot === undefined ? Optional.none : new Optional(slot)
}

function list(check: Check, path: string, rule: CelRule, reason: UnsupportedRule): void {
  const place = path.replaceAll(/\[[^\]]*\]/g, '[]')
  const line = `${place === '' ? 'the object' : place}: the rule ${JSON.stringify(rule.rule)} was not evaluated: ${reason.message}`
  if (check.listed.has(line)) return
  check.listed.add(line)
  check.verdict.notEvaluated.push(line)
}

function nameOf(rule: CelRule): string {
  return (rule.message === undefined || rule.message === '' ? rule.rule : rule.message).trim()
}

/** Whether a rule holds, or has been reported as gone wrong. */
function evaluate(
  check: Check,
  path: string,
  typeText: string,
  rule: CelRule,
  program: Program,
  slots: readonly Slot[],
): boolean {
  const invalid = (detail: string) =>
    check.verdict.errors.push({ layer: 'cel', field: path, message: `Invalid value: ${typeText}: ${detail}` })
  const outOfBudget = () => {
    if (check.isLimitOfServer)
      invalid('validation failed due to running out of cost budget, no further validation rules will be run')
    else
      list(
        check,
        path,
        rule,
        new UnsupportedRule(
          'the rules of this object cost more than the budget given; those behind it were not evaluated either',
        ),
      )
    return new OutOfBudget()
  }
  if (check.budget <= 0) throw outOfBudget()
  const frame = new Frame([...slots], COST_PER_CALL)
  try {
    const result = program.plan(frame)
    if (frame.cost > check.budget) throw outOfBudget()
    check.budget -= frame.cost
    if (typeof result === 'boolean') return result
    list(check, path, rule, new UnsupportedRule('it yields no boolean'))
    return true
  } catch (error) {
    if (error instanceof OutOfBudget) throw error
    if (error instanceof UnsupportedRule) {
      list(check, path, rule, error)
      return true
    }
    if (error instanceof RangeError) {
      list(check, path, rule, new UnsupportedRule('it is nested too deeply for this engine'))
      return true
    }
    if (frame.cost > check.budget) throw outOfBudget()
    check.budget -= frame.cost
    if (error instanceof CostExceeded) {
      invalid(
        `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(rule)}`,
      )
      throw new OutOfBudget()
    }
    if (!(error instanceof EvaluationError)) throw error
    invalid(
      error.message.startsWith('no such overload')
        ? `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(rule)}`
        : `${error.message} evaluating rule: ${nameOf(rule)}`,
    )
    return true
  }
}

/** Reports a rule that does not hold: an error, or a warning where nothing changed. */
function report(check: Check, place: Place, rule: CelRule, program: Program, slots: readonly Slot[]): void {
  const { site, path, value, ratchet } = place
  const inner =
    rule.fieldPath === undefined || rule.fieldPath === ''
      ? undefined
      : normalizedFieldPath(rule.fieldPath, site.schema)
  const field = inner === undefined ? path : child(path, inner)
  const message = errorOf(rule, printed(value, site.schema), messageOf(check, rule, slots))
  if (!program.usesOldSelf && isRatcheted(ratchet))
    check.verdict.warnings.push(`${field === '' ? '<nil>' : field}: ${message}`)
  else check.verdict.errors.push({ layer: 'cel', field, message })
}

// celconfig.MaxEvaluatedMessageExpressionSizeBytes
const LONGEST_MESSAGE = 5 * 1024

/** The message of a rule that failed: of its expression where that yields one, else as written, else the rule itself. */
function messageOf(check: Check, rule: CelRule, slots: readonly Slot[]): string {
  const written =
    rule.message === undefined || rule.message === ''
      ? `failed rule: ${rule.rule.trim()}`
      : rule.message.trim()
  if (rule.messageExpression === undefined || rule.messageExpression === '') return written
  const program = programOf(rule.messageExpression)
  if (program instanceof UnsupportedRule) return written
  const frame = new Frame([...slots], Math.min(COST_PER_CALL, check.budget))
  try {
    const made = program.plan(frame)
    const text = typeof made === 'string' ? made.trim() : ''
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > LONGEST_MESSAGE ? written : text
  } catch (error) {
    if (error instanceof EvaluationError || error instanceof CostExceeded || error instanceof UnsupportedRule)
      return written
    throw error
  } finally {
    check.budget -= frame.cost
  }
}

/** A scalar as Go prints it in errors; nothing for objects and lists (field.OmitValueType). */
function printed(value: Json, schema: StructuralSchema): string | undefined {
  if (schema.type === 'object' || schema.type === 'array') return undefined
  if (typeof value === 'string') return goQuote(value)
  return typeof value === 'number' ? goFloat(value) : JSON.stringify(value)
}

/** apimachinery 0.35, pkg/util/validation/field/errors.go, Error.ErrorBody, by the reason of the rule. */
function errorOf(rule: CelRule, value: string | undefined, detail: string): string {
  const of = value === undefined ? '' : `: ${value}`
  if (rule.reason === 'FieldValueForbidden') return `Forbidden: ${detail}`
  if (rule.reason === 'FieldValueRequired') return `Required value: ${detail}`
  if (rule.reason === 'FieldValueDuplicate') return `Duplicate value${of}`
  return `Invalid value${of}: ${detail}`
}
