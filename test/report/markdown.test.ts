import { describe, expect, it } from 'vitest'
import { annotationsOf } from '../../src/report/annotations.ts'
import { checkText } from '../../src/report/check.ts'
import { COMMENT_LIMIT, REVIEW_MARKER, reviewComment, reviewSummary } from '../../src/report/markdown.ts'
import { reviewSarif } from '../../src/report/sarif.ts'
import type { Review } from '../../src/report/review.ts'
import { change, finding, HOSTILE, hostileReview, impact, POSTGRES, review } from './reviews.ts'

const many = (n: number) => ({ ...POSTGRES, name: `db-${n}` })
const object = (kind: string, name: string) => ({ apiVersion: 'v1', kind, namespace: 'a', name })
const entry = (message: string) => ({ reason: 'x', message, affected: [] })
const lines = (sign: string, n: number, word: string) =>
  Array.from({ length: n }, (_, line) => `${sign} ${word} ${line}`).join('\n')
const linkTo = (file: string, line?: number) =>
  `https://github.example/o/r/blob/e5f6a7b/${file}${line === undefined ? '' : `#L${line}`}`

it.each<[number, string]>([
  [1, '1 switchover · 1 data loss · 1 edit without effect · 1 of unknown effect'],
  [2, '2 switchovers · 2 data losses · 2 edits without effect · 2 of unknown effect'],
])('counts %d of each impact', (n, words) => {
  const kinds = ['switchover', 'data-loss', 'ignored', 'unknown'] as const
  const [first = ''] = reviewComment(
    review({ impacts: kinds.flatMap(kind => Array.from({ length: n }, () => impact({ impact: kind }))) }),
  )
    .split('\n')
    .filter(line => line.startsWith('## '))
  for (const word of words.split(' · ')) expect(first).toContain(word)
})

it('says once what holds of many objects at one line, with every object', () => {
  const text = reviewComment(review({ findings: [1, 2, 3].map(n => finding({ resource: many(n) })) }), {
    linkTo,
  })
  expect(text.match(/storage cannot shrink/g)).toHaveLength(1)
  expect(text).toContain(
    '| 3 objects: Cluster `databases/db-1`, Cluster `databases/db-2`, Cluster `databases/db-3` |',
  )
  expect(text.match(/cluster\.yaml#L21/g)).toHaveLength(1)
})

it('names rules that have a page, and no others', () => {
  const text = reviewComment(
    review({ findings: [finding({ ruleId: 'schema-type' }), finding({ ruleId: 'a', line: 3 })] }),
    {
      ruleUrl: id => (id === 'schema-type' ? 'https://docs.example/schema-type.md' : undefined),
    },
  )
  expect(text).toContain('10Gi <sub>[schema-type](https://docs.example/schema-type.md)</sub> |')
  expect(text.match(/<sub>\[/g)).toHaveLength(1)
})

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

<details><summary>1 object changed in Kustomization databases/postgres of cluster infra</summary>

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
    '## ❔ Incomplete: 1 not judged · no change seen',
  ],
])('headline of %s', (_name, parts, line) => {
  expect(reviewComment(review(parts)).split('\n')[1]).toBe(line)
})

