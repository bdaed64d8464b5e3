import { isMacro, planComprehension, planMacro } from './comprehension.ts'
import { costOf, LIST_COST, MAP_COST } from './cost.ts'
import { EvaluationError, noSuchOverload, UnsupportedRule } from './errors.ts'
import { qualifiedName, type CallExpr, type ConstantExpr, type Expr } from './expression.ts'
import type { Frame, Plan, Scope, Slot } from './frame.ts'
import { functionOf, methodOf, type Call } from './functions.ts'
import * as operators from './operators.ts'
import { OPTIONAL_CALL, OPTIONAL_SUFFIX } from './optional-syntax.ts'
import { equal, Mapping, Optional, PlainList, PlainMap, TypeValue, Uint, type Value } from './values.ts'

const TYPES = new Set(
  'int uint double bool string bytes list map null_type type optional_type google.protobuf.Timestamp google.protobuf.Duration net.IP net.CIDR kubernetes.URL kubernetes.Quantity kubernetes.Semver'.split(
    ' ',
  ),
)

/** Operators: functions of values that are there. */
const OPERATORS: Record<string, Call> = {
  '_==_': ([a = null, b = null]) => equal(a, b),
  '_!=_': ([a = null, b = null]) => !equal(a, b),
  '_<_': ([a = null, b = null]) => operators.compare(a, b) < 0,
  '_<=_': ([a = null, b = null]) => operators.compare(a, b) <= 0,
  '_>_': ([a = null, b = null]) => operators.compare(a, b) > 0,
  '_>=_': ([a = null, b = null]) => operators.compare(a, b) >= 0,
  '_+_': ([a = null, b = null]) => operators.add(a, b),
  '_-_': ([a = null, b = null]) => operators.subtract(a, b),
  '_*_': ([a = null, b = null]) => operators.multiply(a, b),
  '_/_': ([a = null, b = null]) => operators.divide(a, b),
  '_%_': ([a = null, b = null]) => operators.modulo(a, b),
  '-_': ([a = null]) => operators.negate(a),
  '!_': ([a = null]) => operators.not(a),
  '@in': ([value = null, container = null]) => operators.contains(container, value),
}

/**
 * Plans an expression: what can be known before its values is worked out once.
 * Evaluation follows cel-go 0.26 with the options of k8s.io/apiserver 0.35 (pkg/cel/environment/base.go); the engine's own
 * planner knows neither optionals nor comprehensions of two variables, counts no cost, and names errors differently.
 * @throws UnsupportedRule for a function or a name that Kubernetes 1.35 does not have
 */
export function planExpression(expr: Expr, scope: Scope): Plan {
  const { exprKind } = expr
  switch (exprKind.case) {
    case 'constExpr': {
      const value = constant(exprKind.value)
      return () => value
    }
    case 'identExpr':
      return planIdent(exprKind.value.name, scope)
    case 'selectExpr':
      return planSelect(exprKind.value, expr, scope)
    case 'callExpr':
      return planCall(exprKind.value, scope)
    case 'listExpr':
      return planList(exprKind.value.elements, scope)
    case 'structExpr':
      return planMap(exprKind.value, scope)
    case 'comprehensionExpr':
      return planComprehension(exprKind.value, scope, planExpression)
    case undefined:
    default:
      throw new UnsupportedRule('it has a part without meaning')
  }
}

function constant(value: ConstantExpr): Value {
  const { constantKind } = value
  switch (constantKind.case) {
    case 'nullValue':
      return null
    case 'uint64Value':
      return new Uint(constantKind.value)
    case 'boolValue':
    case 'int64Value':
    case 'doubleValue':
    case 'stringValue':
    case 'bytesValue':
      return constantKind.value
    case 'durationValue':
    case 'timestampValue':
    case undefined:
    default:
      throw new UnsupportedRule('it has a constant of an unknown kind')
  }
}

/** What is in a variable. @throws the error that stands in it */
function read(slot: Slot): Value {
  if (slot instanceof EvaluationError) throw slot
  if (slot === undefined) throw new EvaluationError('no such attribute(s): oldSelf')
  return slot
}

