import type { Follow } from '../status/follow/follow.ts'
import type { StepState } from '../status/follow/step.ts'
import { clip, code, inline } from './escape.ts'

const MARKS: Readonly<Record<StepState, string>> = {
  done: '✅',
  waits: '⏳',
  'in-the-way': '🔶',
  overtaken: '⏭️',
  late: '🛑',
}

const TITLES: Readonly<Record<Follow['outcome'], string>> = {
  progress: '⏳ On its way',
  done: '✅ Arrived',
  failed: '🛑 Not arrived in time',
  overtaken: '⏭️ Overtaken by a later commit',
}

/** Where a merge stands in one cluster, for a comment that edits itself: a title, a line for each step, what to do. */
export function followMarkdown({ outcome, expectation, steps, blind, seen }: Follow): string {
  const blocked = outcome === 'progress' && steps.some(({ state }) => state === 'in-the-way')
  const title = blocked ? '🔶 Something stands in the way' : TITLES[outcome]
  const repair = steps.find(({ state, repair: told }) => state !== 'done' && told !== undefined)?.repair
  return [
    `### ${title}: ${code(expectation.commit.slice(0, 7))} on cluster ${code(expectation.cluster)}`,
    [
      '| | what | |',
      '|---|---|---|',
      ...steps.map(
        ({ name, state, message }) => `| ${MARKS[state]} | ${code(name)} | ${inline(clip(message, 500))} |`,
      ),
    ].join('\n'),
    ...(blind === undefined
      ? []
      : [
          `Nothing can be read since ${clock(blind.since)}: ${inline(clip(blind.message, 300))}. What stands above was seen before.`,
        ]),
    ...broughtLines(seen),
    ...(repair === undefined ? [] : [`**What to do:** ${inline(clip(repair, 500))}`]),
  ].join('\n\n')
}

/** The databases before and after, where they differ in what can be told in a line. */
function broughtLines(seen: Follow['seen']): string[] {
  const lines = Object.entries(seen ?? {}).flatMap(([key, { first, last }]) => {
    const told = (one: typeof first): string[] =>
      one.exists ? [one.state, imageName(one.image), `${one.instances} instances`] : ['not there', '', '']
    const [before, after] = [told(first), told(last)]
    const parts = before.flatMap((was, index) => {
      const now = after[index] ?? ''
      return was === now ? [] : [`${was === '' ? '' : `${code(was)} `}→${now === '' ? '' : ` ${code(now)}`}`]
    })
    return parts.length === 0 ? [] : [`- ${code(key)}: ${parts.join(', ')}`]
  })
  return lines.length === 0 ? [] : [['Before and now:', ...lines].join('\n')]
}

/** 'postgresql:17.6' of 'ghcr.io/cloudnative-pg/postgresql:17.6@sha256:…' */
function imageName(image: string): string {
  return (image.split('@')[0] ?? '').split('/').at(-1) ?? ''
}

/** '03:41 UTC' */
function clock(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`
}
