import { branchOf, proposalId, updateId } from './identity.ts'
import { checking, HOLD_LABEL, merging } from './check-and-merge.ts'
import { editing, factsFor, titleHash } from './edit-pull-request.ts'
import { OPEN, readMarker, writeTrailers, type UpdateMarker } from './marker.ts'
import type { SeenBranch, SeenPull, SeenUpdate } from './observation.ts'
import { bodyOf, historyAfter, tickedHead, type MarkerFacts } from './pull-request-body.ts'
import { ignoredBy, isAskedFor, rejectedBy, revertedSince, voidedUpTo, type AskedFor } from './rejection.ts'
import type { UpdateSettings } from './settings.ts'
import type { UpdateDecision } from './step.ts'
import type { HeldReason, WantedUpdate } from './wanted-update.ts'

/** What the tree could have of one update: something, nothing (and why), or nobody knows. */
export type Desire =
  | { kind: 'wanted'; wanted: WantedUpdate }
  | { kind: 'nothing'; why: 'applied' | 'obsolete' }
  | { kind: 'unknown'; reason: string }

export interface Situation {
  base: string
  /** 'YYYY-MM-DD' */
  day: string
  settings: UpdateSettings
  /** the limits leave room for one more */
  room: boolean
  asked: AskedFor | undefined
  /** whether checks may be written; nothing is merged without one */
  checks: boolean
}

export const EDITED_LABEL = 'bump/edited'
export const ABANDONED_LABEL = 'bump/abandoned'
const NOTHING: UpdateDecision = { state: 'idle', notes: [] }

/**
 * The one next step of an update: the table of states, from what GitHub shows and what the tree could have. Level-triggered: nothing
 * is remembered but what GitHub holds, and from any point where a run stopped the same end is reached.
 */
export function nextStep(seen: SeenUpdate, desire: Desire, situation: Situation): UpdateDecision {
  const { branch, pull } = seen
  if (desire.kind === 'unknown') return { state: 'unknown', notes: [desire.reason] }
  if (pull !== undefined && branch?.head !== pull.head)
    return { state: 'moving', notes: ['Branch and pull request do not fit together yet.'] }
  if (pull !== undefined && !pull.ours)
    return { state: 'foreign', notes: [`Pull request #${pull.number} on its branch is by somebody else.`] }
  return desire.kind === 'nothing'
    ? withNothing(seen, desire.why)
    : withWanted(seen, desire.wanted, situation)
}

/** Rows 2 to 7: nothing is wanted any more. */
function withNothing({ id, branch, pull }: SeenUpdate, why: 'applied' | 'obsolete'): UpdateDecision {
  if (branch === undefined) return NOTHING
  if (pull === undefined)
    return branch.owned ? deleting(branch) : { state: 'foreign', notes: ['A branch of people has its name.'] }
  if (branch.owned) return closing(id, branch, pull, why)
  const marker = readMarker(pull.body)
  const labels = [...new Set([...(marker?.lb ?? []), ABANDONED_LABEL])]
  const facts = { ...factsFor(id, branch, pull, marker), lb: labels }
  const step = editing(pull, marker, facts, { edited: true, ticked: false })
  return {
    state: 'abandoned',
    notes: ['It is no longer wanted, but its branch has commits of people.'],
    ...(step === undefined ? {} : { step: { ...step, comment: abandonedComment } }),
  }
}

const abandonedComment = {
  marker: '<!-- bump:abandoned -->',
  text: 'This update is no longer wanted. The branch has commits of people, so it is left to you: close the pull request, or merge it.',
}

