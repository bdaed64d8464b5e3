// Makes docs/rules from the rules themselves: a page for each, and one with the tables.
//
//   node .github/docs/rules.ts           write the pages
//   node .github/docs/rules.ts --check   fail where the pages are not what the rules say
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { rulePages } from '../../src/report/rule-page.ts'
import { reasons, rules } from '../../src/rules.ts'

const directory = path.join(import.meta.dirname, '../../docs/rules')
const pages = rulePages(rules, reasons)
const there = existsSync(directory) ? readdirSync(directory) : []
const stale = there.filter(file => !pages.has(file))
const changed = [...pages].filter(
  ([file, text]) => !there.includes(file) || readFileSync(path.join(directory, file), 'utf8') !== text,
)

if (process.argv.includes('--check')) {
  if (changed.length + stale.length > 0) {
    console.error(`not what the rules say: ${[...changed.map(([file]) => file), ...stale].join(', ')}`)
    console.error('Run `npm run generate`.')
    process.exitCode = 1
  }
} else {
  mkdirSync(directory, { recursive: true })
  for (const [file, text] of changed) writeFileSync(path.join(directory, file), text)
  for (const file of stale) rmSync(path.join(directory, file))
  console.log(`${pages.size} pages, ${changed.length} written, ${stale.length} removed`)
}
