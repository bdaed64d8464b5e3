import { describe, expect, it } from 'vitest'
import { keepBuilds, keepTemplates } from '../../src/render/kept-renders.ts'
import type { HelmRequest, HelmTemplate, KustomizeBuild, RenderStore } from '../../src/render/tools.ts'

function memoryStore(): RenderStore & { size: () => number } {
  const kept = new Map<string, string>()
  return {
    get: async key => kept.get(key),
    put: async (key, content) => void kept.set(key, content),
    size: () => kept.size,
  }
}

const files = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([path, text]) => [path, new TextEncoder().encode(text)]))

const counting = (version = 'kustomize 5.8.1', ok = true) => {
  const tool = {
    asked: 0,
    version,
    build: async () => {
      tool.asked++
      return ok
        ? { ok: true as const, yaml: `build ${tool.asked}` }
        : { ok: false as const, error: { ruleId: 'render-build', message: 'no' } }
    },
  }
  return tool satisfies KustomizeBuild
}

describe('builds', () => {
  const request = { directory: 'a', files: files({ 'a/kustomization.yaml': 'x', 'a/b.yaml': 'y' }) }

  it('are asked for once, also by the next run', async () => {
    const store = memoryStore()
    const tool = counting()
    expect(await keepBuilds(tool, store).build(request)).toEqual({ ok: true, yaml: 'build 1' })
    const again = { directory: 'a', files: files({ 'a/b.yaml': 'y', 'a/kustomization.yaml': 'x' }) }
    expect(await keepBuilds(tool, store).build(again)).toEqual({ ok: true, yaml: 'build 1' })
  })

  it.each([
    ['a file', { ...request, files: files({ 'a/kustomization.yaml': 'x', 'a/b.yaml': 'z' }) }],
    ['a name', { ...request, files: files({ 'a/kustomization.yaml': 'x', 'a/c.yaml': 'y' }) }],
    ['where one file ends', { ...request, files: files({ 'a/kustomization.yaml': 'xa/b.yaml', y: '' }) }],
    ['a file more', { ...request, files: new Map([...request.files, ['c', new Uint8Array()]]) }],
    ['the directory', { ...request, directory: 'b' }],
  ])('are made anew for another %s', async (_name, other) => {
    const kustomize = keepBuilds(counting(), memoryStore())
    await kustomize.build(request)
    expect(await kustomize.build(other)).toEqual({ ok: true, yaml: 'build 2' })
  })

  it('are made anew by another version', async () => {
    const store = memoryStore()
    await keepBuilds(counting(), store).build(request)
    const newer = counting('kustomize 5.8.2')
    await keepBuilds(newer, store).build(request)
    expect(newer.asked).toBe(1)
  })

  it('are not kept where they fail, nor where helm has a say', async () => {
    const store = memoryStore()
    await keepBuilds(counting('kustomize 5.8.1', false), store).build(request)
    await keepBuilds(counting(), store).build({ ...request, enableHelm: true })
    expect(store.size()).toBe(0)
  })
})

describe('templates', () => {
  const request: HelmRequest = {
    chart: { name: 'c', version: '1.0.0', digest: 'sha256:1', archive: new Uint8Array() },
    releaseName: 'r',
    namespace: 'n',
    values: { a: 1, b: { c: [2] } },
    kubernetesVersion: '1.35.0',
    includeCrds: true,
  }

  it.each<[string, Partial<HelmRequest>]>([
    ['chart', { chart: { ...request.chart, digest: 'sha256:2' } }],
    ['release', { releaseName: 's' }],
    ['namespace', { namespace: 'm' }],
    ['values', { values: { a: 1, b: { c: [3] } } }],
    ['Kubernetes', { kubernetesVersion: '1.34.0' }],
    ['kinds of the cluster', { apiVersions: ['v1/X'] }],
    ['set of CRDs', { includeCrds: false }],
    ['check of the values', { skipSchemaValidation: true }],
  ])('are made anew for another %s, and only then', async (_name, other) => {
    let asked = 0
    const helm: HelmTemplate = {
      version: 'helm 4.2.3',
      template: async () => ({ ok: true, yaml: `template ${++asked}` }),
    }
    const keeping = keepTemplates(helm, memoryStore())
    await keeping.template(request)
    await keeping.template({ ...request, values: { b: { c: [2] }, a: 1 } })
    expect(asked).toBe(1)
    await keeping.template({ ...request, ...other })
    expect(asked).toBe(2)
  })
})
