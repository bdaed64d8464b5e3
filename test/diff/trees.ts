import { parse, parseAllDocuments } from 'yaml'
import type { RenderedHelmRelease, RenderedKustomization, RenderedTree } from '../../src/manifest/rendered.ts'
import { identify, type Manifest } from '../../src/manifest/resource.ts'

/** A Kustomization 'namespace/name' of cluster main that renders a stream of YAML documents. */
export function kustomization(
  name: string,
  yaml: string,
  rest: Partial<RenderedKustomization> = {},
): RenderedKustomization {
  const [namespace = '', called = ''] = name.split('/')
  return {
    cluster: 'main',
    namespace,
    name: called,
    path: `./${called}`,
    status: 'rendered',
    objects: objects(yaml),
    inputs: '',
    ...rest,
  }
}

export function helmRelease(
  name: string,
  yaml: string,
  rest: Partial<RenderedHelmRelease> = {},
): RenderedHelmRelease {
  const [namespace = '', called = ''] = name.split('/')
  return {
    cluster: 'main',
    namespace,
    name: called,
    chart: 'app 1.0.0',
    status: 'rendered',
    objects: objects(yaml),
    inputs: '',
    ...rest,
  }
}

export function tree(
  kustomizations: RenderedKustomization[],
  helmReleases: RenderedHelmRelease[] = [],
): RenderedTree {
  return { kustomizations, helmReleases, findings: [], incomplete: [] }
}

/** A Flux Kustomization object. */
export function flux(name: string, spec = 'prune: true'): string {
  const [namespace, called] = name.split('/')
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ${called}, namespace: ${namespace}}\nspec: {${spec}}\n`
}

function objects(yaml: string): RenderedKustomization['objects'] {
  return parseAllDocuments(yaml)
    .map((document): unknown => document.toJSON())
    .filter(isMap)
    .map(manifest => ({ manifest, resource: identify(manifest) }))
}

export function json(yaml: string): Manifest {
  const manifest: unknown = parse(yaml)
  if (!isMap(manifest)) throw new Error('no map')
  return manifest
}

function isMap(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