/** Rows 8 to 23: something is wanted. */
function withWanted(seen: SeenUpdate, wanted: WantedUpdate, situation: Situation): UpdateDecision {
  const { id, branch, pull, closed } = seen
  const proposal = proposalId(wanted.edits)
  const isAsked = isAskedFor(seen, proposal, situation.asked)
  const voided = voidedUpTo(seen, isAsked)
  const ignored = ignoredBy(seen, wanted, proposal, { voided, day: situation.day })
  const reverted = revertedSince(closed, proposal, voided)
  const held = heldNow(wanted, isAsked, reverted)
  const messages = held.map(({ message }) => message)
  if (pull !== undefined && branch !== undefined) {
    if (branch.owned && ignored !== undefined) return closing(id, branch, pull, 'ignored')
    // what is open is no longer wanted, and what is wanted instead was refused
    const isRefused = branch.proposal !== proposal && rejectedBy(closed, proposal, voided) !== undefined
    if (branch.owned && isRefused) return closing(id, branch, pull, 'obsolete')
    const context = { wanted, proposal, held: messages, voided, reverted: reverted !== undefined, situation }
    return branch.owned ? withOurs(branch, pull, context) : withTheirs(id, branch, pull, context)
  }
  const refused = rejectedBy(closed, proposal, voided)
  const refusal =
    refused === undefined
      ? ignored === undefined
        ? undefined
        : `Ignored by command: ${ignored.replace(':', ' ')}.`
      : `Closed by a person: #${refused}.`
  if (branch === undefined) {
    if (refusal !== undefined) return { state: 'ignored', notes: [refusal] }
    if (held.length > 0) return { state: 'held', notes: messages }
    if (!situation.room && !isAsked)
      return { state: 'queued', notes: ['The limit of open updates is reached.'] }
    return pushing(undefined, wanted, proposal, situation, 'new')
  }
  if (!branch.owned) {
    const [last] = closed
    return last !== undefined && last.head === branch.head
      ? { state: 'ignored', notes: [`Closed by a person: #${last.number}; the branch is left to people.`] }
      : { state: 'foreign', notes: ['A branch of people has its name.'] }
  }
  if (refusal !== undefined) return { ...deleting(branch), state: 'ignored', notes: [refusal] }
  if (held.length > 0) return { ...deleting(branch), state: 'held', notes: messages }
  if (branch.proposal !== proposal) return pushing(branch, wanted, proposal, situation, 'new')
  const facts: MarkerFacts = {
    ...wantedFacts(wanted, id, proposal, branch.head),
    was: [],
    lb: [],
    ig: [],
    un: voided,
  }
  const body = bodyOf(wanted.text, facts, { edited: false, ticked: false })
  return {
    state: 'new',
    notes: [],
    step: { step: 'open', branch: branch.name, title: wanted.title, body, draft: facts.dr },
  }
}

interface WantedContext {
  wanted: WantedUpdate
  proposal: string
  held: readonly string[]
  voided: number
  reverted: boolean
  situation: Situation
}

/** Rows 17 to 21: an open pull request whose branch holds nothing but ours. */
function withOurs(branch: SeenBranch, pull: SeenPull, context: WantedContext): UpdateDecision {
  const { wanted, proposal, held, voided, reverted, situation } = context
  const { settings, base, day } = situation
  const isOther = branch.proposal !== proposal
  const isOlder = branch.base !== base
  const isBehind = pull.mergeState === 'behind' && settings.rebase === 'behind'
  const asked = tickedHead(pull.body) === branch.head
  const isStale = isOther || (isOlder && (pull.mergeable === false || isBehind || asked))
  const onHold = pull.labels.includes(HOLD_LABEL)
  const waits =
    isOther && held.length > 0 ? held : onHold && isStale && !asked ? ['It has the label hold.'] : []
  if (isStale && waits.length === 0) return pushing(branch, wanted, proposal, situation, 'open')
  // the text of another proposal is not written over a branch that does not have it
  if (isOther) return { state: 'open', notes: waits }
  const marker = readMarker(pull.body)
  const facts: MarkerFacts = {
    ...wantedFacts(wanted, marker?.k ?? updateId(wanted.key), proposal, branch.head),
    was: historyAfter(marker, proposal, day),
    lb: wanted.labels,
    ig: marker?.ig ?? [],
    un: Math.max(voided, marker?.un ?? 0),
  }
  const step =
    editing(pull, marker, facts, { edited: false, ticked: false, text: wanted.text, title: wanted.title }) ??
    checking(pull, branch, wanted, proposal, situation.checks) ??
    merging(pull, branch, wanted, proposal, situation.checks, reverted)
  return { state: 'open', notes: waits, ...(step === undefined ? {} : { step }) }
}

