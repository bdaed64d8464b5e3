import { createHash } from 'node:crypto'
import type { Change } from '../manifest/change.ts'
import { resourceLabel } from '../manifest/resource.ts'
import { visible } from './escape.ts'
import { headline, impactIcon, revisionName } from './headline.ts'
import type { LinkTo } from './problems.ts'
import type { Review } from './review.ts'

export interface PageOptions {
  /** 'acme/fleet#7' */
  title: string
  /** the pull request */
  url: string
  linkTo?: LinkTo
}

const STYLE = `body{font:14px/1.5 system-ui,sans-serif;margin:1rem auto;max-width:110rem;padding:0 1rem}
h1{font-size:1.3rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%;table-layout:fixed}td,th{text-align:left;vertical-align:top;padding:.2rem .5rem}
.diff td{font:12px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;width:50%;padding:0 .5rem}
.diff th{font:12px ui-monospace,monospace;color:#57606a;background:#f6f8fa}
.del{background:#ffebe9}.add{background:#dafbe1}
details{border:1px solid #d0d7de;border-radius:6px;margin:.5rem 0}summary{padding:.4rem .6rem;cursor:pointer;font-weight:600}
.findings td{border-top:1px solid #d0d7de}#search{width:100%;padding:.4rem;font:inherit}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}a{color:#4493f8}.del{background:#67060c}.add{background:#033a16}.diff th{background:#161b22;color:#9198a1}}`

// Without it the page is whole: everything stands open, and the browser's own search finds it.
const SCRIPT = `const box=document.getElementById('search'),count=document.getElementById('count');
const all=[...document.querySelectorAll('details,.findings tbody tr')];box.hidden=false;
box.addEventListener('input',()=>{const words=box.value.toLowerCase().split(/\\s+/).filter(Boolean);let shown=0;
for(const one of all){const text=one.textContent.toLowerCase();one.hidden=!words.every(word=>text.includes(word));if(!one.hidden)shown++}
count.textContent=words.length===0?'':shown+' of '+all.length})`

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The policy the page is served with: nothing but its own style and script, whatever a pull request brings into it. */
export const PAGE_POLICY = `default-src 'none'; style-src ${digest(STYLE)}; script-src ${digest(SCRIPT)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** A whole review as one HTML page: every finding, and every diff side by side. */
export function reviewPage(review: Review, { title, url, linkTo }: PageOptions): string {
  const findings = review.findings.map(({ level, ruleId, message, file, line }) =>
    row(level, ruleId, message, place(file, line, linkTo)),
  )
  const impacts = review.impacts.map(({ impact, resource, reason, file, line }) =>
    row(`${impactIcon(impact)} ${impact}`, resourceLabel(resource), reason, place(file, line, linkTo)),
  )
  const unjudged = review.incomplete.map(({ reason, message, repair = '', file, line }) =>
    row('not judged', reason, `${message} ${repair}`.trim(), place(file, line, linkTo)),
  )
  const rows = [...findings, ...impacts, ...unjudged]
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(headline(review))}</h1>
<p><a href="${escaped(url)}" rel="noreferrer">${escaped(title)}</a> · ${escaped(revisionName(review.base))} → ${escaped(revisionName(review.head))}</p>
<input id="search" type="search" placeholder="Search" aria-label="Search" hidden><p id="count" role="status"></p>
<h2>Findings (${rows.length})</h2>
${rows.length === 0 ? '<p>None.</p>' : `<table class="findings"><thead><tr><th>level</th><th>what</th><th>message</th><th>where</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`}
<h2>Changes (${review.changes.length})</h2>
${review.changes.map(section).join('\n')}
<script>${SCRIPT}</script></body></html>`
}

function row(...cells: string[]): string {
  const [first = '', second = '', third = '', where = ''] = cells
  return `<tr><td>${escaped(first)}</td><td>${escaped(second)}</td><td>${escaped(third)}</td><td>${where}</td></tr>`
}

function place(file: string | undefined, line: number | undefined, linkTo: LinkTo | undefined): string {
  if (file === undefined) return ''
  const name = escaped(line === undefined ? file : `${file}:${line}`)
  const target = linkTo?.(file, line)
  return target === undefined ? name : `<a href="${escaped(target)}" rel="noreferrer">${name}</a>`
}

function section({ change, resource, kustomization, cluster, helmRelease, diff }: Change): string {
  const by = [cluster, kustomization, helmRelease].filter(Boolean).join(' · ')
  return `<details open><summary>${escaped(`${change}: ${resourceLabel(resource)}`)} <small>${escaped(by)}</small></summary>
<table class="diff"><tbody>${sideBySide(diff).join('\n')}</tbody></table></details>`
}

/** Rows of two columns: what is removed beside what takes its place. */
function sideBySide(diff: string): string[] {
  const rows: string[] = []
  let removed: string[] = []
  let added: string[] = []
  const flush = (): void => {
    for (let n = 0; n < Math.max(removed.length, added.length); n++)
      rows.push(pair(removed[n], added[n], 'del', 'add'))
    removed = []
    added = []
  }
  for (const line of diff.split('\n')) {
    const words = line.slice(1).replace(/^ /, '')
    if (line.startsWith('-')) {
      // what follows additions is another place
      if (added.length > 0) flush()
      removed.push(words)
    } else if (line.startsWith('+')) added.push(words)
    else {
      flush()
      if (line.startsWith('@'))
        rows.push(`<tr><th colspan="2">${escaped(line.replaceAll(/^@@ | @@$/g, ''))}</th></tr>`)
      else if (line !== '') rows.push(pair(words, words, '', ''))
    }
  }
  flush()
  return rows
}

function pair(
  left: string | undefined,
  right: string | undefined,
  leftClass: string,
  rightClass: string,
): string {
  return `<tr>${cell(left, leftClass)}${cell(right, rightClass)}</tr>`
}

function cell(words: string | undefined, name: string): string {
  return words === undefined ? '<td></td>' : `<td class="${name}">${escaped(words)}</td>`
}

/** Text in HTML, within and outside of quotes. */
function escaped(words: string): string {
  return visible(words).replaceAll(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)
}