describe.each(HOSTILE.map(text => [JSON.stringify(text), text] as const))('hostile %s', (_name, text) => {
  const printed = reviewComment(hostileReview(text), { linkTo })

  it('keeps fences, tables and details whole', () => {
    const outside = outsideFences(printed)
    expect(outside.match(/<details>/g)).toHaveLength(outside.match(/<\/details>/g)?.length ?? 0)
    expect(outside.match(/<details>/g)).toHaveLength(3)
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

  it('fits into a check, whose annotations and SARIF hold every finding with its line', () => {
    const check = checkText(big, { linkTo })
    expect(Buffer.byteLength(check.summary)).toBeLessThanOrEqual(65_535)
    expect(outsideFences(check.summary)).not.toContain('```')
    expect(
      annotationsOf(big)
        .slice(0, 200)
        .map(({ start_line }) => start_line),
    ).toEqual(Array.from({ length: 200 }, (_, n) => n + 1))
    const [log] = reviewSarif(big, { toolVersion: '1' }).runs
    expect(log?.results).toHaveLength(200)
  })

  it('leads with verdict and findings, then the database, and folds the rest', () => {
    const text = reviewComment(big, { linkTo, summaryUrl: 'https://github.example/run/1' })
    const order = [
      '## 🛑',
      '| 🛑 |',
      '<details>',
      '**Cluster** changed',
      '**ConfigMap** changed',
      'without diff</summary>',
      '<sub>',
    ]
    const at = order.map(part => text.indexOf(part))
    expect(at.toSorted((a, b) => a - b)).toEqual(at)
    expect(at).not.toContain(-1)
    // 40 Kustomizations, each a line until it is opened
    const open = outsideFences(text).replaceAll(/<details><summary>(.*)<\/summary>[\s\S]*?<\/details>/g, '$1')
    expect(open.split('\n').filter(line => line.trim() !== '').length).toBeLessThan(260)
  })

  it.each([3_000, 10_000, 30_000])('fits into %i', budget => {
    const text = reviewComment(big, { linkTo, budget })
    expect(text.length).toBeLessThanOrEqual(budget)
    const outside = outsideFences(text)
    expect(outside.match(/<details>/g)?.length).toBe(outside.match(/<\/details>/g)?.length)
  })
})

describe('more problems than the table holds', () => {
  const findings = Array.from({ length: 1200 }, (_, n) =>
    finding({
      resource: many(n),
      line: n + 1,
      message: `storage of ${n} cannot shrink`,
      repair: 'keep the size',
    }),
  )

  it('says less of each before it leaves one out', () => {
    const text = reviewComment(review({ findings, changes: [change()] }), { linkTo })
    expect(text.length).toBeLessThanOrEqual(COMMENT_LIMIT)
    for (let n = 0; n < 1200; n++) expect(text).toContain(`${n + 1} \`db-${n}\``)
  })

  it('names every one of fewer in the table, without links and repairs', () => {
    const text = reviewComment(review({ findings: findings.slice(0, 400) }), { linkTo })
    expect(text.length).toBeLessThanOrEqual(COMMENT_LIMIT)
    expect(text).not.toContain('https://')
    for (let n = 0; n < 400; n++)
      expect(text).toContain(`| storage of ${n} cannot shrink | cluster.yaml:${n + 1} |`)
  })

  it('lets one enormous message hide no other', () => {
    const text = reviewComment(
      review({ findings: [finding({ message: '<'.repeat(200_000) }), ...findings.slice(0, 50)] }),
      { linkTo },
    )
    expect(text.length).toBeLessThanOrEqual(COMMENT_LIMIT)
    for (let n = 0; n < 50; n++) expect(text).toContain(`storage of ${n} cannot shrink`)
  })

  it('gives numbers where not even places fit', () => {
    const text = reviewComment(review({ findings }), { budget: 4000 })
    expect(text.length).toBeLessThanOrEqual(4000)
    expect(text).toContain('1200 problems, too many to list here; each with its line is in the job summary.')
    expect(text).toContain('`admission-operator`: 1200')
  })
})

it.each<[string, Partial<Review>]>([
  ['references', { base: { ref: 'x'.repeat(90_000) } }],
  [
    'clusters',
    { stats: { ...review().stats, clusters: Array.from({ length: 1000 }, (_, n) => `${n}`.repeat(300)) } },
  ],
  [
    'noise and versions',
    {
      stats: {
        ...review().stats,
        noise: ['<'.repeat(90_000)],
        versions: Array.from({ length: 90 }, () => '|'.repeat(900)),
      },
    },
  ],
  [
    'what is not judged',
    {
      incomplete: Array.from({ length: 900 }, (_, n) => ({
        reason: 'x',
        message: `${n} ${'|'.repeat(3000)}`,
        affected: Array.from({ length: 20 }, () => 'y'.repeat(900)),
      })),
    },
  ],
  [
    'names of changes',
    {
      changes: Array.from({ length: 50 }, () =>
        change({
          resource: many(1),
          kustomization: '&'.repeat(9000),
          renamedFrom: { ...POSTGRES, name: '"'.repeat(30_000) },
          movedFrom: '@'.repeat(9000),
        }),
      ),
    },
  ],
])('fits with enormous %s', (_name, parts) => {
  const full = { findings: [finding()], changes: [change()], ...parts }
  for (const budget of [5000, 20_000, COMMENT_LIMIT]) {
    const text = reviewComment(review(full), { linkTo, budget })
    expect(text.length).toBeLessThanOrEqual(budget)
    expect(text).toContain('storage cannot shrink from 20Gi to 10Gi')
    expect(text.endsWith('</sub>')).toBe(true)
  }
})

it('fits wherever the limit falls', () => {
  const rules = Array.from({ length: 400 }, (_, n) =>
    finding({ ruleId: `cnpg-rule-${n}`, message: `m ${n} ${'x'.repeat(n % 90)}`, line: n + 1 }),
  )
  const unjudged = Array.from({ length: 60 }, (_, n) => entry(`${n} ${'y'.repeat(n * 3)}`))
  for (const count of [0, 1, 3, 10, 40, 150, 400])
    for (const some of [0, 1, 60])
      for (let budget = 3000; budget < 30_000; budget += 777) {
        const made = review({
          findings: rules.slice(0, count),
          incomplete: unjudged.slice(0, some),
          changes: [change(), change({ kustomization: 'a/b', diff: `+ ${'z'.repeat(2000)}` })],
        })
        const text = reviewComment(made, { linkTo, budget })
        expect(text.length, `${count} findings, ${some} not judged`).toBeLessThanOrEqual(budget)
        // what is not judged gets its share, however many findings there are
        expect(text.includes('<details><summary>Not judged')).toBe(some > 0)
      }
})

it('keeps what one short list leaves out after a long entry', () => {
  const text = reviewComment(review({ incomplete: [entry('|'.repeat(900)), entry('the short one')] }), {
    budget: 3000,
  })
  expect(text).toContain('- The short one')
  expect(text).toContain('- and 1 more')
})

it('says what stood in base last, in fewer words, and does not count it', () => {
  const old = {
    reason: 'schema-unknown',
    message: 'no schema of Widget is known',
    repair: 'import it',
    affected: ['Widget a/b', 'Widget a/c'],
    existing: true as const,
  }
  const text = reviewComment(
    review({
      incomplete: [
        old,
        {
          reason: 'x',
          message: 'a chart is missing',
          repair: 'fetch it',
          affected: ['HelmRelease a/b'],
          file: 'a/b.yaml',
          line: 3,
        },
      ],
    }),
    { linkTo },
  )
  expect(text).toContain('## ❔ Incomplete: 1 not judged ·')
  expect(text).toContain(`<details><summary>Not judged (1, 1 as before)</summary>

- A chart is missing: HelmRelease \`a/b\`, [a/b.yaml:3](https://github.example/o/r/blob/e5f6a7b/a/b.yaml#L3). Fetch it
- as before: No schema of Widget is known: 2 × Widget

</details>`)
  expect(reviewComment(review({ incomplete: [old] }))).toContain('## ✅ Ready: no rendered object changes')
})

it('folds what stood in base into one line a reason, and names kinds by their number', () => {
  // oxlint-disable-next-line unicorn/consistent-function-scoping -- it stands beside its test
  const old = (reason: string, message: string, affected: string[]) => ({
    reason,
    message,
    affected,
    existing: true as const,
  })
  const text = reviewComment(
    review({
      incomplete: [
        old('schema-unknown', 'There is no schema for kinds of a.io.', ['Jar a/b', 'Pot a/b', 'Pot a/c']),
        old('schema-unknown', 'There is no schema for kinds of b.io.', ['Mug a/b']),
        old('chart-offline', 'The chart was never fetched.', ['HelmRelease a/b']),
      ],
    }),
  )
  expect(text).toContain(`
- as before: There is no schema for the kind of an object: 2 × Pot, 1 × Jar, 1 × Mug
- as before: The chart was never fetched: HelmRelease \`a/b\`

`)
})

it.each([
  ['names a kind once', ['Jar a/b', 'Jar a/c', 'Pot a/b'], 'It is so: Jar `a/b`, `a/c`, Pot `a/b`'],
  [
    'names five',
    Array.from({ length: 12 }, (_, i) => `Jar a/${i}`),
    `It is so: Jar ${Array.from({ length: 5 }, (_, i) => `\`a/${i}\``).join(', ')} and 7 more`,
  ],
  ['takes what is no object as it is', ['the whole tree'], 'It is so: `the whole tree`'],
])('what is not judged %s', (_name, affected, expected) => {
  const text = reviewComment(review({ incomplete: [{ reason: 'x', message: 'it is so.', affected }] }))
  expect(text).toContain(`\n- ${expected}\n`)
})

it('says once what several entries have in common', () => {
  // oxlint-disable-next-line unicorn/consistent-function-scoping -- it stands beside its test
  const made = (message: string, affected: string[], repair = 'Import it.') => ({
    reason: 'schema-unknown',
    message,
    affected,
    repair,
  })
  const text = reviewComment(
    review({
      incomplete: [
        made('No schema of a.io.', ['Jar a/b']),
        made('No schema of b.io.', ['Pot a/b']),
        made('No schema of c.io.', ['Mug a/b'], 'Something else.'),
      ],
    }),
  )
  expect(text).toContain(`
- There is no schema for the kind of an object. Import it.
  - No schema of a.io: Jar \`a/b\`
  - No schema of b.io: Pot \`a/b\`
- No schema of c.io: Mug \`a/b\`. Something else.

`)
})

