import type { Level } from '../../manifest/finding.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'

/** What is wrong with one object, still without its place. */
export interface Problem {
  ruleId: string
  level: Level
  message: string
  repair: string
  field: string
}

/** The same with the object that it is about. */
export interface ObjectProblem extends Problem {
  object: RenderedObject
}

/** A value that Flux has not filled in, or that is encrypted: nothing is said about it. */
export function isOpen(text: string): boolean {
  return /\$\{|\.\.PLACEHOLDER_/.test(text)
}
