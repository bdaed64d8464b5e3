import { createHash } from 'node:crypto'
import { canonicalJson } from '../manifest/json.ts'
import type { HelmTemplate, KustomizeBuild, RenderStore } from './tools.ts'

/**
 * A kustomize that remembers: its output depends on its version and the files it is given, on nothing else (it runs with
 * no network, no plugins and an environment of its own). Failures are not kept: they may be the fault of the machine.
 */
export function keepBuilds(kustomize: KustomizeBuild, store: RenderStore): KustomizeBuild {
  return {
    version: kustomize.version,
    build: async request => {
      // helm has a say in what it inflates, and is asked by kustomize, not by us
      if (request.enableHelm === true) return await kustomize.build(request)
      const key = createHash('sha256').update(`build\0${kustomize.version}\0${request.directory}\0`)
      for (const [path, bytes] of [...request.files].toSorted(([a], [b]) => (a < b ? -1 : 1)))
        key.update(`${path}\0${bytes.byteLength}\0`).update(bytes)
      return await kept(store, key.digest('hex'), async () => await kustomize.build(request))
    },
  }
}

/**
 * A helm that remembers, by chart, values and what it is told of the cluster. Templates may make up passwords or ask for
 * the time: what they made up first stays, so that a comparison shows none of it.
 */
export function keepTemplates(helm: HelmTemplate, store: RenderStore): HelmTemplate {
  return {
    version: helm.version,
    template: async request => {
      const { chart, ...rest } = request
      const key = createHash('sha256')
        .update(`template\0${helm.version}\0${chart.name}\0${chart.digest}\0`)
        .update(canonicalJson({ ...rest, apiVersions: [...(rest.apiVersions ?? [])] }))
      return await kept(store, key.digest('hex'), async () => await helm.template(request))
    },
  }
}

/** @returns what the store has under the key, else what is made, which is put there where it is good */
async function kept<Made extends { ok: boolean }>(
  store: RenderStore,
  key: string,
  make: () => Promise<Made>,
): Promise<Made> {
  const text = await store.get(key)
  if (text !== undefined) {
    const known: Made = JSON.parse(text)
    return known
  }
  const made = await make()
  if (made.ok) await store.put(key, JSON.stringify(made))
  return made
}