it('does not name again what the message has named', () => {
  const message = 'Kustomization a/b could not be rendered.'
  const text = reviewComment(
    review({ incomplete: [{ reason: 'x', message, affected: ['Kustomization a/b'] }] }),
  )
  expect(text).toContain('\n- Kustomization a/b could not be rendered\n')
})

it('names what a broken file stops in the column of objects, once', () => {
  const { resource, ...broken } = finding({
    ruleId: 'render-build',
    message: 'kustomize: x.yaml: missing kind. This stops Kustomization apps/web.',
    kustomization: 'apps/web',
    file: 'apps/x.yaml',
    line: 1,
  })
  expect(resource).toBeDefined()
  expect(reviewComment(review({ findings: [broken] }))).toContain(
    '| 🛑 | Kustomization `apps/web` | kustomize: x.yaml: missing kind. | x.yaml:1 |',
  )
})

it('shows a problem of several clusters once', () => {
  const text = reviewComment(review({ findings: [finding(), finding({ cluster: 'apps' })] }), { linkTo })
  expect(text.split('\n').filter(line => line.startsWith('| 🛑'))).toEqual([
    '| 🛑 | Cluster `databases/postgres` (infra, apps) | storage cannot shrink from 20Gi to 10Gi | [cluster.yaml:21](https://github.example/o/r/blob/e5f6a7b/kubernetes/apps/databases/cluster.yaml#L21) |',
  ])
})

