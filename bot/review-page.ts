import { linksOf } from '../src/report/links.ts'
import { PAGE_POLICY, reviewPage } from '../src/report/page.ts'
import type { Links } from './links.ts'
import type { Page } from './server.ts'
import type { Store } from './store.ts'

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': PAGE_POLICY,
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex',
  'cache-control': 'private, no-store',
}

/** The page of a signed link: the whole review. */
export async function pageOf(
  url: URL,
  tools: { links: Links; store: Pick<Store, 'find'>; serverUrl: string; now: () => Date },
): Promise<Page | undefined> {
  const checked = tools.links.check(url, tools.now())
  if (checked === undefined) return undefined
  const stored = checked === 'expired' ? undefined : await tools.store.find(checked.id)
  if (stored === undefined)
    return {
      status: 410,
      headers: HEADERS,
      body: '<!doctype html><title>Gone</title><p>This link has expired. Comment <code>/cnpg review</code> on the pull request for a new one.</p>',
    }
  const { repository, number, head, review } = stored
  const repositoryUrl = `${tools.serverUrl}/${repository}`
  const { linkTo } = linksOf({ repositoryUrl, headSha: head, number })
  const body = reviewPage(review, {
    title: `${repository}#${number}`,
    url: `${repositoryUrl}/pull/${number}`,
    ...(linkTo === undefined ? {} : { linkTo }),
  })
  return { status: 200, headers: HEADERS, body }
}
