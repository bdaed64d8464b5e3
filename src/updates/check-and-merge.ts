import { updateId } from './identity.ts'
import type { SeenBranch, SeenPull } from './observation.ts'
import type { UpdateStep } from './step.ts'
import type { WantedUpdate } from './wanted-update.ts'

/** A person's label: what is open stays as it is. */
export const HOLD_LABEL = 'hold'

const CONCLUSION = {
  ready: 'success',
  attention: 'neutral',
  blocked: 'failure',
  incomplete: 'neutral',
} as const

/** The verdict on the head, as a check that names update, proposal and head. */
export function checking(
  { check }: SeenPull,
  { head }: SeenBranch,
  { key, verdict }: WantedUpdate,
  proposal: string,
  checks: boolean,
): UpdateStep | undefined {
  if (!checks) return undefined
  const externalId = `${updateId(key)}:${proposal}:${head}`
  const conclusion = CONCLUSION[verdict.verdict]
  const isShown =
    check?.externalId === externalId && check.conclusion === conclusion && check.title === verdict.title
  if (isShown) return undefined
  return { step: 'check', head, externalId, conclusion, title: verdict.title, summary: verdict.summary }
}

/** Only where policy and verdict allow it, the check speaks of this very head, and GitHub asks for nothing more. */
export function merging(
  pull: SeenPull,
  { head }: SeenBranch,
  { automerge, verdict, key, held }: WantedUpdate,
  proposal: string,
  checks: boolean,
  reverted: boolean,
): UpdateStep | undefined {
  const isSafe = automerge && verdict.verdict === 'ready' && held.length === 0 && !reverted && checks
  const isChecked =
    pull.check?.externalId === `${updateId(key)}:${proposal}:${head}` && pull.check.conclusion === 'success'
  const isWished = !pull.draft && !pull.labels.includes(HOLD_LABEL)
  return isSafe && isChecked && isWished && pull.mergeState === 'clean'
    ? { step: 'merge', number: pull.number, head }
    : undefined
}
