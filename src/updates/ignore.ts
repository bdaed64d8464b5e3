/** What `/cnpg ignore …` may say, as the hidden line of a pull request keeps it; `problem` where it says nothing of the kind. */
export function readIgnore(words: string, proposal: string): { wish: string } | { problem: string } {
  const [what = '', day = '', ...rest] = words.trim().split(/\s+/)
  const problem = {
    problem: '`ignore` takes one of: `this`, `minor`, `major`, a class of updates, `until YYYY-MM-DD`.',
  }
  if (rest.length > 0) return problem
  if (what === 'until')
    return /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day))
      ? { wish: `until:${day}` }
      : { problem: '`ignore until` takes a day, as YYYY-MM-DD.' }
  if (day !== '') return problem
  if (what === 'this') return { wish: `this:${proposal}` }
  return CLASS.test(what) ? { wish: `class:${what}` } : problem
}

const CLASS =
  /^(?:minor|major|patch|rebuild|digest|breaking|chart-only|pre-release|(?:pg|operator)-(?:minor|major|patch)|os-change|type-change|flavour-form|bundle-change)$/
