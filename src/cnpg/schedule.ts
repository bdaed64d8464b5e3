/**
 * The schedule of a ScheduledBackup as the operator reads it: robfig/cron v1.2.0, cron.Parse: six fields, seconds first, the
 * last one (day of the week) may be left out. A five-field Unix schedule is therefore read one field too early.
 */
export interface Schedule {
  fields: number
  /** backups on a day on which it runs at all */
  runsADay: number
  /** the reading of five fields, in words: 'second 0, minute 3 of every hour' */
  misread?: string
}

/** @returns undefined where the operator's parser would refuse it, or it is no calendar schedule that we read */
export function readSchedule(text: string): Schedule | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith('@')) return described(trimmed)
  const fields = trimmed.split(/\s+/)
  if (fields.length !== 5 && fields.length !== 6) return undefined
  const seconds = times(fields[0], 0, 59)
  const minutes = times(fields[1], 0, 59)
  const hours = times(fields[2], 0, 23)
  if (seconds === undefined || minutes === undefined || hours === undefined) return undefined
  return {
    fields: fields.length,
    runsADay: seconds * minutes * hours,
    ...(fields.length === 5
      ? {
          misread: `second ${fields[0]}, minute ${fields[1]}, hour ${fields[2]}, day ${fields[3]} of month ${fields[4]}`,
        }
      : {}),
  }
}

/**
 * What floods the object store and the API server with Backups: more than one base backup an hour, or an hourly one that was
 * written as a five-field Unix schedule (seen: 14 clusters of one repository, 7,500 Backups of another).
 * @returns one sentence, undefined where a schedule is sane
 */
export function floodOf({ fields, runsADay, misread }: Schedule): string | undefined {
  if (runsADay <= 24 && !(fields === 5 && runsADay === 24)) return undefined
  const read =
    misread === undefined ? '' : `the operator reads five fields as ${misread}, seconds come first: `
  return `${read}${Math.round(runsADay)} base backups a day, each a whole copy of the database`
}

const DESCRIPTORS: Readonly<Record<string, number>> = {
  '@yearly': 1,
  '@annually': 1,
  '@monthly': 1,
  '@weekly': 1,
  '@daily': 1,
  '@midnight': 1,
  '@hourly': 24,
}
const SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 }

function described(text: string): Schedule | undefined {
  const known = Object.hasOwn(DESCRIPTORS, text) ? DESCRIPTORS[text] : undefined
  if (known !== undefined) return { fields: 1, runsADay: known }
  const every = /^@every\s+((?:[0-9]+(?:\.[0-9]+)?[hms])+)$/.exec(text)?.[1]
  if (every === undefined) return undefined
  const seconds = [...every.matchAll(/([0-9.]+)([hms])/g)].reduce(
    (sum, [, count = '', unit = '']) => sum + Number(count) * (SECONDS[unit] ?? 0),
    0,
  )
  // robfig/cron rounds delays below a second up to one
  return { fields: 2, runsADay: 86_400 / Math.max(1, seconds) }
}

/** How many values of a field's range its text names. */
function times(text: string | undefined, least: number, most: number): number | undefined {
  const named = new Set<number>()
  for (const part of (text ?? '').split(',')) {
    const match = /^(?:(\*|\?)|([0-9]+)(?:-([0-9]+))?)(?:\/([0-9]+))?$/.exec(part)
    if (match === null) return undefined
    const [, any, from, to, step] = match
    const first = any === undefined ? Number(from) : least
    // 'N/step' runs to the end of the range
    const last = any !== undefined || (to === undefined && step !== undefined) ? most : Number(to ?? from)
    const stride = Number(step ?? 1)
    if (first < least || last > most || first > last || stride === 0) return undefined
    for (let value = first; value <= last; value += stride) named.add(value)
  }
  return named.size
}
