import { BUILT_IN_WINDOWS, type MaintenanceWindow, type UpdatesConfig } from '../config/updates-config.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
// days; a fifth week may be three months away, a leap day years: such a window is told without a date
const LOOK_AHEAD = 400

/** A day by the calendar of a time zone, as the UTC midnight of the same date, and the minutes gone since its midnight. */
interface LocalTime {
  day: number
  minutes: number
}

/**
 * When windows that must all be open are: undefined: they are now; else the first time at which they all are.
 * @param names of windows; one that nobody knows is never open
 * @param now ISO time
 * @returns `until` absent: never, as far as can be seen
 */
export function windowsClosed(
  names: readonly string[],
  now: string,
  { windows, timeZone }: Pick<UpdatesConfig, 'windows' | 'timeZone'>,
): { names: readonly string[]; until?: string } | undefined {
  const wanted = names.map(name => windows[name] ?? BUILT_IN_WINDOWS[name])
  const clock = new ZoneClock(timeZone)
  const at = Date.parse(now)
  const closed = names.filter((_, index) => !isOpen(wanted[index], at, clock))
  if (closed.length === 0) return undefined
  // all of them open together when one of them opens, or not at all
  const openings = wanted
    .flatMap(window => (window === undefined ? [] : openingsOf(window, at, clock)))
    .toSorted((a, b) => a - b)
  const until = openings.find(opening => wanted.every(window => isOpen(window, opening, clock)))
  return { names: closed, ...(until === undefined ? {} : { until: new Date(until).toISOString() }) }
}

function isOpen(window: MaintenanceWindow | undefined, at: number, clock: ZoneClock): boolean {
  if (window === undefined) return false
  const { day, minutes } = clock.local(at)
  const { from, to } = window
  if (from < to) return begins(window, day) && minutes >= from && minutes < to
  // it ends the day after it began; where both are equal, a day later
  return (begins(window, day) && minutes >= from) || (begins(window, day - DAY) && minutes < to)
}

function begins({ days, weeks }: MaintenanceWindow, day: number): boolean {
  const date = new Date(day)
  const week = Math.ceil(date.getUTCDate() / 7)
  return (
    (days === undefined || days.includes(date.getUTCDay())) && (weeks === undefined || weeks.includes(week))
  )
}

function openingsOf(window: MaintenanceWindow, after: number, clock: ZoneClock): number[] {
  const { day: today } = clock.local(after)
  return Array.from({ length: LOOK_AHEAD }, (_, ahead) => today + ahead * DAY)
    .filter(day => begins(window, day))
    .map(day => clock.instant({ day, minutes: window.from }))
    .filter(at => at > after)
}

/** The clock on the wall of a time zone. */
class ZoneClock {
  readonly #format: Intl.DateTimeFormat

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
  }

  local(at: number): LocalTime {
    const parts = new Map(this.#format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0
    return {
      day: Date.UTC(part('year'), part('month') - 1, part('day')),
      minutes: part('hour') * 60 + part('minute'),
    }
  }

  /** When the clock shows a time. One that is skipped in spring is as much later as it is skipped; of one that comes twice, the first. */
  instant({ day, minutes }: LocalTime): number {
    const shown = day + minutes * MINUTE
    const offset = (at: number) => {
      const local = this.local(at)
      return local.day + local.minutes * MINUTE - at
    }
    const [before, after] = [offset(shown - DAY), offset(shown + DAY)]
    const early = shown - Math.max(before, after)
    return offset(early) === Math.max(before, after) ? early : shown - Math.min(before, after)
  }
}
