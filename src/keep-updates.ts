import { contentId } from './manifest/tree.ts'
import { oneLine } from './report/escape.ts'
import { dashboardBody, dashboardStep, requestedOn, type DashboardEntry } from './updates/dashboard.ts'
import { branchOf, proposalId, updateId } from './updates/identity.ts'
import type { SeenFirst, SeenRepository } from './updates/observation.ts'
import { reconcile } from './updates/reconcile.ts'
import type { DashboardStep, UpdateStep } from './updates/step.ts'
import type { UpdatePlan } from './updates/wanted-update.ts'

/** What became of a step. `moved`: what it was decided on is no longer so, nothing was changed. */
export type StepOutcome = { outcome: 'done' } | { outcome: 'moved' } | { outcome: 'refused'; message: string }

/** What is looked for on GitHub. */
export interface ObservationRequest {
  /** id of each wanted update → the name its branch would have */
  branches: ReadonlyMap<string, string>
  /** the content that a proposal gives its files: path → git's id; undefined for another proposal than the one wanted */
  expected: (id: string, proposal: string) => ReadonlyMap<string, string> | undefined
}

/** GitHub, as far as updates need it. Port; implemented by src/adapters/github-updates.ts. */
export interface UpdateHost {
  look(): Promise<SeenFirst>
  observe(first: SeenFirst, request: ObservationRequest): Promise<SeenRepository>
  take(step: UpdateStep): Promise<StepOutcome>
  writeDashboard(step: DashboardStep): Promise<StepOutcome>
}

export interface KeepRequest {
  /** 'YYYY-MM-DD' */
  day: string
}

export interface KeepTools {
  host: UpdateHost
  /**
   * What the tree at a commit of the base branch could have; undefined: that commit cannot be looked at now.
   * @param requested ids of updates that are done on request, and that people ask for or have a branch
   */
  plan: (base: string, requested: ReadonlySet<string>) => Promise<UpdatePlan | undefined>
  /** text of names, changes and notes as markdown */
  print: (text: string) => string
  progress: (message: string) => void
}

export interface KeptUpdates {
  /** nothing is left to do with what is known now; false: another run takes it up */
  settled: boolean
  entries: readonly DashboardEntry[]
  /** writes that were made */
  steps: number
  /** what GitHub refused, and why; one sentence each */
  refused: readonly string[]
}

// each update gets one step a pass, and none needs more than seven to come to rest
const MOST_PASSES = 24

/**
 * Keeps the pull requests of updates as the tree wants them: looks at GitHub, takes at most one step for each update, looks again,
 * until there is nothing to do. Every step is safe to repeat and to lose: a run that stops anywhere is taken up by the next one, and
 * two at once do not get in each other's way.
 */
export async function keepUpdates(
  { day }: KeepRequest,
  { host, plan, print, progress }: KeepTools,
): Promise<KeptUpdates> {
  const refused = new Map<string, string>()
  let steps = 0
  let checks = true
  let entries: DashboardEntry[] = []
  const end = (settled: boolean): KeptUpdates => ({
    settled,
    entries,
    steps,
    refused: [...new Set(refused.values())],
  })
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const first = await host.look()
    const asked = requestedOn(first.dashboard?.body ?? '')
    const planned = await plan(first.base, new Set([...first.branches.keys(), ...asked]))
    if (planned === undefined) return end(false)
    const seen = await host.observe(first, observationOf(planned))
    entries = reconcile(seen, planned, { day, checks })
    let busy = false
    for (const { seen: update, decision } of entries) {
      const { step } = decision
      if (step === undefined || refused.has(update.id)) continue
      progress(`${step.step} ${update.id}`)
      const result = await host.take(step)
      if (result.outcome === 'done') steps++
      if (result.outcome !== 'refused') busy = true
      else if (step.step === 'check') {
        // all else is worth doing without; but nothing is merged then
        checks = false
        busy = true
        refused.set('checks', result.message)
      } else refused.set(update.id, result.message)
    }
    if (busy) continue
    if (!planned.settings.dashboard || planned.frozen !== undefined) return end(isAtRest(entries))
    const { offered, remarks } = planned
    const context = { offered, requested: asked, remarks: [...remarks, ...new Set(refused.values())] }
    const isEmpty = entries.length + offered.length === 0
    const written = dashboardStep(first.dashboard, isEmpty, dashboardBody(entries, context, print))
    if (written === undefined || refused.has('dashboard')) return end(isAtRest(entries))
    const result = await host.writeDashboard(written)
    if (result.outcome === 'done') steps++
    if (result.outcome === 'refused') refused.set('dashboard', oneLine(result.message))
  }
  return end(false)
}

function isAtRest(entries: readonly DashboardEntry[]): boolean {
  return entries.every(({ decision }) => decision.state !== 'moving')
}

function observationOf(plan: UpdatePlan): ObservationRequest {
  const byId = new Map(plan.wanted.map(wanted => [updateId(wanted.key), wanted]))
  return {
    branches: new Map([...byId].map(([id, wanted]) => [id, branchOf(wanted.slug, id)])),
    expected: (id, proposal) => {
      const wanted = byId.get(id)
      if (wanted === undefined || proposalId(wanted.edits) !== proposal) return undefined
      return new Map(wanted.files.map(({ path, text }) => [path, contentId(Buffer.from(text, 'utf8'))]))
    },
  }
}