function planIdent(name: string, scope: Scope): Plan {
  const slot = scope.slots.get(name)
  if (slot !== undefined)
    return frame => {
      frame.cost += 1
      return read(frame.slots[slot])
    }
  if (!TYPES.has(name)) throw new UnsupportedRule(`it names ${name}, which Kubernetes does not know`)
  const type = new TypeValue(name)
  return () => type
}

function planSelect(
  node: { operand?: Expr | undefined; field: string; testOnly: boolean },
  whole: Expr,
  scope: Scope,
): Plan {
  if (node.operand === undefined) throw new UnsupportedRule('it selects a field of nothing')
  const name = qualifiedName(whole)
  const root = name?.split('.')[0]
  if (name !== undefined && root !== undefined && !scope.slots.has(root)) return planIdent(name, scope)
  const isOptional = node.field.endsWith(OPTIONAL_SUFFIX)
  const field = isOptional ? node.field.slice(0, -OPTIONAL_SUFFIX.length) : node.field
  const operand = planExpression(node.operand, scope)
  const cost = isAttribute(node.operand) ? 1 : 2
  if (node.testOnly)
    return frame => {
      const value = operand(frame)
      if (value instanceof Optional)
        return value.value !== undefined && selectField(value.value, field) !== undefined
      return selectField(value, field) !== undefined
    }
  return frame => {
    const value = operand(frame)
    frame.cost += cost
    if (isOptional || value instanceof Optional) return optionally(value, inner => selectField(inner, field))
    const found = selectField(value, field)
    if (found === undefined) throw new EvaluationError(`no such key: ${field}`)
    return found
  }
}

/** cel-go counts a chain of fields once; a field of a computed value costs its own attribute. */
function isAttribute(expr: Expr): boolean {
  const { exprKind } = expr
  return (
    exprKind.case === 'identExpr' ||
    exprKind.case === 'selectExpr' ||
    (exprKind.case === 'callExpr' && exprKind.value.function === '_[_]')
  )
}

function selectField(value: Value, field: string): Value | undefined {
  return value instanceof Mapping ? value.find(field) : undefined
}

/** Inside of an optional: nothing of nothing is nothing. */
function optionally(value: Value, get: (inner: Value) => Value | undefined): Optional {
  const inner = value instanceof Optional ? value.value : value
  if (inner === undefined) return Optional.none
  const found = get(inner)
  return found === undefined ? Optional.none : new Optional(found)
}

function planCall(call: CallExpr, scope: Scope): Plan {
  if (isMacro(call)) return planMacro(call, scope, planExpression)
  const { function: name, target } = call
  if (target === undefined) {
    switch (name) {
      case '_&&_':
        return planLogic(call.args, scope, false)
      case '_||_':
        return planLogic(call.args, scope, true)
      case '_?_:_':
        return planConditional(call.args, scope)
      case '_[_]':
        return planIndex(call.args, scope)
      case '_+_': {
        const append = planAppend(call.args, scope)
        if (append !== undefined) return append
      }
    }
    if (name === 'dyn' && call.args.length === 1 && call.args[0] !== undefined)
      return planExpression(call.args[0], scope)
    const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : functionOf(name, call.args.length)
    if (operator === undefined) throw unknownFunction(name, call.args.length)
    // cel-go looks constants up in a set, and counts nothing for it
    const isFree = name === '@in' && call.args[1] !== undefined && isConstant(call.args[1])
    const apply = planApply(name, operator, call.args, scope, isFree || isConstantConversion(name, call.args))
    return isConstantConversion(name, call.args) ? folded(apply, true, 0) : apply
  }
  if ((name === 'or' || name === 'orValue') && call.args.length === 1) return planOr(call, scope)
  const qualifier = qualifiedName(target)
  if (qualifier !== undefined && !scope.slots.has(qualifier.split('.')[0] ?? '')) {
    const qualified = functionOf(`${qualifier}.${name}`, call.args.length)
    if (qualified === undefined) throw unknownFunction(`${qualifier}.${name}`, call.args.length)
    return planApply(`${qualifier}.${name}`, qualified, call.args, scope)
  }
  const method = methodOf(name, call.args.length + 1)
  if (method === undefined) throw unknownFunction(name, call.args.length)
  return planApply(name, method, [target, ...call.args], scope)
}

