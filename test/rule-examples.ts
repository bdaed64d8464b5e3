import { openToolbox, type Toolbox } from '../src/adapters/toolbox.ts'
import type { Config } from '../src/config/config.ts'
import { CONFIG_FILE, readConfig } from '../src/config/load-config.ts'
import { proposedDecisions } from '../src/decisions.ts'
import { judgeTree } from '../src/judge-tree.ts'
import type { Finding, Unjudged } from '../src/manifest/finding.ts'
import { memoryTree, type Tree, type UnreadKind } from '../src/manifest/tree.ts'
import { reviewPullRequest } from '../src/review-pull-request.ts'
import { ruleIds, type Rule } from '../src/rules.ts'

/** An example of a rule as the product gets it (the form is told at `Rule`). */
export interface Example {
  /** undefined: there is nothing to compare with, the tree is judged as a whole */
  base: Tree | undefined
  head: Tree
  /** 'path:line' of what is marked */
  marked: string[]
}

const HEADER = /^(?:---\n)?# (\S+\.ya?ml|\S+ -> \S+)$/m
const MARK = / *# ←$/

/** Reads an example: its files, before and after where it tells of a change, and which lines are marked. */
export function readExample(example: string): Example {
  const [alone = '', ...parts] = example.split(HEADER)
  const base: Side = { files: {}, links: new Map() }
  const head: Side = { files: {}, links: new Map() }
  const marked: string[] = []
  const put = (header: string, text: string) => {
    const [, side, rest = ''] = /^(?:(base|head)(?:\/|(?=\.yaml$)))?(.*)$/.exec(header) ?? []
    const path = rest === '.yaml' ? 'example.yaml' : rest
    const [link, target] = path.split(' -> ')
    const sides = side === 'base' ? [base] : side === 'head' ? [head] : [base, head]
    for (const one of sides) {
      if (target !== undefined && link !== undefined) one.links.set(link, 'symbolic link')
      else one.files[path] = bytesOf(`${linesOf(text).join('\n')}\n`)
    }
    if (side === 'base') return
    for (const [index, line] of text.trim().split('\n').entries())
      if (MARK.test(line)) marked.push(`${path}:${index + 1}`)
  }
  if (alone.trim() !== '') put('example.yaml', alone)
  for (let at = 0; at < parts.length; at += 2) put(parts[at] ?? '', parts[at + 1] ?? '')
  const isChange = /^(?:---\n)?# (?:base|head)(?:\/|\.yaml$)/m.test(example)
  return {
    base: isChange ? treeOf(base, 'base') : undefined,
    head: treeOf(head, 'head'),
    marked,
  }
}

interface Side {
  files: Record<string, Uint8Array>
  links: Map<string, UnreadKind>
}

function linesOf(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map(line => line.replace(MARK, ''))
}

/** `\xNN` stands for a byte that is no text. */
function bytesOf(text: string): Uint8Array {
  const parts = text.split(/\\x([0-9a-f]{2})/)
  return Buffer.concat(
    parts.map((part, index) => (index % 2 === 0 ? Buffer.from(part) : Buffer.from(part, 'hex'))),
  )
}

/** Files that nothing applies are applied by a kustomization at the root; a configuration has the directories that it may name. */
function treeOf({ files, links }: Side, name: string): Tree {
  const paths = Object.keys(files).filter(file => !file.startsWith('.github/'))
  const text = Object.values(files).map(bytes => new TextDecoder().decode(bytes))
  const isApplied =
    paths.some(file => /(?:^|\/)kustomization\.ya?ml$/.test(file)) ||
    text.some(one => /^kind: (?:Kustomization|FluxInstance)$/m.test(one))
  const added: [string, string][] = isApplied
    ? []
    : [
        ['kustomization.yaml', JSON.stringify({ resources: paths })],
        ...(paths.length > 0
          ? []
          : ['clusters/main', 'clusters/apps', 'clusters/infra'].map((path): [string, string] => [
              `${path}/kustomization.yaml`,
              'resources: []\n',
            ])),
      ]
  return { ...memoryTree({ ...Object.fromEntries(added), ...files }, name), unread: async () => links }
}

/** The real tools, and charts only from the tree. @param cache a directory for what is kept */
export async function exampleTools(cache: string): Promise<Toolbox['tools']> {
  const { tools } = await openToolbox({
    env: { PATH: process.env.PATH, XDG_CACHE_HOME: cache },
    cwd: import.meta.dirname,
    platform: process.platform,
    offline: true,
    chartHosts: [],
    progress: () => undefined,
  })
  return tools
}

export interface Judgement {
  findings: readonly Finding[]
  incomplete: readonly Unjudged[]
  /** of the rules whose level is decided */
  levels: Readonly<Record<string, string>>
}

/** What `validate`, or for a change `review`, says about an example; a rule that is off is switched on as a warning. */
export async function judgeExample(
  rule: Rule,
  { base, head }: Example,
  given: Toolbox['tools'],
): Promise<Judgement> {
  // a day on which the newest releases of the examples are supported
  const tools = { ...given, clock: () => 0, today: '2026-08-01' }
  const { config, findings } = await readConfig(base ?? head, ruleIds)
  // the product stops there: exit code 2
  if (findings.length > 0) return { findings, incomplete: [], levels: {} }
  const decided: Config = {
    cnpgVersion: '1.30.0',
    kubernetesVersion: '1.35.0',
    ...config,
    rules: {
      ...(rule.level === 'off' ? { [rule.id]: { level: 'warning', reason: 'to be shown' } } : {}),
      ...config.rules,
    },
  }
  const isRoot = (await head.files()).has('kustomization.yaml') && config.clusters.length === 0
  const entries = isRoot ? [{ name: 'main', path: '' }] : []
  const review =
    base === undefined
      ? await judgeTree({ tree: head, revision: { ref: 'main' }, config: decided, entries }, tools)
      : await reviewPullRequest(
          {
            base,
            head,
            baseRevision: { ref: 'main' },
            headRevision: { ref: 'change' },
            config: decided,
            configFindings: await proposedDecisions(head, CONFIG_FILE, config),
            all: false,
            entries,
          },
          tools,
        )
  return {
    ...review,
    levels: Object.fromEntries(Object.entries(decided.rules).map(([id, { level }]) => [id, level])),
  }
}
