import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

// Floor by folder (CONTRIBUTING.md has the map). A file may import its own folder and lower floors.
const FLOOR: Record<string, number> = {
  manifest: 0,
  config: 0,
  render: 1,
  schema: 1,
  cel: 1,
  policy: 1,
  cnpg: 1,
  flux: 1,
  diff: 1,
  versions: 1,
  updates: 1,
  status: 1,
  report: 2,
  story: 3,
  adapters: 4,
  cli: 5,
  action: 5,
  bot: 5,
}
// cel reads rules out of schemas; config is made of manifest's nouns.
const ALLOWED_BESIDE = new Set(['config>manifest', 'cel>schema'])
// What reaches the outside world; pure folders may use these Node modules only, they do no I/O.
const PURE_NODE = new Set(['node:path', 'node:url', 'node:util', 'node:crypto', 'node:zlib'])
// The libraries each pure folder may use. Adapters and entry points have lists of their own below.
const LIBRARIES: Record<string, string[]> = {
  manifest: ['yaml', 'sarif', '@bufbuild/re2'],
  config: ['yaml', 'ajv'],
  render: ['yaml', 'semver'],
  schema: ['ajv', '@bufbuild/re2'],
  cel: ['@bufbuild/cel', '@bufbuild/re2'],
  policy: [],
  cnpg: ['semver'],
  flux: ['semver'],
  diff: ['diff', 'yaml'],
  versions: ['semver', 'yaml'],
  updates: [],
  status: [],
  report: ['diff', 'sarif', 'yaml'],
  story: [],
  adapters: [
    '@octokit/',
    'octokit',
    '@kubernetes/',
    '@sigstore/',
    'yaml',
    'semver',
    'tar',
    '@actions/tool-cache',
    'fflate',
    'yauzl',
  ],
  cli: [],
  action: ['@actions/'],
  bot: [
    'probot',
    'octokit',
    'pg-boss',
    '@electric-sql/pglite',
    'pino',
    'prom-client',
    'mdast-util-from-markdown',
    'mdast',
  ],
}
const AMBIENT =
  /process\.(env|cwd|argv|exit|std)|Date\.now\(|new Date\(\)|Math\.random\(|randomUUID\(|performance\.now\(|(?<![.\w])fetch\(/
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g
const DYNAMIC_EXPRESSION = /\b(?:import|require)\(\s*[^'"\s)]/

function place(file: string): string {
  const [top, folder = ''] = file.split('/')
  const name = top === 'bot' ? 'bot' : folder.endsWith('.ts') ? 'story' : folder
  if (!(name in FLOOR)) throw new Error(`${file}: folder has no floor`)
  return name
}

/** What a tree of sources does against the floors. Comments are left out before looking. */
export function violations(files: Record<string, string>): string[] {
  const found: string[] = []
  for (const [file, source] of Object.entries(files)) {
    const here = place(file)
    const floor = FLOOR[here] ?? 0
    const pure = floor < 4
    const text = source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')
    if (pure && AMBIENT.test(text))
      found.push(`${file} reads the environment, the clock, the network or chance`)
    if (DYNAMIC_EXPRESSION.test(text)) found.push(`${file} imports something that is not written down`)
    for (const [, type, fixed, dynamic] of text.matchAll(IMPORT)) {
      const specifier = fixed ?? dynamic ?? ''
      if (specifier.startsWith('.')) {
        const target = path.posix.join(path.posix.dirname(file), specifier)
        if (target === 'package.json' || target.endsWith('.json')) continue
        const there = place(target)
        if (here === there || ALLOWED_BESIDE.has(`${here}>${there}`)) continue
        if ((FLOOR[there] ?? 0) >= floor) found.push(`${file} imports ${target}`)
        // Adapters implement ports: they may see a story's types, never call it.
        if (here === 'adapters' && there === 'story' && type === undefined)
          found.push(`${file} calls ${target}`)
      } else if (specifier.startsWith('node:')) {
        if (pure && !PURE_NODE.has(specifier)) found.push(`${file} imports ${specifier}`)
      } else if (type === undefined || pure) {
        const allowed = LIBRARIES[here] ?? []
        if (
          !allowed.some(
            name =>
              specifier === name ||
              (name.endsWith('/') ? specifier.startsWith(name) : specifier.startsWith(`${name}/`)),
          )
        )
          found.push(`${file} imports ${specifier}`)
      }
    }
  }
  return found
}

it('imports point down', () => {
  const sources = globSync('{src,bot}/**/*.ts').map(file => file.split(path.sep).join('/'))
  expect(sources.length).toBeGreaterThan(5)
  expect(violations(Object.fromEntries(sources.map(file => [file, readFileSync(file, 'utf8')])))).toEqual([])
})

it.each([
  ['src/policy/a.ts', "import { x } from '../adapters/tools.ts'"],
  ['src/policy/a.ts', "import fs from 'node:fs'"],
  ['src/diff/a.ts', "import { x } from '../policy/rules.ts'"],
  ['src/schema/a.ts', "import { x } from '../cel/evaluate.ts'"],
  ['src/report/a.ts', 'export const t = Date.now()'],
  ['src/report/a.ts', "const x = await import('../adapters/git.ts')"],
  ['src/render/a.ts', 'const x = await import(name)'],
  ['src/render/a.ts', "import Ajv from 'ajv'"],
  ['src/adapters/a.ts', "import { review } from '../review.ts'"],
  ['src/adapters/a.ts', "import core from '@actions/core'"],
  ['src/action/a.ts', "import { x } from '../../bot/queue.ts'"],
  ['src/action/a.ts', "import { x } from '../cli/main.ts'"],
  ['src/manifest/a.ts', "import {\n  x,\n} from '../diff/diff.ts'"],
  ['src/review.ts', "export { x } from './adapters/git.ts'"],
])('refuses %s: %s', (file, text) => {
  expect(violations({ [file]: `${text}\n` })).toHaveLength(1)
})

it.each([
  ['src/cel/a.ts', "import { x } from '../schema/crd.ts'"],
  ['src/adapters/a.ts', "import type { ReviewTools } from '../review.ts'"],
  ['src/schema/a.ts', "import { Ajv } from 'ajv'"],
  ['bot/a.ts', "import { review } from '../src/review.ts'"],
  ['src/report/a.ts', '// no Date.now() here'],
])('accepts %s: %s', (file, text) => {
  expect(violations({ [file]: `${text}\n` })).toEqual([])
})
