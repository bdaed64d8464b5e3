import { globSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { openParameterCatalogs } from '../src/adapters/parameter-catalogs.ts'
import { openCatalog } from '../src/adapters/schema-catalog.ts'
import { fluxExpression } from '../src/cel/flux-expression.ts'
import { breaksLater } from '../src/cnpg/breaks/breaks-later.ts'
import { admissionTools } from '../src/admission-tools.ts'
import { judgeAdmission } from '../src/judge-admission.ts'
import { defaultConfig } from '../src/config/config.ts'
import { readConfig } from '../src/config/load-config.ts'
import { appliedTwice } from '../src/flux/applied-twice.ts'
import { fluxFindings } from '../src/flux/flux-findings.ts'
import type { RenderedObject, RenderedTree } from '../src/manifest/rendered.ts'
import { identify, isManifest } from '../src/manifest/resource.ts'
import { readSource } from '../src/manifest/source-file.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { cnpgBreaksRules } from '../src/policy/rules/cnpg-breaks-rules.ts'
import { upgradeRules } from '../src/policy/rules/upgrade-rules.ts'
import { renderTree } from '../src/render-tree.ts'
import { fluxRoots } from '../src/render/flux-roots.ts'
import { RenderCache } from '../src/render/render-cache.ts'
import { artifactOf } from '../src/render/source-ignore.ts'
import { fluxSourceObjects } from '../src/render/source-objects.ts'
import type { KustomizeBuild } from '../src/render/tools.ts'
import { reasonOf, reasons, ruleIds, ruleOf, rules, type Rule } from '../src/rules.ts'
import { apiEnd } from '../src/schema/api-lifecycle.ts'
import { fromCatalog } from '../src/schema/catalog.ts'
import { createValidator } from '../src/schema/validator.ts'
import { offlineReview } from './offline-review.ts'
import { realKustomize } from './tools.ts'

let kustomize: KustomizeBuild
beforeAll(async () => {
  kustomize = await realKustomize()
})

// Text cannot show a link or bytes that are no UTF-8, render-helm would need a chart (test/render/helm-render.test.ts), and
// config-effect compares two trees (test/config/config-changes.test.ts).
const SHOWN_IN_WORDS = ['parse-encoding', 'render-link', 'render-helm', 'config-effect']
// A chart that is known not to exist is a finding, render-chart: its reason is never printed.
const NEVER_PRINTED = ['chart-absent', 'chart-broken']

/** What the sources write between quotes, the tables themselves left out. */
function written(pattern: RegExp): string[] {
  const sources = globSync('src/**/*.ts')
    .filter(file => !/^src.policy.(?:rules.|reasons\.ts)/.test(file))
    .map(file => readFileSync(file, 'utf8').replaceAll(/^\s*(?:\*|\/\/|\/\*).*$/gm, ''))
  expect(sources.length).toBeGreaterThan(50)
  return [...new Set(sources.flatMap(source => [...source.matchAll(pattern)].map(([, id = '']) => id)))]
}

describe('the tables', () => {
  it('hold every rule that the sources name', () => {
    const named = written(/['"`]((?:parse|render|schema|house|config)-[a-z-]+[a-z])['"`]/g)
    const flux = written(
      /['"`](flux-(?:applied|depends|health|force|annotation|finalizer)-[a-z-]+[a-z])['"`]/g,
    )
    expect(named.length).toBeGreaterThan(40)
    expect([...named, ...flux].filter(id => ruleOf(id) === undefined && reasonOf(id) === undefined)).toEqual(
      [],
    )
  })

  it('hold every reason that the sources name', () => {
    const named = written(/\breason(?::| =) '([a-z-]+-[a-z-]+)'/g)
    expect(named.length).toBeGreaterThan(12)
    expect(named.filter(id => reasonOf(id) === undefined && !NEVER_PRINTED.includes(id))).toEqual([])
  })

  it('hold nothing that the sources do not name', () => {
    const named = new Set(written(/['"`]([a-z]+(?:-[a-z]+)+)['"`]/g))
    expect([...ruleIds, ...reasons.map(({ id }) => id)].filter(id => !named.has(id))).toEqual([])
  })

  it('name nothing twice', () => {
    const ids = [...ruleIds, ...reasons.map(({ id }) => id)]
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })

  it.each([...rules, ...reasons].map(entry => [entry.id, entry] as const))(
    '%s is told in sentences',
    (_id, entry) => {
      for (const text of [entry.title, entry.why, entry.repair]) {
        expect(text).toMatch(/^\S[^\n]*[.…]$/)
        expect(text.length).toBeLessThan(260)
      }
    },
  )
})

const ours = rules.filter(({ id }) => !id.startsWith('house-') && !SHOWN_IN_WORDS.includes(id))

describe.each(ours.map(rule => [rule.id, rule] as const))('the examples of %s', (id, rule) => {
  it('fail', async () => {
    const found = (await judge(rule, rule.failing)).filter(({ ruleId }) => ruleId === id)
    expect(found).not.toEqual([])
    for (const { level } of found) expect(level).toBe(rule.level)
  })

  it('are mended', async () => expect(await judge(rule, rule.mended)).toEqual([]))
})

interface Judged {
  ruleId: string
  level: string
}

/** What the part of the product that a rule belongs to says about an example. */
async function judge({ id }: Rule, example: string): Promise<Judged[]> {
  if (id === 'config-ignore-reason' || id.startsWith('parse-'))
    return readSource('example.yaml', new TextEncoder().encode(example)).findings
  if (id.startsWith('config-')) {
    const files = filesOf(example)
    const tree = memoryTree(
      Object.keys(files).length === 0 ? { '.github/cnpg-steward.yaml': example } : files,
    )
    return (await readConfig(tree, ruleIds)).findings
  }
  if (/^schema-version-(?:removed|deprecated)$/.test(id)) return objectsOf(example).flatMap(apiEndFindings)
  if (id.startsWith('schema-')) return objectsOf(example).flatMap(schemaFindings)
  if (id.startsWith('admission-')) return admissionFindings(example)
  if (cnpgBreaksRules.some(rule => rule.id === id)) return breaksFindings(example)
  if (upgradeRules.some(rule => rule.id === id)) return await upgradeFindings(id, filesOf(example))
  if (id.startsWith('flux-')) return fluxExampleFindings(example)
  if (id === 'render-flux-instance') return await fluxInstanceFindings(filesOf(example))
  return await renderFindings(filesOf(example))
}

/** '# path.yaml' begins a file. */
function filesOf(example: string): Record<string, string> {
  const [, ...parts] = example.split(/^(?:---\n)?# (\S+\.ya?ml)$/m)
  const files: [string, string][] = []
  for (let at = 0; at < parts.length; at += 2)
    files.push([parts[at] ?? '', `${parts[at + 1]?.trim() ?? ''}\n`])
  return Object.fromEntries(files)
}

function objectsOf(example: string): RenderedObject[] {
  const { documents, findings } = readSource('example.yaml', new TextEncoder().encode(example))
  expect(findings).toEqual([])
  return documents.map(({ value }) => {
    if (!isManifest(value)) throw new Error(`no object: ${JSON.stringify(value)}`)
    return { manifest: value, resource: identify(value) }
  })
}

const validator = createValidator([
  fromCatalog(openCatalog(), { cnpg: '1.28.0', flux: '2.9', kubernetes: '1.35', cilium: '1.18.4' }),
])

/** Under Flux 2.8. */
function apiEndFindings({ resource }: RenderedObject): Judged[] {
  const end = apiEnd(resource.apiVersion, resource.kind, { kubernetes: '1.35', flux: '2.8' })
  if (end === undefined) return []
  return [
    end.gone
      ? { ruleId: 'schema-version-removed', level: 'error' }
      : { ruleId: 'schema-version-deprecated', level: 'note' },
  ]
}

function schemaFindings({ manifest }: RenderedObject): Judged[] {
  const verdict = validator.validate(manifest)
  if (!verdict.known) throw new Error(`no schema for ${JSON.stringify(manifest)}`)
  expect(verdict.uncertain).toEqual([])
  return verdict.findings.map(({ ruleId }) => ({ ruleId, level: 'error' }))
}

/** What stands beside one Kustomization is applied by it; where there are none or more, each object by one of its own. */
function fluxUnits(example: string): RenderedTree {
  const objects = objectsOf(example)
  const flux = objects.filter(({ resource }) => resource.kind === 'Kustomization')
  const [only] = flux.length === 1 ? flux : []
  return {
    kustomizations:
      only === undefined
        ? objects.map((object, index) => unitOf(`kustomization-${index}`, [object]))
        : [
            unitOf('root', [only]),
            unitOf(
              only.resource.name,
              objects.filter(object => object !== only),
            ),
          ],
    helmReleases: [],
    findings: [],
    incomplete: [],
  }
}

function unitOf(name: string, objects: RenderedObject[]): RenderedTree['kustomizations'][number] {
  return {
    cluster: 'main',
    namespace: 'flux-system',
    name,
    path: '.',
    status: 'rendered',
    objects,
    inputs: '',
  }
}

function fluxExampleFindings(example: string): Judged[] {
  const { 'base.yaml': base, 'head.yaml': head } = filesOf(example)
  const units = fluxUnits(head ?? example)
  return [
    ...fluxFindings({
      cluster: 'main',
      head: units,
      ...(base === undefined ? {} : { base: fluxUnits(base) }),
      external: [],
      compile: fluxExpression,
    }),
    ...appliedTwice(units.kustomizations),
  ]
}

function admissionFindings(example: string): Judged[] {
  const { 'base.yaml': base, 'head.yaml': head } = filesOf(example)
  const [before] = base === undefined ? [] : objectsOf(base)
  const tools = admissionTools(validator, '1.30.0')
  return objectsOf(head ?? example).flatMap(
    ({ manifest }) => judgeAdmission(manifest, before?.manifest, tools).findings,
  )
}

/** 'base.yaml' is what runs, 'head.yaml' the change; without them every object is new. */
function breaksFindings(example: string): Judged[] {
  const { 'base.yaml': base, 'head.yaml': head } = filesOf(example)
  return breaksLater({
    head: treeOf(head ?? example),
    ...(base === undefined ? {} : { base: treeOf(base) }),
    catalogs: openParameterCatalogs(),
    external: [],
    operator: '1.28.0',
  })
}

/** Two trees, below base/ and head/, or one that stays as it is; what an update brings along is no mistake of the example. */
async function upgradeFindings(id: string, files: Record<string, string>): Promise<Judged[]> {
  const tree = (side: string) => {
    const own = Object.entries(files).flatMap(([file, text]): [string, string][] =>
      file.startsWith(`${side}/`) ? [[file.slice(side.length + 1), text]] : [],
    )
    const all = own.length === 0 ? Object.entries(files) : own
    const resources = all.map(([file]) => file).filter(file => !file.startsWith('.github/'))
    return Object.fromEntries([...all, ['kustomization.yaml', JSON.stringify({ resources })]])
  }
  const { config } = await readConfig(memoryTree(files), ruleIds)
  const { findings } = await offlineReview(tree('base'), tree('head'), config, undefined, true)
  return findings.filter(({ ruleId }) => ruleId === id)
}

/** The roots alone: a tree whose only root fails has nothing else to render. */
async function fluxInstanceFindings(files: Record<string, string>): Promise<Judged[]> {
  const tree = memoryTree(files)
  const artifact = await artifactOf(tree)
  const sources = await fluxSourceObjects(tree, await tree.files(), new RenderCache())
  return (await fluxRoots(sources, { tree, artifact, kustomize, cache: new RenderCache() })).findings
}

/** Renders an example as a repository: the root is applied as a cluster where it is a kustomization. */
async function renderFindings(files: Record<string, string>): Promise<Judged[]> {
  const tree = memoryTree(files)
  const { config, findings } = await readConfig(tree, ruleIds)
  const rendered = await renderTree(
    {
      tree,
      config: { ...defaultConfig, ...config },
      entries: 'kustomization.yaml' in files ? [{ name: 'main', path: '' }] : [],
    },
    {
      kustomize,
      helm: { version: 'none', template: async () => await Promise.reject(new Error('there is no chart')) },
      charts: {
        pull: async () => ({ ok: false, unavailable: true, reason: 'chart-offline', message: 'offline' }),
        unpack: async () => await Promise.reject(new Error('nothing was pulled')),
      },
      cache: new RenderCache(),
      isNamespaced: () => undefined,
      progress: () => undefined,
    },
  )
  expect(rendered.incomplete.filter(({ reason }) => reason !== 'chart-offline')).toEqual([])
  return [...findings, ...rendered.findings]
}

function treeOf(yaml: string): RenderedTree {
  return {
    kustomizations: [
      {
        cluster: 'main',
        namespace: 'flux-system',
        name: 'databases',
        path: '.',
        status: 'rendered',
        objects: objectsOf(yaml),
        inputs: '',
      },
    ],
    helmReleases: [],
    findings: [],
    incomplete: [],
  }
}
