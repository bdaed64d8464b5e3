import { describe, expect, it } from 'vitest'
import { NotReviewed } from '../../bot/command-line.ts'
import { reviewProcess } from '../../bot/review-process.ts'
import { reviewComment } from '../../src/report/markdown.ts'
import { cannedReview } from '../action/canned.ts'
import { temporaryDirectory, temporaryRepository } from '../temporary.ts'

const never = new AbortController().signal

/** A ConfigMap of so many lines, each of which differs with `value`. */
function map(lines: number, value: string): string {
  const data = Array.from({ length: lines }, (_, line) => `  line-${line}: "${value}"\n`).join('')
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: default }\ndata:\n${data}`
}

/** Reviews the last commit of a repository on the one before it, by the program there is or another. */
async function review(directory: string, program?: string) {
  using cache = temporaryDirectory()
  const reviewing = reviewProcess({
    env: process.env,
    cache: cache.path,
    seconds: 60,
    ...(program === undefined ? {} : { program }),
  })
  return await reviewing({ directory, base: 'HEAD~1', head: 'HEAD' }, never)
}

describe('the process that reviews', () => {
  it('hands on which sizes of the comment the base wants, and what is printed keeps them', async () => {
    using repository = temporaryRepository({
      '.github/cnpg-steward.yaml': 'budgets: { comment: 5000, diffLines: 3 }\n',
      'apps/kustomization.yaml': 'resources: [web.yaml]\n',
      'apps/web.yaml': map(20, 'before'),
    })
    repository.commit()
    repository.write({
      // a pull request that would rather have all is not obeyed
      '.github/cnpg-steward.yaml': 'budgets: { comment: 60000 }\n',
      'apps/web.yaml': map(20, 'after'),
    })
    repository.commit()
    const made = await review(repository.path)
    expect(made.budgets).toEqual({ comment: 5000, diffLines: 3 })
    expect(made.changes[0]?.diff.match(/after/g)).toHaveLength(20)
    expect(reviewComment(made).match(/after/g)?.length ?? 0).toBeLessThan(4)
  })

  it.each([
    ['more findings than a report may have', 10_001, 1, /larger than a report.*findings/],
    ['no review', 0, 2, /version/],
  ])('that prints %s ends the review, which is not tried again', async (_name, findings, version, words) => {
    const finding = { ruleId: 'x', level: 'note' as const, message: '' }
    const made = cannedReview({ findings: Array.from({ length: findings }, () => finding) })
    const printed = JSON.stringify(JSON.stringify({ ...made, version }))
    using directory = temporaryDirectory({ 'print.mjs': `process.stdout.write(${printed})` })
    const reviewed = review(directory.path, `${directory.path}/print.mjs`)
    await expect(reviewed).rejects.toThrow(NotReviewed)
    await expect(reviewed).rejects.toThrow(words)
  })
})
