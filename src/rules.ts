import type { Level } from './manifest/finding.ts'
import { houseRules } from './policy/house-rules.ts'
import { judgingRules } from './policy/judging-rules.ts'

/** A rule as `explain` tells it and SARIF lists it. */
export interface Rule {
  id: string
  level: Level | 'off'
  /** one sentence */
  title: string
  why: string
  repair: string
  failing: string
  mended: string
}

/** Every rule that a finding can name. */
export const rules: readonly Rule[] = [
  ...judgingRules,
  ...houseRules.map(({ id, defaultLevel, title, why, repair, failing, mended }) => ({
    id,
    level: defaultLevel,
    title,
    why,
    repair,
    failing,
    mended,
  })),
]

export const ruleIds: readonly string[] = rules.map(({ id }) => id)
