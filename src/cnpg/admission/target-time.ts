import { parseTime } from './go-time.ts'
import { atoi } from './go-values.ts'

/**
 * Whether machinery's pkg/types ParseTargetTime takes a recovery target time: PostgreSQL's own form as lib/pq 1.12 reads it
 * (loosely: month 13 passes), or RFC 3339, there also without zone.
 */
export function isTargetTime(text: string): boolean {
  return (
    isPostgresTimestamp(text) ||
    typeof parseTime(text) !== 'string' ||
    typeof parseTime(`${text}Z`) !== 'string'
  )
}

/** lib/pq internal/pqtime Parse */
function isPostgresTimestamp(text: string): boolean {
  const separator = text.indexOf('-')
  const number = (begin: number, end: number) =>
    begin >= 0 && begin <= end && end <= text.length && atoi(text.slice(begin, end)) !== undefined
  const day = separator + 3
  const time = day + 3
  if (!number(0, separator) || !number(separator + 1, day) || text[day] !== '-' || !number(day + 1, time))
    return false
  const beforeChrist = text.endsWith(' BC')
  if (text.length > separator + 6 + (beforeChrist ? 3 : 0)) {
    const minutes = time + 3
    const seconds = minutes + 3
    if (text[time] !== ' ' || text[minutes] !== ':' || text[seconds] !== ':') return false
    if (!number(time + 1, minutes) || !number(minutes + 1, seconds) || !number(seconds + 1, seconds + 3))
      return false
  }
  let rest = separator + '01-01 00:00:00'.length + 1
  if (text[rest] === '.') {
    const fraction = /^[^-+Z ]*/.exec(text.slice(rest + 1))?.[0] ?? ''
    if (atoi(fraction) === undefined) return false
    rest += fraction.length + 1
  }
  if (text[rest] === '-' || text[rest] === '+') {
    if (!number(rest + 1, rest + 3)) return false
    rest += 3
    for (let part = 0; part < 2 && text[rest] === ':'; part++) {
      if (!number(rest + 1, rest + 3)) return false
      rest += 3
    }
  } else if (text[rest] === 'Z') rest += 1
  return rest + (beforeChrist ? 3 : 0) >= text.length
}
