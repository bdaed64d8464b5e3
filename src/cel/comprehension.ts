import { LIST_COST } from './cost.ts'
import { EvaluationError, noSuchOverload, UnsupportedRule } from './errors.ts'
import { identOf, type CallExpr, type ComprehensionExpr, type Expr } from './expression.ts'
import { bind, type Frame, type Plan, type Planner, type Scope } from './frame.ts'
import { sortBy } from './library/lists.ts'
import { List, Mapping, Optional, PlainList, PlainMap, type Value } from './values.ts'

/** What a fold of cel-go costs per item beside its own expressions: the test of its condition and the accumulator. */
const STEP_COST = 3

/**
 * A macro of one variable as the parser expanded it: all, exists, exists_one, map, filter.
 * @throws UnsupportedRule
 */
export function planComprehension(node: ComprehensionExpr, scope: Scope, plan: Planner): Plan {
  const { iterRange, accuInit, loopCondition, loopStep, result } = node
  if (!iterRange || !accuInit || !loopCondition || !loopStep || !result)
    throw new UnsupportedRule('it has a comprehension that is not whole')
  const range = plan(iterRange, scope)
  const [accuScope, accuSlot] = bind(scope, node.accuVar)
  const [stepScope, itemSlot] = bind(accuScope, node.iterVar)
  const isList = accuInit.exprKind.case === 'listExpr'
  const init = plan(accuInit, scope)
  const goesOn = isConstantTrue(loopCondition) ? undefined : planCondition(loopCondition, stepScope, plan)
  const step = plan(loopStep, stepScope)
  const last = plan(result, accuScope)
  return frame => {
    const items = itemsOf(range(frame))
    // a list of its own for each run: the step appends to it in place
    frame.slots[accuSlot] = isList ? new PlainList([]) : init(frame)
    for (const item of items) {
      frame.slots[itemSlot] = item
      if (goesOn !== undefined && !goesOn(frame)) break
      frame.spend(0)
      frame.slots[accuSlot] = attempt(() => step(frame))
    }
    return last(frame)
  }
}

/** An error stands as the accumulator until something reads it: `all` and `exists` may still absorb it. */
function attempt(step: () => Value): Value | EvaluationError {
  try {
    return step()
  } catch (error) {
    if (error instanceof EvaluationError) return error
    throw error
  }
}

function isConstantTrue(expr: Expr): boolean {
  return (
    expr.exprKind.case === 'constExpr' &&
    expr.exprKind.value.constantKind.case === 'boolValue' &&
    expr.exprKind.value.constantKind.value
  )
}

/** `@not_strictly_false(x)`: everything but false goes on, an error too. */
function planCondition(expr: Expr, scope: Scope, plan: Planner): (frame: Frame) => boolean {
  const call = expr.exprKind.case === 'callExpr' ? expr.exprKind.value : undefined
  const [arg] = call?.args ?? []
  if (call?.function !== '@not_strictly_false' || arg === undefined)
    throw new UnsupportedRule('it has a comprehension of an unknown kind')
  const condition = plan(arg, scope)
  return frame => {
    frame.spend(1)
    return attempt(() => condition(frame)) !== false
  }
}

/** What a comprehension goes through: the items of a list, the keys of a map. */
function itemsOf(value: Value): readonly Value[] {
  if (value instanceof List) return value.items()
  if (value instanceof Mapping) return value.keys()
  throw noSuchOverload()
}

function entriesOf(value: Value): (readonly [key: Value, value: Value])[] {
  if (value instanceof List) return value.items().map((item, i) => [BigInt(i), item] as const)
  if (value instanceof Mapping) return value.keys().map(key => [key, value.find(key) ?? null] as const)
  throw noSuchOverload()
}

/** `true` where the parser leaves a macro as a call and `planMacro` must expand it. */
export function isMacro(call: CallExpr): boolean {
  if (call.target === undefined) return false
  const { length } = call.args
  switch (call.function) {
    case 'optMap':
    case 'optFlatMap':
    case 'sortBy':
      return length === 2
    case 'all':
    case 'exists':
    case 'existsOne':
    case 'exists_one':
      return length === 3
    case 'transformList':
    case 'transformMap':
    case 'transformMapEntry':
      return length === 3 || length === 4
    default:
      return false
  }
}

/**
 * The macros that the parser leaves as calls: those of two variables (cel-go 0.26, ext/comprehensions.go), of optionals
 * (cel/library.go) and sortBy (ext/lists.go).
 * @throws UnsupportedRule
 */
