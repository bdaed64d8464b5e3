import { compareVersionTags, readVersionTag } from './version-tag.ts'

/**
 * The tag of an extension's image for another major of PostgreSQL: '3.6.1-18-trixie' of '3.6.0-17-trixie', the newest that is no older.
 * Tags of cloudnative-pg/postgres-extensions-containers: VERSION[-TIMESTAMP]-MAJOR-OS.
 * @returns '' where there is none; undefined where the tag names no major
 */
export function extensionForMajor(
  tag: string,
  from: number,
  to: number,
  tags: readonly string[],
): string | undefined {
  const part = new RegExp(`(?<=-(?:pg)?)${from}(?=-|$)`)
  if (!part.test(tag)) return undefined
  const here = readVersionTag(tag.replace(part, String(to)))
  if (here === undefined) return undefined
  const newest = tags
    .flatMap(one => readVersionTag(one) ?? [])
    .filter(one => one.shape === here.shape && compareVersionTags(one, here) >= 0)
    .toSorted((a, b) => compareVersionTags(b, a))
  return newest[0]?.tag ?? ''
}
