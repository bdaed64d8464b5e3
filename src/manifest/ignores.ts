/** A comment `# cnpg-steward: ignore RULE reason`. */
export interface Ignore {
  /** the line whose findings are ignored: the comment's own, or the next with content where the comment stands alone */
  line: number
  commentLine: number
  ruleId: string
  reason: string
  /** one sentence: why the comment does not count */
  problem?: string
}

const COMMENT = /(?:^|\s)#\s*cnpg-steward:\s*ignore\b[ \t]*(.*)$/

/** Finds the comments that ignore a finding. Cheap for files without any. */
export function readIgnores(text: string): Ignore[] {
  if (!text.includes('cnpg-steward:')) return []
  const lines = text.split(/\r?\n/)
  return lines.flatMap((line, index): Ignore[] => {
    const match = COMMENT.exec(line)
    if (match === null) return []
    const [ruleId = '', ...words] = (match[1] ?? '').trim().split(/\s+/)
    const reason = words.join(' ')
    const isAlone = line.slice(0, match.index).trim() === ''
    const problem =
      ruleId === ''
        ? 'This ignore comment names no rule.'
        : reason === ''
          ? `This ignore comment gives no reason for ignoring ${ruleId}.`
          : undefined
    return [
      {
        line: (isAlone ? nextContent(lines, index) : index) + 1,
        commentLine: index + 1,
        ruleId,
        reason,
        ...(problem === undefined ? {} : { problem }),
      },
    ]
  })
}

function nextContent(lines: readonly string[], index: number): number {
  const next = lines.findIndex((line, at) => at > index && !/^\s*(?:#.*)?$/.test(line))
  return next === -1 ? index : next
}
