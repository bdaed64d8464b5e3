import type { JsonObject } from '../manifest/json.ts'

/** What became of one evaluation. `unknown`: it cannot be told here. */
export type Evaluated = { value: boolean } | { error: string } | { unknown: string }

/** An expression in CEL that can be run, or why there is none; `certain`: Flux refuses it, too. */
export type CompiledExpression =
  | { ok: true; evaluate: (variables: JsonObject) => Evaluated }
  | { ok: false; certain: boolean; problem: string }

/**
 * Compiles an expression as Flux's controllers do. Implemented by src/cel/flux-expression.ts.
 * @param declared the only variables there are; absent: the fields of the object
 */
export type CompileExpression = (source: string, declared?: readonly string[]) => CompiledExpression
