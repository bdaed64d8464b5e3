import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { PoolTag } from '../../src/versions/postgres-pool.ts'

/** The 2,187 tags that cloudnative-pg/artifacts named in its image catalogs from 2025-09 to 2026-08. */
export function catalogTags(): PoolTag[] {
  const file = new URL('../fixtures/versions/cnpg-tags.txt.gz', import.meta.url)
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [tag = '', digest] = line.split('@')
      return { tag, ...(digest === undefined ? {} : { digest }) }
    })
}

/** The moving tags of the same image: each is the newest build of its minor or major. */
export function movingTags(tags: readonly PoolTag[]): PoolTag[] {
  const moving = new Map<string, PoolTag>()
  const byTime = tags.toSorted((a, b) => timeOf(a.tag) - timeOf(b.tag))
  for (const { tag, ...digest } of byTime) {
    const minor = tag.replace(/-\d{12}/, '')
    for (const name of [minor, minor.replace(/^(\d+)\.\d+/, '$1')]) moving.set(name, { tag: name, ...digest })
  }
  return [...moving.values()]
}

/** Tags of forms that the catalogs no longer have (postgres-containers' history), and pre-releases. */
export const OLDER_FORMS: readonly PoolTag[] = [
  '17',
  '17.2',
  '17.5',
  '17.6',
  '18',
  '18.1',
  '17.2-7',
  '17.2-35',
  '17.2-7-bookworm',
  '17.2-35-bookworm',
  '17.5-1-bookworm',
  '17-bookworm',
  '18-bookworm',
  '19beta1-standard-trixie',
  '19beta3-standard-trixie',
  '19beta3-202608131515-standard-trixie',
].map(tag => ({ tag }))

function timeOf(tag: string): number {
  return Number(/-(\d{12})-/.exec(tag)?.[1] ?? 0)
}
