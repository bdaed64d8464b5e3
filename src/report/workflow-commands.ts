import { annotationsOf, type Annotation } from './annotations.ts'
import { visible } from './escape.ts'
import type { Review } from './review.ts'

// GitHub keeps ten annotations of a level for a step; more are dropped without a word.
const PER_LEVEL = 10
const COMMANDS: Record<Annotation['annotation_level'], string> = {
  failure: 'error',
  warning: 'warning',
  notice: 'notice',
}

/**
 * Annotations as workflow commands, for a token that may not write checks: at most ten a level, the most harmful first.
 * @returns the commands, and how many annotations they leave out
 */
export function workflowCommands(review: Review): { lines: string[]; left: number } {
  const all = annotationsOf(review)
  const lines = [...Map.groupBy(all, item => item.annotation_level).values()].flatMap(items =>
    items.slice(0, PER_LEVEL).map(command),
  )
  return { lines, left: all.length - lines.length }
}

function command({ annotation_level, path, start_line, title, message }: Annotation): string {
  const properties = `file=${property(visible(path))},line=${start_line},title=${property(title)}`
  return `::${COMMANDS[annotation_level]} ${properties}::${data(message)}`
}

// As @actions/core escapes them (toolkit packages/core/src/command.ts).
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
