import { expect, it } from 'vitest'
import { findingsMarkdown } from '../../src/report/validation.ts'
import { finding, HOSTILE, hostileReview } from './reviews.ts'

const scope = {
  tree: 'work tree',
  stats: { objects: 3, kustomizations: 2, helmReleases: 1, versions: ['Flux 2.9 rules'] },
}

it('prints what validation found', () => {
  const entry = { reason: 'x', message: 'a chart is missing', affected: ['HelmRelease a/b'] }
  expect(findingsMarkdown([finding()], [entry], { scope })).toBe(`## 🛑 1 error, 0 warnings, 1 not judged

| | object | what is wrong | where |
|---|---|---|---|
| 🛑 | Cluster \`databases/postgres\` | storage cannot shrink from 20Gi to 10Gi | cluster.yaml:21 |

<details><summary>Not judged (1)</summary>

- A chart is missing: HelmRelease \`a/b\`

</details>

<sub>work tree · 3 objects of 2 Kustomizations and 1 HelmRelease · Flux 2.9 rules</sub>`)
})

it.each([
  ['nothing', [], [], '✅'],
  ['a warning', [finding({ level: 'warning' as const })], [], '🔶'],
  ['not judged', [], [{ reason: 'x', message: 'm', affected: [] }], '❔'],
])('heads %s', (_name, findings, incomplete, icon) => {
  expect(findingsMarkdown(findings, incomplete)).toMatch(new RegExp(`^## ${icon} `, 'u'))
})

it.each(HOSTILE)('keeps its table and section with %j', text => {
  const { findings, incomplete } = hostileReview(text)
  const printed = findingsMarkdown(findings, incomplete, { scope: { ...scope, tree: text } })
  expect(printed.match(/<details>/g)).toHaveLength(1)
  expect(printed.match(/<\/details>/g)).toHaveLength(1)
  expect(printed.match(/^\|.*$/gm)?.map(row => row.split('|').length)).toEqual([6, 6, 6])
  expect(printed).not.toMatch(/<!--|(?!\n)[\p{Cc}\p{Cf}]/u)
})

it('fits wherever the limit falls', () => {
  const findings = Array.from({ length: 400 }, (_, n) =>
    finding({ ruleId: `cnpg-rule-${n}`, line: n + 1, message: `m ${n} ${'x'.repeat(n % 90)}` }),
  )
  const incomplete = Array.from({ length: 60 }, (_, n) => ({
    reason: 'x',
    message: `${n} ${'y'.repeat(n * 3)}`,
    affected: [],
  }))
  for (const count of [0, 3, 40, 400])
    for (let budget = 2000; budget < 70_000; budget += 1234) {
      const text = findingsMarkdown(findings.slice(0, count), incomplete, { scope, budget })
      expect(text.length, `${count} findings`).toBeLessThanOrEqual(budget)
    }
})
