// metav1.Time is read with time.Parse(time.RFC3339, …) of Go: capital T and Z only, fractions with dot or comma, no leap second.

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})([.,]\d+)?(Z|[+-]\d{2}:\d{2})$/
const LAYOUT = '2006-01-02T15:04:05Z07:00'

/** @returns the moment as Go would encode it again (UTC, whole seconds), or the message of Go's error */
export function parseTime(text: string): { utc: string } | string {
  const parts = RFC3339.exec(text)
  if (parts === null) return cannotParse(text)
  const [, year, month, day, hour, minute, second, , zone = 'Z'] = parts
  const out = (what: string) => `parsing time ${JSON.stringify(text)}: ${what} out of range`
  if (Number(month) < 1 || Number(month) > 12) return out('month')
  if (Number(hour) > 23) return out('hour')
  if (Number(minute) > 59) return out('minute')
  if (Number(second) > 59) return out('second')
  const daysInMonth = new Date(Date.UTC(fullYear(Number(year)), Number(month), 0)).getUTCDate()
  if (Number(day) < 1 || Number(day) > daysInMonth) return out('day')
  if (zone !== 'Z' && (Number(zone.slice(1, 3)) > 24 || Number(zone.slice(4)) > 60))
    return out('time zone offset')
  const offset =
    zone === 'Z'
      ? 0
      : (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)))
  const moment = new Date(0)
  moment.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  moment.setUTCHours(Number(hour), Number(minute) - offset, Number(second))
  return { utc: moment.toISOString().replace(/\.\d+Z$/, 'Z') }
}

// Date.UTC reads the years 0 to 99 as 1900 to 1999; 400 years on, the calendar is the same
function fullYear(year: number): number {
  return year < 100 ? year + 400 : year
}

/** Names the first element that does not fit, as Go does. */
function cannotParse(text: string): string {
  const elements: [string, RegExp][] = [
    ['2006', /^\d{4}/],
    ['-', /^-/],
    ['01', /^\d{2}/],
    ['-', /^-/],
    ['02', /^\d{2}/],
    ['T', /^T/],
    ['15', /^\d{1,2}/],
    [':', /^:/],
    ['04', /^\d{2}/],
    [':', /^:/],
    ['05', /^\d{2}([.,]\d+)?/],
    ['Z07:00', /^(Z|[+-]\d{2}:\d{2})/],
  ]
  let rest = text
  for (const [name, element] of elements) {
    const found = element.exec(rest)?.[0]
    if (found === undefined)
      return `parsing time ${JSON.stringify(text)} as "${LAYOUT}": cannot parse ${JSON.stringify(rest)} as "${name}"`
    rest = rest.slice(found.length)
  }
  return `parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`
}