describe('changes short of room', () => {
  const changes = [
    change({ change: 'removed', resource: object('Service', 'gone'), diff: lines('-', 190, 'removed') }),
    change({ change: 'added', resource: object('Service', 'new'), diff: lines('+', 60, 'added') }),
    change({ resource: object('ConfigMap', 'big'), diff: lines('+', 70, 'big') }),
    change({ resource: object('ConfigMap', 'small'), diff: lines('+', 10, 'small') }),
    change({ diff: lines('+', 20, 'database') }),
  ]

  it('gives it to databases, then to what is changed, added, removed; the smallest first', () => {
    const text = reviewComment(review({ changes }))
    const at = ['database 0', 'small 0', 'big 0', 'added 0', 'removed 0'].map(word => text.indexOf(word))
    expect(at.toSorted((a, b) => a - b)).toEqual(at)
    expect(Math.min(...at)).toBeGreaterThan(0)
  })

  it('names what has no diff', () => {
    const text = reviewComment(review({ changes }), { budget: 1700 })
    expect(text.length).toBeLessThanOrEqual(1700)
    expect(text).toContain('+ database 19')
    expect(text).toMatch(/\d changes? without diff<\/summary>\n\n- \*\*Service\*\* removed: `a\/gone`/)
    expect(text).toMatch(/\d changes? without diff here: the rest is in the job summary\./)
  })

  it('does not send readers of the summary to the summary', () => {
    const huge = Array.from({ length: 300 }, (_, n) =>
      change({ resource: object('ConfigMap', `m-${n}`), diff: `+ ${n} ${'🌈'.repeat(2500)}` }),
    )
    const text = reviewSummary(review({ changes: huge }), { summaryUrl: 'https://github.example/run/1' })
    const bytes = Buffer.byteLength(text)
    expect(bytes).toBeLessThanOrEqual(1024 * 1024)
    expect(bytes).toBeGreaterThan(900_000)
    expect(text).toContain(
      'without diff here: the rest is in the JSON of this review (output `review-file`).',
    )
  })
})

