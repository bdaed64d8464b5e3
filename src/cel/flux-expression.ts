import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { planExpression } from './compile.ts'
import { COST_PER_OBJECT } from './cost.ts'
import { CostExceeded, EvaluationError, UnsupportedRule } from './errors.ts'
import { parseExpression, type Expr } from './expression.ts'
import { Frame, scopeOf, type Plan } from './frame.ts'
import { PlainList, PlainMap, typeName, type Value } from './values.ts'

/** What became of one evaluation. `unknown`: this engine cannot tell; Flux's may. */
export type FluxResult = { value: boolean } | { error: string } | { unknown: string }

/** An expression that can be run, or why there is none. `certain`: Flux refuses it, too. */
export type FluxExpression =
  | { ok: true; evaluate: (variables: JsonObject) => FluxResult }
  | { ok: false; certain: boolean; problem: string }

/**
 * Functions of Flux's environment, and the macros that the parser leaves as calls (fluxcd/pkg runtime 0.111, cel/expression.go: the standard ones, optional types,
 * ext.Strings, ext.Sets, ext.Encoders). What Kubernetes adds to CEL (quantity, url, semver, lists) is not among them.
 */
const FUNCTIONS = new Set(
  `size int uint double bool string bytes dyn type duration timestamp matches contains startsWith endsWith
  getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds
  of ofNonZeroValue none hasValue value or orValue optMap optFlatMap unwrap unwrapOpt
  charAt indexOf lastIndexOf join lowerAscii upperAscii quote replace split substring trim format reverse
  equivalent intersects encode decode __optional__`.split(/\s+/),
)
// what this engine does not do as Flux's does: strings only turned around, base64
const NOT_HERE = new Set(['reverse', 'encode', 'decode'])
/** Names before a function: `sets.contains`. */
const NAMESPACES = new Set(['sets', 'strings', 'optional', 'base64'])
/** Names that are types where no variable has them. */
const TYPES = new Set('int uint double bool string bytes list map null_type type optional_type'.split(' '))
const COMPARISONS = new Set('_==_ _!=_ _<_ _<=_ _>_ _>=_ _&&_ _||_ !_ @in'.split(' '))
const PREDICATES = new Set(
  'contains startsWith endsWith matches equivalent intersects hasValue bool'.split(' '),
)

/**
 * Plans an expression of Flux (healthCheckExprs, dependsOn[].readyExpr) as its controllers do.
 * @param declared the variables there are, where Flux compiles the expression before it runs (readyExpr: self and dep): others
 *   are refused then, and so is what is no bool. Absent: it is only parsed, and the fields of the object are its variables.
 */
export function fluxExpression(source: string, declared?: readonly string[]): FluxExpression {
  try {
    const expr = parseExpression(source)
    const { names, functions } = mentioned(expr)
    const foreign = functions.find(name => /^\w+$/.test(name) && !FUNCTIONS.has(name))
    // what is left of a macro that the parser did not take: has(status)
    if (foreign === 'has') return refused('has() wants a field of something, as in has(status.phase)')
    if (foreign !== undefined) return refused(`Flux's CEL has no function ${foreign}`)
    if (declared !== undefined) {
      const stranger = names.free.find(name => !declared.includes(name))
      if (stranger !== undefined) return refused(`it names ${stranger}; there are ${declared.join(' and ')}`)
      if (isNoBool(expr)) return refused('its value is no bool')
    }
    const beyond = functions.find(name => NOT_HERE.has(name))
    if (beyond !== undefined)
      return { ok: false, certain: false, problem: `the function ${beyond} is not evaluated here` }
    const variables = [...new Set([...names.free, ...(declared ?? [])])]
    return { ok: true, evaluate: runner(planExpression(expr, scopeOf(variables)), variables) }
  } catch (error) {
    if (error instanceof UnsupportedRule)
      return {
        ok: false,
        certain: error.message.startsWith('it cannot be parsed'),
        problem: firstLine(error),
      }
    if (error instanceof RangeError) return { ok: false, certain: false, problem: 'it is nested too deeply' }
    throw error
  }
}

function refused(problem: string): FluxExpression {
  return { ok: false, certain: true, problem }
}

