/** Longer ones are no names that people type; comparing them would cost time for nothing. */
const LONGEST = 200

/**
 * The name that a person most likely meant, for "did you mean …?". Letter case and separators (- _ .) do not count.
 * @param names what there is to choose from; of equally near ones the first wins
 * @returns `undefined` where nothing is near: more letters differ than a slip of the pen explains (one in names of up to
 *   four letters, two up to eleven, then three), or all of them do
 */
export function nearName(name: string, names: Iterable<string>): string | undefined {
  const wanted = plain(name)
  if (wanted.length > LONGEST) return undefined
  const slips = wanted.length < 5 ? 1 : wanted.length < 12 ? 2 : 3
  let best: string | undefined
  let least = Math.min(slips + 1, wanted.length)
  for (const candidate of names) {
    const distance = editDistance(wanted, plain(candidate), least)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_.]/g, '')
}

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment); gives up at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    let least = row
    for (let column = 1; column <= b.length; column++) {
      let cost = Math.min(
        (last[column] ?? limit) + 1,
        (current[column - 1] ?? limit) + 1,
        (last[column - 1] ?? limit) + (a[row - 1] === b[column - 1] ? 0 : 1),
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, (beforeLast[column - 2] ?? limit) + 1)
      current.push(cost)
      least = Math.min(least, cost)
    }
    // a swap in the next row starts from `last`, one cheaper than this row at the most
    if (least > limit) return limit
    ;[beforeLast, last] = [last, current]
  }
  return Math.min(limit, last[b.length] ?? limit)
}
