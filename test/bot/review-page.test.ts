import { createServer } from 'node:http'
import { chromium } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { Links } from '../../bot/links.ts'
import { pageOf } from '../../bot/review-page.ts'
import { closeServer, listen } from '../../bot/server.ts'
import type { StoredReview } from '../../bot/store.ts'
import { whichProgram } from '../../src/adapters/tools.ts'
import { cannedReview } from '../action/canned.ts'

const browser = ['chromium', 'chromium-browser']
  .map(name => whichProgram(name, process.env.PATH))
  .find(Boolean)
const madeAt = new Date('2026-01-01T10:00:00Z')
const links = new Links('https://bot.example.org', 'a secret of sixteen', 14)
const hostile = '"><script>document.title="owned"</script><img src=x onerror="document.title=1">'
const change = (name: string, diff: string) => ({
  change: 'changed' as const,
  cluster: 'main',
  kustomization: `databases/${name}`,
  resource: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'databases', name },
  diff,
  fields: [],
})
const stored: StoredReview = {
  id: 'a'.repeat(32),
  repository: 'acme/fleet',
  number: 7,
  head: 'b'.repeat(40),
  base: 'c'.repeat(40),
  madeAt,
  review: cannedReview({
    findings: [{ ruleId: 'x', level: 'error', message: hostile, file: `${hostile}.yaml`, line: 1 }],
    changes: [
      change('first', '@@ data.size @@\n- 10Gi\n+ 20Gi'),
      change('second', `@@ data.x @@\n+ ${hostile}`),
    ],
  }),
}

function ask(url: string, now = madeAt) {
  return pageOf(new URL(url), {
    links,
    store: { find: async id => (id === stored.id ? stored : undefined) },
    serverUrl: 'https://github.example',
    now: () => now,
  })
}

describe('a link', () => {
  const link = links.of(stored)
  it('is the same all day, leads to the page, and expires', async () => {
    expect(links.of({ ...stored, madeAt: new Date('2026-01-01T23:00:00Z') })).toBe(link)
    expect((await ask(link))?.status).toBe(200)
    expect((await ask(link, new Date('2026-01-16T00:00:00Z')))?.status).toBe(410)
  })

  it.each([
    ['of another review', link.replace('a'.repeat(32), 'd'.repeat(32))],
    ['of another day', link.replace(/expires=\d+/, 'expires=99999999999999')],
    ['without a signature', link.replace(/&signature.*/, '')],
    ['of another bot', new Links('https://bot.example.org', 'another secret', 14).of(stored)],
    ['that leaves its folder', link.replace('/reviews/', '/reviews/../../etc/')],
  ])('%s leads nowhere', async (_name, url) => {
    expect(await ask(url)).toBeUndefined()
  })

  it('to a review that is no longer kept says what to do', async () => {
    const gone = await ask(links.of({ id: 'e'.repeat(32), madeAt }))
    expect([gone?.status, String(gone?.body)]).toEqual([410, expect.stringContaining('/cnpg review')])
  })
})

describe.skipIf(browser === undefined)('the page in a browser', () => {
  it.each([true, false])(
    'shows everything, runs nothing of the pull request, with scripts: %s',
    async scripts => {
      const page = await ask(links.of(stored))
      const server = createServer((_request, response) => {
        response.writeHead(200, page?.headers)
        response.end(page?.body)
      })
      const port = await listen(server, '127.0.0.1', 0)
      const chrome = await chromium.launch({ executablePath: browser ?? '', args: ['--no-sandbox'] })
      try {
        const tab = await chrome.newPage({ javaScriptEnabled: scripts })
        await tab.goto(`http://127.0.0.1:${port}/`)
        expect(await tab.title()).toBe('acme/fleet#7')
        const row = tab.locator('details').first().locator('tr').nth(1).locator('td')
        expect(await row.allTextContents()).toEqual(['10Gi', '20Gi'])
        expect(await row.first().isVisible()).toBe(true)
        expect(await tab.locator('img').count()).toBe(0)
        expect(await tab.locator('.findings tbody td').nth(2).textContent()).toBe(hostile)
        const search = tab.locator('#search')
        expect(await search.isVisible()).toBe(scripts)
        if (scripts) await search.fill('databases/first')
        expect(await tab.locator('#count').textContent()).toBe(scripts ? '1 of 3' : '')
        expect(await tab.locator('details').nth(1).isVisible()).toBe(!scripts)
      } finally {
        await chrome.close()
        await closeServer(server)
      }
    },
  )
})
