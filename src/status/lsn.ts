/** The number behind an LSN ('0/3B0001E8'); 0 for what is none, as the operator's types.LSN compares. */
export function lsnValue(lsn: string): bigint {
  const [, segment, offset] = /^([0-9A-Fa-f]+)\/([0-9A-Fa-f]+)$/.exec(lsn) ?? []
  return segment === undefined || offset === undefined
    ? 0n
    : (BigInt(`0x${segment}`) << 32n) + BigInt(`0x${offset}`)
}

/** Seconds of an interval as PostgreSQL prints it ('00:00:01.223642', '1 day 02:03:04'); 0 for none. */
export function intervalSeconds(interval: string): number {
  const [, days, hours, minutes, seconds] =
    /^(?:(\d+) days? ?)?(?:(\d+):(\d+):(\d+(?:\.\d+)?))?$/.exec(interval.trim()) ?? []
  return (
    Number(days ?? 0) * 86_400 + Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)
  )
}