export function planMacro(call: CallExpr, scope: Scope, plan: Planner): Plan {
  const [first, second, third, fourth] = call.args
  const name = identOf(first)
  if (call.target === undefined || name === undefined || second === undefined)
    throw new UnsupportedRule(`${call.function} wants a name as its first argument`)
  const target = plan(call.target, scope)
  if (call.function === 'optMap' || call.function === 'optFlatMap' || call.function === 'sortBy') {
    const [inner, slot] = bind(scope, name)
    const body = plan(second, inner)
    return call.function === 'sortBy'
      ? planSortBy(target, slot, body)
      : planOptional(target, slot, body, call.function === 'optFlatMap')
  }
  const valueName = identOf(second)
  if (valueName === undefined || third === undefined)
    throw new UnsupportedRule(`${call.function} wants a name as its second argument`)
  const [keyScope, keySlot] = bind(scope, name)
  const [inner, valueSlot] = bind(keyScope, valueName)
  const filter = fourth === undefined ? undefined : plan(third, inner)
  const body = plan(fourth ?? third, inner)
  const each = (frame: Frame): Iterable<readonly [Value, Value]> =>
    selected(frame, target, keySlot, valueSlot, filter)
  switch (call.function) {
    case 'all':
      return frame => quantified(frame, each, body, false)
    case 'exists':
      return frame => quantified(frame, each, body, true)
    case 'existsOne':
    case 'exists_one':
      return frame => Array.from(each(frame), () => isTrue(body(frame))).filter(Boolean).length === 1
    case 'transformList':
      return frame => {
        const items = Array.from(each(frame), () => {
          frame.spend(LIST_COST)
          return body(frame)
        })
        return new PlainList(items)
      }
    default:
      return frame => transformed(frame, each, body, call.function === 'transformMapEntry')
  }
}

/** Sets the two variables to each entry in turn, where the filter lets it. */
function* selected(
  frame: Frame,
  target: Plan,
  keySlot: number,
  valueSlot: number,
  filter: Plan | undefined,
): Iterable<readonly [Value, Value]> {
  for (const [key, value] of entriesOf(target(frame))) {
    frame.spend(STEP_COST)
    frame.slots[keySlot] = key
    frame.slots[valueSlot] = value
    if (filter === undefined || isTrue(filter(frame))) yield [key, value]
  }
}

function isTrue(value: Value): boolean {
  if (typeof value === 'boolean') return value
  throw noSuchOverload()
}

/** all (until false) and exists (until true): what decides absorbs errors before and behind it. */
function quantified(
  frame: Frame,
  each: (frame: Frame) => Iterable<unknown>,
  body: Plan,
  decisive: boolean,
): boolean {
  let failure: EvaluationError | undefined
  for (const _ of each(frame)) {
    const result = attempt(() => isTrue(body(frame)))
    if (result === decisive) return decisive
    if (result instanceof EvaluationError) failure ??= result
  }
  if (failure !== undefined) throw failure
  return !decisive
}

function transformed(
  frame: Frame,
  each: (frame: Frame) => Iterable<readonly [Value, Value]>,
  body: Plan,
  isEntry: boolean,
): Value {
  const map = new PlainMap()
  for (const [key] of each(frame)) {
    const result = body(frame)
    if (!isEntry) {
      map.insert(key, result)
      continue
    }
    if (!(result instanceof Mapping)) throw noSuchOverload()
    for (const inner of result.keys()) map.insert(inner, result.find(inner) ?? null)
  }
  return map
}

function planOptional(target: Plan, slot: number, body: Plan, isFlat: boolean): Plan {
  return frame => {
    const value = target(frame)
    if (!(value instanceof Optional)) throw noSuchOverload()
    if (value.value === undefined) return Optional.none
    // the test, the value and the binding of cel-go's expansion
    frame.spend(5)
    frame.slots[slot] = value.value
    const result = body(frame)
    if (!isFlat) return new Optional(result)
    if (!(result instanceof Optional)) throw noSuchOverload()
    return result
  }
}

function planSortBy(target: Plan, slot: number, body: Plan): Plan {
  return frame => {
    const list = target(frame)
    if (!(list instanceof List)) throw noSuchOverload()
    const keys = list.items().map(item => {
      frame.spend(STEP_COST + LIST_COST)
      frame.slots[slot] = item
      return body(frame)
    })
    return sortBy(list, keys)
  }
}
