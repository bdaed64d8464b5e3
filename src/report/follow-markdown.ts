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
export function followMarkdown({ outcome, expectation, steps }: Follow): string {
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
    ...(repair === undefined ? [] : [`**What to do:** ${inline(clip(repair, 500))}`]),
  ].join('\n\n')
}
