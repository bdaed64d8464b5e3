import { houseRules } from './policy/house-rules.ts'
import { reasons } from './policy/reasons.ts'
import type { Reason, Rule } from './policy/rule.ts'
import { admissionRules } from './policy/rules/admission-rules.ts'
import { cnpgBreaksRules } from './policy/rules/cnpg-breaks-rules.ts'
import { configRules } from './policy/rules/config-rules.ts'
import { fluxRenderRules } from './policy/rules/flux-render-rules.ts'
import { fluxSemanticsRules } from './policy/rules/flux-semantics-rules.ts'
import { kustomizeRules } from './policy/rules/kustomize-rules.ts'
import { parseRules } from './policy/rules/parse-rules.ts'
import { schemaRules } from './policy/rules/schema-rules.ts'
import { upgradeRules } from './policy/rules/upgrade-rules.ts'

export { reasons }
export type { Reason, Rule }

/** Every rule that a finding can name: what `explain` tells, SARIF lists and the configuration may speak of. */
export const rules: readonly Rule[] = [
  ...parseRules,
  ...kustomizeRules,
  ...fluxRenderRules,
  ...schemaRules,
  ...fluxSemanticsRules,
  ...admissionRules,
  ...cnpgBreaksRules,
  ...upgradeRules,
  ...houseRules.map(({ id, defaultLevel, title, why, repair, failing, mended }) => ({
    id,
    level: defaultLevel,
    title,
    why,
    repair,
    failing,
    mended,
  })),
  ...configRules,
]

export const ruleIds: readonly string[] = rules.map(({ id }) => id)

/** @returns undefined where no finding names such a rule */
export function ruleOf(id: string): Rule | undefined {
  return rules.find(rule => rule.id === id)
}

/** @returns undefined where the incomplete list has no such reason */
export function reasonOf(id: string): Reason | undefined {
  return reasons.find(reason => reason.id === id)
}
