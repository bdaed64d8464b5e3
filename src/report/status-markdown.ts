import type { DatabaseStatus } from '../status/database-status.ts'
import type { Reason } from '../status/state.ts'
import { clip, code, fence, inline } from './escape.ts'
import { pluginText } from './plugin-text/plugin-text.ts'
import { HEALTHY, STATE_MARKS, unreadLines } from './status-text.ts'

const TITLES = {
  healthy: 'Healthy',
  progressing: 'In progress',
  attention: 'Attention',
  failed: 'Failed',
  unknown: 'Not known',
} as const
/** GitHub takes 65,536 characters in a comment; the rest of it may hold something, too. */
const TEXT_LENGTH = 40_000
/** Less of it tells nothing. */
const LEAST_TEXT = 500
const ROWS = 30

/**
 * The status for a comment: verdict, one table, one line of what to do, and the plugin's text to unfold.
 * @param textLength characters that the plugin's text may have
 */
export function statusMarkdown(status: DatabaseStatus, verbosity: number, textLength = TEXT_LENGTH): string {
  const { state, reasons, collected } = status
  const counted = reasons.filter(reason => reason.state !== 'note')
  const notes = reasons.filter(reason => reason.state === 'note')
  const [first] = counted
  const lead = first === undefined ? HEALTHY : clip(first.message, 300)
  const repair = counted.find(reason => reason.repair !== undefined)?.repair
  return [
    `## ${STATE_MARKS[state]} ${TITLES[state]}: ${code(`${collected.namespace}/${collected.name}`)}`,
    inline(lead),
    ...table(counted),
    ...(repair === undefined ? [] : [`**What to do:** ${inline(clip(repair, 500))}`]),
    ...(notes.length === 0 ? [] : [notes.map(({ message }) => `- ${inline(clip(message, 300))}`).join('\n')]),
    ...(collected.unread.length === 0
      ? []
      : [
          details(
            `Not read (${collected.unread.length})`,
            unreadLines(collected.unread)
              .map(line => `- ${inline(clip(line, 400))}`)
              .join('\n'),
          ),
        ]),
    ...(collected.cluster === undefined || textLength < LEAST_TEXT
      ? []
      : [
          details(
            'kubectl cnpg status',
            fence('', clip(pluginText(collected, verbosity).trimEnd(), textLength)),
          ),
        ]),
    `<sub>read ${collected.at.slice(0, 19).replace('T', ' ')} UTC</sub>`,
  ].join('\n\n')
}

function table(reasons: readonly Reason[]): string[] {
  if (reasons.length === 0) return []
  const rows = reasons.slice(0, ROWS).map(({ state, message, evidence }) => {
    const where = evidence
      .filter(each => each.trim() !== '')
      .slice(0, 4)
      .map(each => inline(clip(each, 200)))
      .join('<br>')
    return `| ${STATE_MARKS[state === 'note' ? 'healthy' : state]} | ${inline(clip(message, 300))} | ${where} |`
  })
  const more = reasons.length > ROWS ? [`| | and ${reasons.length - ROWS} more | |`] : []
  return [['| | what | where it shows |', '|---|---|---|', ...rows, ...more].join('\n')]
}

function details(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`
}
