import { normalForm } from '../status/normal-form.ts'
import type { Ran, Target } from './target.ts'

/** What the two say of one state. */
export interface Comparison {
  ours: Ran
  theirs: Ran
  /** our judgement: 'healthy', … */
  judged: string
  /** of our first reason: the id as JSON has it is not printed, so its sentence */
  because: string
  /** equal; different: lines that only one has; moving: no two of our readings were the same; hung: the plugin never answered */
  text: 'equal' | 'different' | 'moving' | 'hung'
  different: string[]
}

/**
 * Compares our text with the plugin's in the normal form. They are read one after another while the database changes, so ours is
 * read before and after: it counts as different only where ours stood still meanwhile.
 */
export async function compare(target: Target, tries = 6): Promise<Comparison> {
  let last: Comparison | undefined
  for (let count = 0; count < tries; count++) {
    const before = await target.steward(['-v', '-v'])
    const theirs = await target.plugin(['-v', '-v'])
    const after = await target.steward(['-v', '-v'])
    const [ours, ourLater, plugins] = [pluginPart(before), pluginPart(after), normalForm(theirs.stdout)]
    const [head = '', reason = ''] = before.stdout.split('\n')
    const judged = /^\S+ (\w+)/.exec(head)?.[1] ?? before.stderr
    const said = { ours: before, theirs, judged, because: reason.trim() }
    if (theirs.exitCode === 'hung') return { ...said, text: 'hung', different: [] }
    if (plugins === ours || plugins === ourLater) return { ...said, text: 'equal', different: [] }
    const still = ours === ourLater
    last = { ...said, text: still ? 'different' : 'moving', different: differing(ours, plugins) }
    if (still) return last
  }
  if (last === undefined) throw new Error('nothing was compared')
  return last
}

function pluginPart({ stdout }: Ran): string {
  return normalForm(stdout.slice(Math.max(0, stdout.search(/^(Replica )?Cluster Summary$/m))))
}

function differing(ours: string, theirs: string): string[] {
  const [a, b] = [ours.split('\n'), theirs.split('\n')]
  return [
    ...a.filter(line => !b.includes(line)).map(line => `ours:   ${line}`),
    ...b.filter(line => !a.includes(line)).map(line => `plugin: ${line}`),
  ]
}
