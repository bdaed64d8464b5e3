import { askedOn, type DashboardEntry } from './dashboard.ts'
import { proposalId, updateId } from './identity.ts'
import { nextStep, type Desire } from './next-step.ts'
import type { SeenRepository, SeenUpdate } from './observation.ts'
import { isAskedFor } from './rejection.ts'
import { readMarker } from './marker.ts'
import type { UpdatePlan, WantedUpdate } from './wanted-update.ts'

export interface Reconciliation {
  /** 'YYYY-MM-DD' */
  day: string
  /** whether checks may be written */
  checks: boolean
}

/**
 * What is to be done for each update: at most one step each. Limits are derived from what is open, so that no crash can lose or leak
 * any; what goes first where not all may be opened follows from the plan alone.
 */
export function reconcile(
  seen: SeenRepository,
  plan: UpdatePlan,
  { day, checks }: Reconciliation,
): DashboardEntry[] {
  const { settings } = plan
  const asked = askedOn(seen.dashboard?.body ?? '')
  let open = [...seen.updates.values()].filter(({ pull }) => pull?.ours === true).length
  let lastHour = seen.lastHour
  const entries: DashboardEntry[] = []
  for (const [id, desire] of desires(seen, plan)) {
    const update: SeenUpdate = seen.updates.get(id) ?? { id, closed: [] }
    const wanted = desire.kind === 'wanted' ? desire.wanted : undefined
    if (plan.frozen !== undefined) {
      entries.push({ seen: update, decision: { state: 'frozen', notes: [] }, asked: false })
      continue
    }
    const room = open < settings.openLimit && lastHour < settings.hourLimit
    const ticked = asked.get(id)
    const decision = nextStep(update, desire, { base: seen.base, day, settings, room, asked: ticked, checks })
    // a branch without its pull request has its place already
    if (update.pull === undefined && decision.state === 'new') {
      open++
      lastHour++
    }
    const isPending =
      wanted !== undefined &&
      update.pull === undefined &&
      isAskedFor(update, proposalId(wanted.edits), ticked)
    entries.push({
      seen: update,
      decision,
      asked: isPending,
      ...(wanted === undefined ? {} : { wanted }),
    })
  }
  return entries.filter(({ decision }) => decision.state !== 'idle')
}

/** Everything that is wanted, the most pressing first; then what GitHub still shows of other updates. */
function desires(seen: SeenRepository, plan: UpdatePlan): Map<string, Desire> {
  const sorted = plan.wanted
    .map((wanted): [string, WantedUpdate] => [updateId(wanted.key), wanted])
    .toSorted(([a, one], [b, other]) => other.priority - one.priority || (a < b ? -1 : 1))
  const found = new Map<string, Desire>()
  // what is on its way already goes before what is new: a run that was cut short is taken up where it stopped
  const isOnItsWay = ([id]: [string, WantedUpdate]) => seen.updates.get(id)?.branch?.owned === true
  for (const [id, wanted] of [...sorted.filter(isOnItsWay), ...sorted.filter(one => !isOnItsWay(one))])
    if (!found.has(id)) found.set(id, { kind: 'wanted', wanted })
  for (const [id, reason] of plan.unknown) if (!found.has(id)) found.set(id, { kind: 'unknown', reason })
  for (const [id, update] of seen.updates)
    if (!found.has(id)) found.set(id, absence(update, plan, plan.current.get(id)))
  return found
}

function absence(update: SeenUpdate, plan: UpdatePlan, current: string | undefined): Desire {
  if (current === undefined && !plan.complete)
    return { kind: 'unknown', reason: 'Not every file could be read, so it is not known whether it is gone.' }
  const to = readMarker(update.pull?.body ?? '')?.to
  return { kind: 'nothing', why: current !== undefined && current === to ? 'applied' : 'obsolete' }
}