it('does not name the only cluster, and says what happens to how many', () => {
  const { stats } = review()
  const text = reviewComment(
    review({
      changes: [change(), change({ resource: object('Service', 'a'), change: 'added' })],
      incomplete: [
        { reason: 'x', message: 'a chart is missing', affected: ['HelmRelease a/b'], cluster: 'infra' },
      ],
      stats: { ...stats, clusters: ['infra'] },
    }),
  )
  expect(text).toContain('<summary>1 object changed, 1 added in Kustomization databases/postgres</summary>')
  expect(text).toContain('- A chart is missing: HelmRelease `a/b`')
})

it('names both clusters that the same Kustomization changes in', () => {
  const text = reviewComment(review({ changes: [change(), change({ cluster: 'apps' })] }))
  expect(text).toContain('2 objects changed in Kustomization databases/postgres of clusters infra, apps<')
})

it('says what moved, what was renamed and what is left running', () => {
  const text = reviewComment(
    review({
      changes: [
        change({ movedFrom: 'Kustomization databases/old' }),
        change({
          change: 'removed',
          orphaned: true,
          resource: { ...POSTGRES, name: 'left' },
          diff: '- x: 1',
        }),
      ],
    }),
  )
  expect(text).toContain(
    '**Cluster** changed, so far applied by `Kustomization databases/old`: `databases/postgres`',
  )
  expect(text).toContain('**Cluster** removed from Git, left running (prune is off): `databases/left`')
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
  expect(text).toContain(
    '3 objects renamed in 3 Kustomizations (apps/atuin, apps/gatus, apps/paperless) of cluster infra<',
  )
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

it('obeys smaller sizes that the configuration of the base asks for', () => {
  const changes = [change({ diff: lines('+', 100, 'line') })]
  const text = reviewComment(review({ changes, budgets: { diffLines: 3 } }))
  expect(text).toContain('+ line 2\n  … 97 more lines\n```')
  expect(text).not.toContain('+ line 3')
  expect(reviewComment(review({ changes, budgets: { diffLines: 0 } }))).not.toContain('```')
  // the summary has room
  expect(reviewSummary(review({ changes, budgets: { diffLines: 0 } }))).toContain('+ line 99')
  const big = Array.from({ length: 99 }, (_, n) =>
    change({ resource: many(n), diff: lines('+', 60, `${n}`) }),
  )
  expect(reviewComment(review({ changes: big, budgets: { comment: 6000 } })).length).toBeLessThanOrEqual(6000)
})
