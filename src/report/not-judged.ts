import type { Unjudged } from '../manifest/finding.ts'
import { clip, code, html, inline, link } from './escape.ts'
import { fitting, type LinkTo } from './problems.ts'

const NAMES = 10
const MESSAGE = 1000
const NAME = 200

/**
 * The incomplete list as a folded section: what this change leaves unjudged, then in fewer words what could not be judged
 * before either.
 * @param room characters (UTF-16) the text may take
 */
export function notJudged(entries: readonly Unjudged[], room: number, linkTo: LinkTo | undefined): string {
  if (entries.length === 0) return ''
  const fresh = entries.filter(({ existing }) => existing !== true)
  const before = entries.filter(({ existing }) => existing === true)
  const lines = [...fresh.map(entry => lineOf(entry, linkTo)), ...before.map(shortLineOf)]
  const kept = fitting(lines, room - 150)
  const rest = kept.length < lines.length ? [`- and ${lines.length - kept.length} more`] : []
  const count = [
    ...(fresh.length > 0 ? [String(fresh.length)] : []),
    ...(before.length > 0 ? [`${before.length} as before`] : []),
  ].join(', ')
  return `<details><summary>Not judged (${count})</summary>\n\n${[...kept, ...rest].join('\n')}\n\n</details>`
}

function lineOf(
  { message, repair, affected, cluster, file, line }: Unjudged,
  linkTo: LinkTo | undefined,
): string {
  const where = cluster === undefined ? '' : ` (cluster ${html(clip(cluster, NAME))})`
  const names = namesOf(affected)
  const at =
    file === undefined
      ? ''
      : `, ${link(clip(line === undefined ? file : `${file}:${line}`, NAME), linkTo?.(file, line))}`
  const next = repair === undefined ? '' : `. ${inline(clip(repair, MESSAGE))}`
  return `- ${inline(clip(message, MESSAGE))}${where}${names === '' ? '' : `: ${names}`}${at}${next}`
}

function shortLineOf({ message, affected }: Unjudged): string {
  const [only] = affected
  const names =
    affected.length > 1 ? `${affected.length} objects` : only === undefined ? '' : code(clip(only, NAME))
  return `- as before: ${inline(clip(message, MESSAGE))}${names === '' ? '' : `: ${names}`}`
}

function namesOf(affected: readonly string[]): string {
  const names = affected.slice(0, NAMES).map(name => code(clip(name, NAME)))
  const more = affected.length > NAMES ? ` and ${affected.length - NAMES} more` : ''
  return `${names.join(', ')}${more}`
}