function unknownFunction(name: string, count: number): UnsupportedRule {
  return new UnsupportedRule(`it calls ${name} with ${count} arguments, which Kubernetes 1.35 does not have`)
}

function planApply(name: string, call: Call, args: readonly Expr[], scope: Scope, isFree = false): Plan {
  const plans = args.map(arg => planExpression(arg, scope))
  return frame => {
    const values = plans.map(plan => plan(frame))
    let result: Value = null
    try {
      result = call(values)
    } finally {
      if (!isFree) frame.spend(costOf(name, values, result))
    }
    return result
  }
}

/** `&&` and `||`: the side that decides absorbs the error of the other one. */
function planLogic(args: readonly Expr[], scope: Scope, decisive: boolean): Plan {
  const plans = args.map(arg => planExpression(arg, scope))
  return frame => {
    let failure: EvaluationError | undefined
    for (const plan of plans) {
      try {
        const value = plan(frame)
        if (value === decisive) return decisive
        if (typeof value !== 'boolean') failure ??= noSuchOverload()
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    return !decisive
  }
}

function planConditional(args: readonly Expr[], scope: Scope): Plan {
  const [condition, yes, no] = args.map(arg => planExpression(arg, scope))
  if (condition === undefined || yes === undefined || no === undefined)
    throw new UnsupportedRule('it has a condition that is not whole')
  const [, isFreeYes = false, isFreeNo = false] = args.map(isAttribute)
  return frame => {
    const value = condition(frame)
    if (typeof value !== 'boolean') throw noSuchOverload()
    // cel-go does not count the variable of a branch that is a plain field
    if (value ? isFreeYes : isFreeNo) frame.cost -= 1
    return value ? yes(frame) : no(frame)
  }
}

/** The argument of the marker that stands for optional syntax. */
function optionalPart(expr: Expr): Expr | undefined {
  const call = expr.exprKind.case === 'callExpr' ? expr.exprKind.value : undefined
  return call?.function === OPTIONAL_CALL && call.target === undefined ? call.args[0] : undefined
}

function planIndex(args: readonly Expr[], scope: Scope): Plan {
  const [container, index] = args
  if (container === undefined || index === undefined) throw new UnsupportedRule('it has an index of nothing')
  const optional = optionalPart(index)
  const operand = planExpression(container, scope)
  const key = planExpression(optional ?? index, scope)
  // cel-go does not count the variable of a key that is a plain field
  const cost = (isAttribute(container) ? 1 : 2) - (isAttribute(optional ?? index) ? 1 : 0)
  return frame => {
    const value = operand(frame)
    const at = key(frame)
    frame.cost += cost
    if (optional !== undefined || value instanceof Optional)
      return optionally(value, inner => operators.find(inner, at))
    return operators.at(value, at)
  }
}

/** `optional.or(other)` and `optional.orValue(other)`: the other one is only evaluated where it is needed. */
function planOr(call: CallExpr, scope: Scope): Plan {
  const [other] = call.args
  if (call.target === undefined || other === undefined) throw unknownFunction(call.function, call.args.length)
  const first = planExpression(call.target, scope)
  const second = planExpression(other, scope)
  const isValue = call.function === 'orValue'
  return frame => {
    const value = first(frame)
    if (!(value instanceof Optional)) throw noSuchOverload()
    if (value.value !== undefined) return isValue ? value.value : value
    return second(frame)
  }
}

/** `@result + [x]` of map and filter: appended in place, as cel-go does it, or n items would be copied n times. */
function planAppend(args: readonly Expr[], scope: Scope): Plan | undefined {
  const [accu, item] = args
  if (accu?.exprKind.case !== 'identExpr' || accu.exprKind.value.name !== '@result') return undefined
  if (item?.exprKind.case !== 'listExpr') return undefined
  const [element] = item.exprKind.value.elements
  const slot = scope.slots.get('@result')
  if (element === undefined || slot === undefined) return undefined
  const plan = planExpression(element, scope)
  return frame => {
    const list = read(frame.slots[slot])
    if (!(list instanceof PlainList)) throw noSuchOverload()
    const value = plan(frame)
    frame.spend(2 + LIST_COST)
    list.append(value)
    return list
  }
}

function isConstant(expr: Expr): boolean {
  const { exprKind } = expr
  if (exprKind.case === 'constExpr') return true
  if (exprKind.case === 'listExpr') return exprKind.value.elements.every(isConstant)
  if (exprKind.case === 'callExpr')
    return (
      exprKind.value.target === undefined &&
      isConstantConversion(exprKind.value.function, exprKind.value.args)
    )
  return (
    exprKind.case === 'structExpr' &&
    exprKind.value.messageName === '' &&
    exprKind.value.entries.every(
      entry =>
        entry.keyKind.case === 'mapKey' &&
        isConstant(entry.keyKind.value) &&
        entry.value !== undefined &&
        isConstant(entry.value),
    )
  )
}

const CONVERSIONS = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'int',
  'string',
  'timestamp',
  'type',
  'uint',
])

