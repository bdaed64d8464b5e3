import type { Unjudged } from '../manifest/finding.ts'
import {
  folds,
  namesOf,
  numbersOf,
  sentence,
  standing,
  withoutStop,
  type Fold,
  type Standing,
} from './affected.ts'
import { clip, code, html, inline, link } from './escape.ts'
import { fitting, type LinkTo } from './problems.ts'

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
  const short = standing(before).map(shortLineOf)
  const lines = [...folds(fresh).flatMap(fold => linesOf(fold, linkTo)), ...short]
  const kept = fitting(lines, room - 150)
  const rest = kept.length < lines.length ? [`- and ${lines.length - kept.length} more`] : []
  const count = [
    ...(fresh.length > 0 ? [String(fresh.length)] : []),
    ...(short.length > 0 ? [`${short.length} as before`] : []),
  ].join(', ')
  return `<details><summary>Not judged (${count})</summary>\n\n${[...kept, ...rest].join('\n')}\n\n</details>`
}

function linesOf({ common, entries }: Fold, linkTo: LinkTo | undefined): string[] {
  if (common === undefined) return entries.map(entry => lineOf(entry, linkTo))
  const next = common.repair === undefined ? '' : `. ${inline(clip(sentence(common.repair), MESSAGE))}`
  return [
    `- ${inline(clip(common.title, MESSAGE))}${next}`,
    ...entries.map(entry => `  ${lineOf(entry, linkTo)}`),
  ]
}

function lineOf(entry: Unjudged, linkTo: LinkTo | undefined): string {
  const { message, repair, cluster, file, line } = entry
  const where = cluster === undefined ? '' : ` (cluster ${html(clip(cluster, NAME))})`
  const names = namesOf(entry, name => code(clip(name, NAME)))
  const at =
    file === undefined
      ? ''
      : `, ${link(clip(line === undefined ? file : `${file}:${line}`, NAME), linkTo?.(file, line))}`
  const next = repair === undefined ? '' : `. ${inline(clip(sentence(repair), MESSAGE))}`
  return `- ${inline(clip(withoutStop(message), MESSAGE))}${where}${names === '' ? '' : `: ${names}`}${at}${next}`
}

function shortLineOf({ message, affected }: Standing): string {
  const names = numbersOf(affected, name => code(clip(name, NAME)))
  return `- as before: ${inline(clip(message, MESSAGE))}${names === '' ? '' : `: ${names}`}`
}
