import { describe, expect, it } from 'vitest'
import { COMMENT_LIMIT, REVIEW_MARKER, reviewComment, reviewSummary } from '../../src/report/markdown.ts'
import type { Review } from '../../src/report/review.ts'
import { change, finding, HOSTILE, hostileReview, impact, POSTGRES, review } from './reviews.ts'

const linkTo = (file: string, line?: number) =>
  `https://github.example/o/r/blob/e5f6a7b/${file}${line === undefined ? '' : `#L${line}`}`

it('leads with the verdict', () => {
  const text = reviewComment(
    review({
      findings: [finding()],
      impacts: [impact()],
      changes: [change()],
      incomplete: [
        {
          reason: 'source-elsewhere',
          message: 'ExternalSecret store `onepassword-connect` is not in this repository',
          affected: [],
        },
      ],
    }),
    { linkTo },
  )
  expect(text).toBe(`<!-- cnpg-steward:review -->
## 🛑 Blocked: 1 refused by the operator · 1 switchover · 1 not judged · nothing else changes
\`main 1a2b3c4\` → \`e5f6a7b\` · cluster **infra** on merge, cluster **apps** when release follows

| | object | what merging does | where |
|---|---|---|---|
| 🛑 | Cluster \`databases/postgres\` | storage cannot shrink from 20Gi to 10Gi | [cluster.yaml:21](https://github.example/o/r/blob/e5f6a7b/kubernetes/apps/databases/cluster.yaml#L21) |
| 🔶 | Cluster \`databases/postgres\` | \`256MB\` → \`512MB\`: \`shared_buffers\` changes: replicas restart one by one, then a switchover; writes stop for seconds | [cluster.yaml:27](https://github.example/o/r/blob/e5f6a7b/kubernetes/apps/databases/cluster.yaml#L27) |

<details><summary>1 object changed in Kustomization <b>databases/postgres</b> of cluster infra</summary>

**Cluster** changed: \`databases/postgres\`

\`\`\`diff
@@ spec.storage.size @@
- 20Gi
+ 10Gi
\`\`\`

</details>

<details><summary>Not judged (1)</summary>

- ExternalSecret store \`onepassword-connect\` is not in this repository

</details>

<sub>214 objects of 96 Kustomizations · 2 rendered again · 0.4 s · operator 1.28.0 from chart 0.27.0 · Flux 2.9 rules</sub>`)
})

it.each<[string, Partial<Review>, string]>([
  ['nothing', {}, '## ✅ Ready: no rendered object changes'],
  ['a change', { changes: [change()] }, '## ✅ Ready: 1 object changed'],
  [
    'a warning',
    { findings: [finding({ level: 'warning' })] },
    '## 🔶 Attention: 1 warning · no rendered object changes',
  ],
  [
    'unknown',
    { impacts: [impact({ impact: 'unknown' })], changes: [change()] },
    '## ❔ Incomplete: 1 of unknown effect · nothing else changes',
  ],
  [
    'not judged',
    { incomplete: [{ reason: 'x', message: 'm', affected: [] }] },
    '## ❔ Incomplete: 1 not judged · no rendered object changes',
  ],
])('headline of %s', (_name, parts, line) => {
  expect(reviewComment(review(parts)).split('\n')[1]).toBe(line)
})

