import type { Level } from '../manifest/finding.ts'
import type { RenderedObject } from '../manifest/rendered.ts'

/** What a rule found. An object's file and line are filled in from its origin where the rule names none. */
export interface RuleProblem {
  message: string
  /** in place of the rule's own repair */
  repair?: string
  /** as in a finding: spec.template.spec.containers[0].image */
  field?: string
  file?: string
  line?: number
  /** how bad this one is where the configuration says nothing; absent: as the rule */
  defaultLevel?: Level | 'off'
}

/** What rules know about the tree as a whole. */
export interface HouseContext {
  /** Flux minor: '2.9' */
  fluxVersion: string
  /** names that Flux substitutes somewhere in this tree */
  variables: ReadonlySet<string>
  /** what custom annotations start with, slash included: 'monosense.dev/'; absent: any prefix will do */
  annotationPrefix?: string
}

/**
 * A rule about how a repository is written, beyond what a cluster accepts. Style is a choice of each repository, so
 * rules of style are off until the configuration switches them on.
 */
export interface HouseRule {
  /** 'house-…' */
  id: string
  /** what it says, one sentence */
  title: string
  why: string
  repair: string
  /** YAML, or a path, that breaks the rule */
  failing: string
  /** the same, mended */
  mended: string
  defaultLevel: Level | 'off'
  checkObject?(object: RenderedObject, context: HouseContext): RuleProblem[]
  /** @param path from the root of the tree @param text the file as it is, before rendering */
  checkFile?(path: string, text: string, context: Omit<HouseContext, 'fluxVersion'>): RuleProblem[]
}
