import { parse } from '@bufbuild/cel'
import { UnsupportedRule } from './errors.ts'
import { withoutOptionalSyntax } from './optional-syntax.ts'

/** A node of a parsed expression; macros of one variable are expanded. */
export type Expr = NonNullable<ReturnType<typeof parse>['expr']>
export type CallExpr = Extract<Expr['exprKind'], { case: 'callExpr' }>['value']
export type ComprehensionExpr = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value']
export type ConstantExpr = Extract<Expr['exprKind'], { case: 'constExpr' }>['value']

/** @throws UnsupportedRule for what the parser refuses */
export function parseExpression(source: string): Expr {
  let expr: Expr | undefined
  try {
    expr = parse(withoutOptionalSyntax(source)).expr
  } catch (error) {
    throw new UnsupportedRule(
      `it cannot be parsed: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  if (expr === undefined) throw new UnsupportedRule('it is empty')
  return expr
}

/** `a.b.c` of names only. */
export function qualifiedName(expr: Expr): string | undefined {
  const { exprKind } = expr
  if (exprKind.case === 'identExpr') return exprKind.value.name
  if (exprKind.case !== 'selectExpr' || exprKind.value.testOnly || exprKind.value.operand === undefined)
    return undefined
  const outer = qualifiedName(exprKind.value.operand)
  return outer === undefined ? undefined : `${outer}.${exprKind.value.field}`
}

/** The name of an identifier; `undefined` for every other expression. */
export function identOf(expr: Expr | undefined): string | undefined {
  return expr?.exprKind.case === 'identExpr' ? expr.exprKind.value.name : undefined
}
