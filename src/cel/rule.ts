import { planExpression } from './compile.ts'
import { UnsupportedRule } from './errors.ts'
import { parseExpression } from './expression.ts'
import { scopeOf, type Plan } from './frame.ts'

/** An expression ready to run: slot 0 is self, slot 1 oldSelf. */
export interface Program {
  plan: Plan
  usesOldSelf: boolean
}

const programs = new Map<string, Program | UnsupportedRule>()
// CRDs of all charts of a tree have some thousand rules
const MOST = 20_000

/** The program of an expression, planned once for each text; or why there is none. */
export function programOf(source: string): Program | UnsupportedRule {
  let program = programs.get(source)
  if (program === undefined) {
    program = makeProgram(source)
    if (programs.size >= MOST) programs.clear()
    programs.set(source, program)
  }
  return program
}

function makeProgram(source: string): Program | UnsupportedRule {
  try {
    const expr = parseExpression(source)
    return {
      plan: planExpression(expr, scopeOf(['self', 'oldSelf'])),
      usesOldSelf: mentions(expr, 'oldSelf'),
    }
  } catch (error) {
    if (error instanceof UnsupportedRule) return error
    // a rule nested so deeply that planning it overflows the stack
    if (error instanceof RangeError) return new UnsupportedRule('it is nested too deeply')
    throw error
  }
}

function mentions(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some(inner => mentions(inner, name))
  if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return false
  if ('case' in node && node.case === 'identExpr' && 'value' in node) return isNamed(node.value, name)
  return Object.values(node).some(inner => mentions(inner, name))
}

function isNamed(ident: unknown, name: string): boolean {
  return typeof ident === 'object' && ident !== null && 'name' in ident && ident.name === name
}