/** `duration('1h')`: cel-go works conversions of constants out when it plans. */
function isConstantConversion(name: string, args: readonly Expr[]): boolean {
  const [arg] = args
  return CONVERSIONS.has(name) && args.length === 1 && arg !== undefined && isConstant(arg)
}

/** What is constant is made once, and costs nothing (cel-go's OptOptimize). */
function folded(build: Plan, isFree: boolean, cost: number): Plan {
  if (!isFree)
    return frame => {
      frame.spend(cost)
      return build(frame)
    }
  let value: Value | undefined
  return frame => (value ??= build(frame))
}

function planList(elements: readonly Expr[], scope: Scope): Plan {
  const plans = elements.map(element => {
    const optional = optionalPart(element)
    return { plan: planExpression(optional ?? element, scope), isOptional: optional !== undefined }
  })
  const build = (frame: Frame): Value => {
    const items: Value[] = []
    for (const { plan, isOptional } of plans) {
      const value = plan(frame)
      const item = isOptional ? innerOf(value) : value
      if (item !== undefined) items.push(item)
    }
    return new PlainList(items)
  }
  return folded(build, elements.every(isConstant), LIST_COST)
}

function innerOf(value: Value): Value | undefined {
  if (value instanceof Optional) return value.value
  throw noSuchOverload()
}

type StructExpr = Extract<Expr['exprKind'], { case: 'structExpr' }>['value']

function planMap(node: StructExpr, scope: Scope): Plan {
  if (node.messageName !== '') throw new UnsupportedRule(`it makes a ${node.messageName}`)
  const entries = node.entries.map(entry => {
    if (entry.keyKind.case !== 'mapKey' || entry.value === undefined)
      throw new UnsupportedRule('it makes a map that is not whole')
    const optional = optionalPart(entry.keyKind.value)
    return {
      key: planExpression(optional ?? entry.keyKind.value, scope),
      value: planExpression(entry.value, scope),
      isOptional: optional !== undefined,
    }
  })
  const build = (frame: Frame): Value => {
    const map = new PlainMap()
    for (const { key, value, isOptional } of entries) {
      const name = key(frame)
      const content = value(frame)
      const inner = isOptional ? innerOf(content) : content
      if (inner !== undefined) map.insert(name, inner)
    }
    return map
  }
  return folded(
    build,
    node.entries.every(
      entry =>
        entry.keyKind.case === 'mapKey' &&
        isConstant(entry.keyKind.value) &&
        entry.value !== undefined &&
        isConstant(entry.value),
    ),
    MAP_COST,
  )
}
