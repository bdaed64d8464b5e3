import type { Unread } from '../status/collected.ts'
import type { DatabaseStatus } from '../status/database-status.ts'
import type { Reason, State } from '../status/state.ts'
import { oneLine } from './escape.ts'
import type { Tone } from './plugin-text/block.ts'
import { pluginText } from './plugin-text/plugin-text.ts'

export const STATE_MARKS: Readonly<Record<State, string>> = {
  healthy: '✅',
  progressing: '⏳',
  attention: '🔶',
  failed: '🛑',
  unknown: '❔',
}

export const HEALTHY = 'every instance answers and is what the spec asks for'

const TONES: Readonly<Record<Reason['state'] | 'healthy', Tone>> = {
  healthy: 'green',
  progressing: 'cyan',
  attention: 'yellow',
  failed: 'red',
  unknown: 'yellow',
  note: 'cyan',
}

/**
 * The status for a terminal: our judgement, an empty line, what `kubectl cnpg status` prints, and nothing after it. Without
 * the Cluster the judgement alone.
 * @param verbosity how many -v: 0, 1 or 2
 */
export function statusText(
  status: DatabaseStatus,
  verbosity: number,
  paint: (tone: Tone, text: string) => string = (_, text) => text,
): string {
  const judged = judgementLines(status, paint).join('\n')
  const { collected } = status
  return collected.cluster === undefined
    ? `${judged}\n`
    : `${judged}\n\n${pluginText(collected, verbosity, paint)}`
}

function judgementLines(
  { state, reasons, collected }: DatabaseStatus,
  paint: (tone: Tone, text: string) => string,
): string[] {
  const name = oneLine(`${collected.namespace}/${collected.name}`)
  const head = `${STATE_MARKS[state]} ${paint(TONES[state], state)}  ${name}`
  return [
    state === 'healthy' ? `${head}: ${HEALTHY}` : head,
    ...reasons.flatMap(({ state: of, message, evidence, repair }) => [
      `  ${paint(TONES[of], of.padEnd(11))} ${oneLine(message)}`,
      ...evidence.filter(each => each.trim() !== '').map(each => `${INDENT}${oneLine(each)}`),
      ...(repair === undefined ? [] : [`${INDENT}→ ${oneLine(repair)}`]),
    ]),
    ...unreadLines(collected.unread).map(line => `  not read    ${oneLine(line)}`),
  ]
}

const INDENT = ' '.repeat(14)

/** What was not read: a line for each permission that lacks, else a line for each message with all that it is about. */
export function unreadLines(unread: readonly Unread[]): string[] {
  const lines = new Map<string, string[]>()
  for (const { what, reason, permission, message } of unread) {
    const why =
      reason === 'forbidden' && permission !== undefined
        ? `the permission ${permission} is missing (${message})`
        : message
    lines.set(why, [...(lines.get(why) ?? []), what])
  }
  return [...lines].map(([why, whats]) => `${whats.join(', ')}: ${why}`)
}