/** Rows 22 and 23: people have commits on the branch. */
function withTheirs(id: string, branch: SeenBranch, pull: SeenPull, context: WantedContext): UpdateDecision {
  const { wanted, proposal, held, situation } = context
  const marker = readMarker(pull.body)
  const isOther = marker?.p !== proposal
  const asked = tickedHead(pull.body) === branch.head
  if (asked && !(isOther && held.length > 0)) {
    const pushed = pushing(branch, wanted, proposal, situation, 'edited')
    return pushed.step?.step === 'push'
      ? { ...pushed, step: { ...pushed.step, replaces: { number: pull.number, head: branch.head } } }
      : pushed
  }
  const facts = {
    ...factsFor(id, branch, pull, marker),
    lb: [...new Set([...(marker?.lb ?? []), EDITED_LABEL])],
  }
  const step = editing(pull, marker, facts, { edited: true, ticked: asked })
  const notes = ['Its branch has commits of people and is left to them.']
  if (isOther) notes.push(`Meanwhile ${wanted.change} is what would be proposed.`)
  return { state: 'edited', notes, ...(step === undefined ? {} : { step }) }
}

function heldNow(wanted: WantedUpdate, isAsked: boolean, reverted: number | undefined): HeldReason[] {
  const all = [
    ...wanted.held,
    ...(reverted === undefined
      ? []
      : [{ message: `It was merged in #${reverted} and taken back since.`, approvable: true }]),
  ]
  return isAsked ? all.filter(({ approvable }) => !approvable) : all
}

function pushing(
  branch: SeenBranch | undefined,
  wanted: WantedUpdate,
  proposal: string,
  { base }: Situation,
  state: UpdateDecision['state'],
): UpdateDecision {
  const key = updateId(wanted.key)
  const [headline = ''] = wanted.title.split('\n')
  return {
    state,
    notes: [],
    step: {
      step: 'push',
      branch: branch?.name ?? branchOf(wanted.slug, key),
      before: branch?.head,
      base,
      wanted,
      message: `${headline}\n\n${writeTrailers({ key, proposal, base })}\n`,
    },
  }
}

function deleting({ name, head }: SeenBranch): UpdateDecision {
  return { state: 'closing', notes: [], step: { step: 'delete-branch', branch: name, before: head } }
}

const WHY = {
  applied: 'The base branch has this, or something newer, by now.',
  obsolete: 'There is nothing left to update here: the version was withdrawn, or what it was for is gone.',
  ignored: 'It is ignored from now on, as a person asked.',
}

/** First the hidden line says that it is us who close it, then it is closed; the branch follows when that is seen. */
function closing(id: string, branch: SeenBranch, pull: SeenPull, why: keyof typeof WHY): UpdateDecision {
  const marker = readMarker(pull.body)
  const st = `closing:${why}`
  const notes = [WHY[why]]
  if (marker?.st !== st) {
    const facts = { ...factsFor(id, branch, pull, marker), st }
    const step = editing(pull, marker, facts, { edited: false, ticked: false })
    if (step !== undefined) return { state: 'closing', notes, step }
  }
  const comment = { marker: '<!-- bump:closed -->', text: WHY[why] }
  return { state: 'closing', notes, step: { step: 'close', number: pull.number, comment } }
}

function wantedFacts(
  wanted: WantedUpdate,
  k: string,
  p: string,
  head: string,
): Pick<UpdateMarker, 'k' | 'p' | 'head' | 'st' | 'th' | 'dr' | 'change' | 'to' | 'cl'> {
  const { title, change, to, verdict, classes } = wanted
  return {
    k,
    p,
    head,
    st: OPEN,
    th: titleHash(title),
    dr: verdict.verdict === 'blocked',
    change,
    to,
    cl: [...classes],
  }
}
