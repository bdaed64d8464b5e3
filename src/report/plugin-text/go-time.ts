/** A time as Go prints one in UTC: '2026-11-22 21:30:32 +0000 UTC'. @param time milliseconds since 1970 */
export function goTime(time: number): string {
  return `${secondsOf(time)} +0000 UTC`
}

/** Go's layout '2006-01-02 15:04:05 MST', in UTC. */
export function zonedTime(time: number): string {
  return `${secondsOf(time)} UTC`
}

/** A duration as Go prints one that was rounded to seconds: '12h3m4s'. @param milliseconds may be negative */
export function goDuration(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000)
  const sign = milliseconds < 0 && seconds > 0 ? '-' : ''
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${sign}${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds % 60}s`
}

function secondsOf(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ')
}
