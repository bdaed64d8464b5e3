import { CostExceeded, EvaluationError } from './errors.ts'
import type { Expr } from './expression.ts'
import type { Value } from './values.ts'

/** What a variable holds; an error is thrown when it is read, not when it is set. */
export type Slot = Value | EvaluationError | undefined

/** One evaluation: its variables, and what it may cost. */
export class Frame {
  readonly slots: Slot[]
  cost = 0
  readonly #limit: number
  constructor(slots: Slot[], limit: number) {
    this.slots = slots
    this.#limit = limit
  }
  /** @throws CostExceeded */
  spend(cost: number): void {
    this.cost += cost
    if (this.cost > this.#limit) throw new CostExceeded('operation cancelled: actual cost limit exceeded')
  }
}

/** A planned expression. @throws EvaluationError, CostExceeded */
export type Plan = (frame: Frame) => Value

/** Plans an expression. @throws UnsupportedRule */
export type Planner = (expr: Expr, scope: Scope) => Plan

/** Which variables there are, and in which slot of the frame each is. */
export interface Scope {
  readonly slots: ReadonlyMap<string, number>
  /** shared by all scopes of an expression: no two variables have one slot */
  readonly counter: { next: number }
}

export function scopeOf(names: readonly string[]): Scope {
  return { slots: new Map(names.map((name, i) => [name, i])), counter: { next: names.length } }
}

/** The scope with one more variable, and its slot. */
export function bind(scope: Scope, name: string): [Scope, number] {
  const slot = scope.counter.next++
  return [{ slots: new Map([...scope.slots, [name, slot]]), counter: scope.counter }, slot]
}
