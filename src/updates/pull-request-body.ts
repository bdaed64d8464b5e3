import { sha256 } from './identity.ts'
import { writeMarker, type UpdateMarker } from './marker.ts'

/** Everything of a marker but what follows from the text. */
export type MarkerFacts = Omit<UpdateMarker, 'bh'>

const BOX = /^- \[([ xX])\] <!-- bump:rebase ([0-9a-f]+) -->.*$/gm
const MARKER_LINE = /^<!-- bump:v1 .* -->$/gm
const HISTORY_LENGTH = 20

/**
 * The body of a pull request: text, what it led to before, the box, the hidden line. What a person wrote into the text stays for as
 * long as we have nothing new to say.
 * @param current the body as it is; undefined for a new pull request
 * @param edited the branch has commits of people, which the box would throw away
 * @param ticked whether the box keeps its tick
 */
export function bodyOf(
  text: string | undefined,
  marker: MarkerFacts,
  { current, known, edited, ticked }: BodyContext,
): string {
  const kept = current === undefined ? '' : visibleOf(current)
  const ours =
    text === undefined ? undefined : [guarded(text), historyOf(marker)].filter(Boolean).join('\n\n')
  const bh = ours === undefined ? (known?.bh ?? '') : sha256(ours).slice(0, 16)
  const visible =
    ours === undefined || (current !== undefined && known !== undefined && known.bh === bh) ? kept : ours
  return [visible, box(marker.head, edited, ticked), writeMarker({ ...marker, bh })].join('\n\n')
}

export interface BodyContext {
  current?: string
  known?: UpdateMarker
  edited: boolean
  ticked: boolean
}

/** A body as GitHub gives it back, comparable with one that we make. */
export function normalBody(body: string): string {
  return body.replaceAll('\r\n', '\n').trimEnd()
}

/** The head whose rebase a person asks for by the box; undefined where it has no tick. */
export function tickedHead(body: string): string | undefined {
  const found = [...normalBody(body).matchAll(BOX)].at(-1)
  return found !== undefined && found[1] !== ' ' ? found[2] : undefined
}

/** The body with its box ticked, as if a person had done it. @returns undefined where there is no box for that head */
export function withTick(body: string, head: string): string | undefined {
  let isTicked = false
  const ticked = normalBody(body).replaceAll(BOX, (line, _state: string, of: string) => {
    if (of !== head) return line
    isTicked = true
    return line.replace(/^- \[.\]/, '- [x]')
  })
  return isTicked ? ticked : undefined
}

/** What a retargeting adds to the history. */
export function historyAfter(
  known: UpdateMarker | undefined,
  proposal: string,
  day: string,
): UpdateMarker['was'] {
  if (known === undefined) return []
  return known.p === proposal
    ? known.was
    : [...known.was, [day, known.change] as const].slice(-HISTORY_LENGTH)
}

/** A body with another hidden line, all else as it is. */
export function withMarker(body: string, marker: UpdateMarker): string {
  return normalBody(body).replaceAll(MARKER_LINE, '').trimEnd() + `\n\n${writeMarker(marker)}`
}

function visibleOf(body: string): string {
  return normalBody(body).replaceAll(BOX, '').replaceAll(MARKER_LINE, '').trimEnd()
}

function historyOf({ was, change }: MarkerFacts): string {
  if (was.length === 0) return ''
  const rows = was.map(([day, before]) => `- until ${day}: ${guarded(before)}`)
  return ['**Retargeted**', '', ...rows, `- now: ${guarded(change)}`].join('\n')
}

function box(head: string, edited: boolean, ticked: boolean): string {
  const what = edited
    ? `Throw away the commits of people and make this branch anew (its head ${head.slice(0, 7)} stays named in a comment)`
    : 'Make this branch anew on the base branch'
  return `- [${ticked ? 'x' : ' '}] <!-- bump:rebase ${head} -->${what}`
}

/** Text that quotes others may not hold lines of ours. */
function guarded(text: string): string {
  return text.replaceAll(/<!--(?=\s*bump:)/gi, '<!\u2010\u2010')
}