function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0] ?? message
}

function runner(plan: Plan, variables: readonly string[]): (object: JsonObject) => FluxResult {
  return object => {
    // a field that is not there is no variable: even has(status.phase) goes wrong then
    const slots = variables.map(name => {
      const value = Object.hasOwn(object, name) ? object[name] : undefined
      return value === undefined ? new EvaluationError(`no such attribute(s): ${name}`) : plainValue(value)
    })
    try {
      const value = plan(new Frame(slots, COST_PER_OBJECT))
      return typeof value === 'boolean' ? { value } : { error: `its value is a ${typeName(value)}, no bool` }
    } catch (error) {
      if (error instanceof EvaluationError) return { error: error.message }
      if (error instanceof UnsupportedRule || error instanceof CostExceeded) return { unknown: error.message }
      throw error
    }
  }
}

/** JSON without a schema, as Flux hands it to CEL: whole numbers are int. */
function plainValue(json: Json): Value {
  if (Array.isArray(json)) return new PlainList(json.map(plainValue))
  if (isObject(json)) {
    const map = new PlainMap()
    for (const [key, value] of Object.entries(json)) map.insert(key, plainValue(value))
    return map
  }
  return typeof json === 'number' && Number.isInteger(json) ? BigInt(json) : json
}

/** True where a checked expression is certainly something else than a bool: `dep.status.ready` is dyn to Flux. */
function isNoBool({ exprKind }: Expr): boolean {
  switch (exprKind.case) {
    case 'identExpr':
    case 'listExpr':
    case 'structExpr':
      return true
    case 'selectExpr':
      return !exprKind.value.testOnly
    case 'constExpr':
      return exprKind.value.constantKind.case !== 'boolValue'
    case 'callExpr': {
      const { function: name, args } = exprKind.value
      // of bool and dyn the checker makes dyn
      if (name === '_?_:_') return args.slice(1).some(isNoBool)
      if (COMPARISONS.has(name) || PREDICATES.has(name)) return false
      return name === '_[_]' || /^_[-+*/%]_$/.test(name) || ['size', 'string', 'int', 'double'].includes(name)
    }
    case 'comprehensionExpr':
    case undefined:
    default:
      return false
  }
}

/** The functions an expression calls, and the names it uses and does not bind itself. */
function mentioned(expr: Expr): { names: { free: string[] }; functions: string[] } {
  const free = new Set<string>()
  const functions = new Set<string>()
  const visit = (node: unknown, bound: ReadonlySet<string>): void => {
    if (Array.isArray(node)) {
      for (const inner of node) visit(inner, bound)
      return
    }
    if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return
    const kind = 'case' in node && typeof node.case === 'string' ? node.case : undefined
    const value = 'value' in node ? node.value : undefined
    if (kind === 'identExpr' && isRecord(value)) {
      const name = String(value['name'])
      if (!bound.has(name) && !TYPES.has(name) && !NAMESPACES.has(name)) free.add(name)
      return
    }
    if (kind === 'callExpr' && isRecord(value)) {
      functions.add(String(value['function']))
      // macros that the parser leaves: the first argument is a name
      const [first] = Array.isArray(value['args']) ? value['args'] : []
      const name = /^opt(?:Flat)?Map$/.test(String(value['function'])) ? identIn(first) : undefined
      visit(Object.values(value), name === undefined ? bound : new Set([...bound, name]))
      return
    }
    if (kind === 'comprehensionExpr' && isRecord(value)) {
      visit(value['iterRange'], bound)
      const inner = new Set([...bound, String(value['iterVar']), String(value['accuVar'])])
      for (const part of ['accuInit', 'loopCondition', 'loopStep', 'result']) visit(value[part], inner)
      return
    }
    for (const inner of Object.values(node)) visit(inner, bound)
  }
  visit(expr, new Set())
  return { names: { free: [...free] }, functions: [...functions] }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function identIn(expr: unknown): string | undefined {
  const kind = isRecord(expr) ? expr['exprKind'] : undefined
  if (!isRecord(kind) || kind['case'] !== 'identExpr' || !isRecord(kind['value'])) return undefined
  return String(kind['value']['name'])
}
