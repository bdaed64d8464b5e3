import { newestNumber, type AskedFor } from './rejection.ts'
import { proposalId } from './identity.ts'
import type { SeenDashboard, SeenUpdate } from './observation.ts'
import { normalBody } from './pull-request-body.ts'
import type { DashboardStep, UpdateDecision, UpdateState } from './step.ts'
import type { OfferedUpdate, WantedUpdate } from './wanted-update.ts'

export const DASHBOARD_MARKER = '<!-- bump:dashboard -->'
export const DASHBOARD_TITLE = 'Updates'

/** One update as the dashboard lists it. */
export interface DashboardEntry {
  seen: SeenUpdate
  decision: UpdateDecision
  wanted?: WantedUpdate
  /** a person has ticked its box, and what it asks for has not happened yet */
  asked: boolean
}

export interface DashboardContext {
  offered: readonly OfferedUpdate[]
  /** ids that people ask for */
  requested: ReadonlySet<string>
  /** what cannot be listed as an update: files not read, who else updates here; one sentence each */
  remarks: readonly string[]
}

const BOX = /^- \[[xX]\] <!-- bump:open ([0-9a-f]{10}):([0-9a-f]{64}):(\d+) -->/gm

/** What people ask for by the boxes of the dashboard: id of the update → what exactly. */
export function askedOn(body: string): Map<string, AskedFor> {
  return new Map(
    [...body.replaceAll('\r\n', '\n').matchAll(BOX)].map(([, id = '', proposal = '', after = '']) => [
      id,
      { proposal, after: Number(after) },
    ]),
  )
}

const ASK = /^- \[[xX]\] <!-- bump:ask ([0-9a-f]{10}) -->/gm

/** Ids of updates that are done on request, and that people ask for by the boxes of the dashboard. */
export function requestedOn(body: string): Set<string> {
  return new Set([...body.replaceAll('\r\n', '\n').matchAll(ASK)].map(([, id = '']) => id))
}

const SECTIONS: readonly (readonly [title: string, states: readonly UpdateState[]])[] = [
  ['Open', ['open', 'new', 'edited', 'abandoned', 'closing', 'moving']],
  ['Held back', ['held']],
  ['Waiting for room', ['queued']],
  ['Ignored', ['ignored']],
  ['Left to people', ['foreign']],
  ['Not known', ['unknown']],
]

/**
 * The issue that lists every update. A box asks for exactly the proposal it stands beside, as long as no later pull request spoke
 * against it.
 * @param print prints names, changes and notes as markdown that quotes nobody's markup
 */
export function dashboardBody(
  entries: readonly DashboardEntry[],
  { offered, requested, remarks }: DashboardContext,
  print: (text: string) => string,
): string {
  const sections = SECTIONS.flatMap(([title, states]) => {
    const lines = entries
      .filter(({ decision }) => states.includes(decision.state))
      .map(entry => line(entry, print))
    return lines.length === 0 ? [] : [`### ${title}\n\n${lines.join('\n')}`]
  })
  return [
    DASHBOARD_MARKER,
    'What of this repository could be updated. A ticked box opens that pull request, whatever holds it back here.',
    ...(sections.length === 0 ? ['Everything is up to date.'] : sections),
    ...(offered.length === 0
      ? []
      : [
          `### On request\n\n${offered
            .map(
              ({ id, name, change }) =>
                `- [${requested.has(id) ? 'x' : ' '}] <!-- bump:ask ${id} -->${print(name)} ${print(change)}`,
            )
            .join('\n')}`,
        ]),
    ...(remarks.length === 0
      ? []
      : [`### Remarks\n\n${remarks.map(remark => `- ${print(remark)}`).join('\n')}`]),
  ].join('\n\n')
}

function line({ seen, decision, wanted, asked }: DashboardEntry, print: (text: string) => string): string {
  const { state, notes } = decision
  const named = wanted === undefined ? `update ${seen.id}` : `${print(wanted.name)} ${print(wanted.change)}`
  const words = [
    named,
    ...(seen.pull === undefined ? [] : [`#${seen.pull.number}`]),
    ...(notes.length === 0 ? [] : [`— ${notes.map(print).join(' ')}`]),
  ].join(' ')
  const isOffered =
    wanted !== undefined &&
    (state === 'queued' ||
      state === 'ignored' ||
      (state === 'held' && (asked || wanted.held.every(({ approvable }) => approvable))))
  if (!isOffered || seen.branch?.owned === false) return `- ${words}`
  const box = `bump:open ${seen.id}:${proposalId(wanted.edits)}:${newestNumber(seen)}`
  return `- [${asked ? 'x' : ' '}] <!-- ${box} -->${words}`
}

/** @returns undefined where the issue says so already, or where there is none and nothing to say */
export function dashboardStep(
  seen: SeenDashboard | undefined,
  isEmpty: boolean,
  body: string,
): DashboardStep | undefined {
  if (seen === undefined) return isEmpty ? undefined : { number: undefined, body, duplicates: [] }
  return normalBody(seen.body) === normalBody(body) && seen.duplicates.length === 0
    ? undefined
    : { number: seen.number, body, duplicates: seen.duplicates }
}
