import { globSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { openParameterCatalogs } from '../src/adapters/parameter-catalogs.ts'
import { openCatalog } from '../src/adapters/schema-catalog.ts'
import { breaksLater } from '../src/cnpg/breaks/breaks-later.ts'
import { admissionTools } from '../src/admission-tools.ts'
import { judgeAdmission } from '../src/judge-admission.ts'
import { defaultConfig } from '../src/config/config.ts'
import { readConfig } from '../src/config/load-config.ts'
import { appliedTwice } from '../src/flux/applied-twice.ts'
import { dependsOnFindings } from '../src/flux/depends-on.ts'
import type { RenderedObject, RenderedTree } from '../src/manifest/rendered.ts'
import { identify, isManifest } from '../src/manifest/resource.ts'
import { readSource } from '../src/manifest/source-file.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { cnpgBreaksRules } from '../src/policy/rules/cnpg-breaks-rules.ts'
import { renderTree } from '../src/render-tree.ts'
import { fluxRoots } from '../src/render/flux-roots.ts'
import { RenderCache } from '../src/render/render-cache.ts'
import { artifactOf } from '../src/render/source-ignore.ts'
import { fluxSourceObjects } from '../src/render/source-objects.ts'
import type { KustomizeBuild } from '../src/render/tools.ts'
import { reasonOf, reasons, ruleIds, ruleOf, rules, type Rule } from '../src/rules.ts'
import { fromCatalog } from '../src/schema/catalog.ts'
import { createValidator } from '../src/schema/validator.ts'
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
    const flux = written(/['"`](flux-(?:applied|depends)-[a-z-]+[a-z])['"`]/g)
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
  if (id.startsWith('schema-')) return objectsOf(example).flatMap(schemaFindings)
  if (id.startsWith('admission-')) return admissionFindings(example)
  if (cnpgBreaksRules.some(rule => rule.id === id)) return breaksFindings(example)
  if (id.startsWith('flux-')) return fluxFindings(example)
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

function schemaFindings({ manifest }: RenderedObject): Judged[] {
  const verdict = validator.validate(manifest)
  if (!verdict.known) throw new Error(`no schema for ${JSON.stringify(manifest)}`)
  expect(verdict.uncertain).toEqual([])
  return verdict.findings.map(({ ruleId }) => ({ ruleId, level: 'error' }))
}

function fluxFindings(example: string): Judged[] {
  const objects = objectsOf(example)
  const kustomizations = objects.map((object, index) => ({
    cluster: 'main',
    namespace: 'flux-system',
    name: `kustomization-${index}`,
    path: '.',
    status: 'rendered' as const,
    objects: [object],
    inputs: '',
  }))
  return [...dependsOnFindings(objects, []), ...appliedTwice(kustomizations)]
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