describe.each(HOSTILE.map(text => [JSON.stringify(text), text] as const))('hostile %s', (_name, text) => {
  const printed = reviewComment(hostileReview(text), { linkTo })

  it('keeps fences, tables and details whole', () => {
    const outside = outsideFences(printed)
    expect(outside.match(/<details>/g)).toHaveLength(outside.match(/<\/details>/g)?.length ?? 0)
    expect(outside.match(/<details>/g)).toHaveLength(2)
    const rows = outside.split('\n').filter(line => line.startsWith('|'))
    expect(rows).toHaveLength(4)
    // a pipe that is not ours would make a cell more
    for (const row of rows) expect(row.split('|')).toHaveLength(6)
  })

  it('has one marker, no tag, link or ping of others', () => {
    expect(printed.match(/<!--\s*cnpg-steward/gi)).toHaveLength(1)
    const prose = outsideFences(printed)
      .replace(REVIEW_MARKER, '')
      .replaceAll(/`[^`\n]*`/g, '')
    expect(prose.replaceAll(/<\/?(?:details|summary|code|b|sub|br)>/g, '')).not.toMatch(/[<]/)
    // the target of a link of ours is no prose: GitHub looks for mentions and references beside it only
    const beside = prose.replaceAll(/\]\(https:\/\/github\.example[^()\s]*\)/g, '')
    expect(beside).not.toMatch(/@[\w]/)
    expect(beside).not.toMatch(/(?<!&)#\d|&#35;\d|GH-\d/)
    expect(beside).not.toMatch(/:\/\/|www\.|\]\(/)
    expect(printed).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(printed.isWellFormed()).toBe(true)
  })

  it('prints only headings of ours', () => {
    expect(
      outsideFences(printed)
        .split('\n')
        .filter(line => /^\s*#/.test(line)),
    ).toHaveLength(1)
  })
})

describe('a review of 1,200 objects', () => {
  const many = (n: number) => ({ ...POSTGRES, name: `db-${n}` })
  const big = review({
    findings: Array.from({ length: 200 }, (_, n) => finding({ resource: many(n), line: n + 1 })),
    impacts: [impact()],
    changes: Array.from({ length: 1200 }, (_, n) =>
      change({
        resource: n === 1199 ? POSTGRES : { ...many(n), apiVersion: 'v1', kind: 'ConfigMap' },
        kustomization: `apps/app-${n % 40}`,
        diff: `@@ data.x @@\n${Array.from({ length: n % 30 }, (__, line) => `+ ${n} ${line} 🌈 text`).join('\n')}`,
      }),
    ),
  })

  it('fits and keeps every finding', () => {
    const text = reviewComment(big, { linkTo, summaryUrl: 'https://github.example/run/1' })
    expect(text.length).toBeLessThanOrEqual(COMMENT_LIMIT)
    expect(text.length).toBeGreaterThan(COMMENT_LIMIT * 0.8)
    for (let n = 0; n < 200; n++) expect(text).toContain(`\`databases/db-${n}\``)
    expect(text).toMatch(
      /\d+ changes without diff here: the rest is in \[the job summary\]\(https:\/\/github\.example\/run\/1\)/,
    )
    expect(outsideFences(text)).not.toContain('```')
    // the database first
    expect(text).toContain('**Cluster** changed: `databases/postgres`')
  })

  it('fits into a job summary, in bytes', () => {
    expect(Buffer.byteLength(reviewSummary(big, { linkTo }))).toBeLessThan(1024 * 1024)
  })

  it.each([3_000, 10_000, 30_000])('fits into %i', budget => {
    const text = reviewComment(big, { linkTo, budget })
    expect(text.length).toBeLessThanOrEqual(budget)
    const outside = outsideFences(text)
    expect(outside.match(/<details>/g)?.length).toBe(outside.match(/<\/details>/g)?.length)
  })
})

it('shows equal changes once, with every name', () => {
  const apps = ['atuin', 'gatus', 'paperless']
  const text = reviewComment(
    review({
      changes: apps.map(app =>
        change({
          change: 'renamed',
          kustomization: `apps/${app}`,
          resource: { ...POSTGRES, kind: 'ScheduledBackup', name: `${app}-daily` },
          renamedFrom: { ...POSTGRES, kind: 'ScheduledBackup', name: `${app}-weekly` },
          diff: `@@ metadata.name @@\n- ${app}-weekly\n+ ${app}-daily`,
        }),
      ),
    }),
  )
  expect(text.match(/```diff/g)).toHaveLength(1)
  expect(text).toContain('3 objects changed in 3 Kustomizations')
  for (const app of apps) expect(text).toContain(`\`databases/${app}-weekly\` → \`databases/${app}-daily\``)
})

/** The text without fenced blocks; throws where a fence stays open. */
function outsideFences(text: string): string {
  const outside: string[] = []
  let open: string | undefined
  for (const line of text.split('\n')) {
    const marks = /^`{3,}/.exec(line)?.[0]
    if (open === undefined && marks !== undefined) open = marks
    else if (open !== undefined && marks !== undefined && marks.length >= open.length && /^`+$/.test(line))
      open = undefined
    else if (open === undefined) outside.push(line)
  }
  if (open !== undefined) throw new Error('a fence stays open')
  return outside.join('\n')
}
