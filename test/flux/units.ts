import { parseAllDocuments } from 'yaml'
import type { Json } from '../../src/manifest/json.ts'
import type { RenderedKustomization, RenderedObject, RenderedTree } from '../../src/manifest/rendered.ts'
import { identify, isManifest } from '../../src/manifest/resource.ts'

/** The documents of a text as objects; each in a file and at a line of its own. */
export function objectsOf(yaml: string): RenderedObject[] {
  return parseAllDocuments(yaml).flatMap((document, index) => {
    const manifest: Json = document.toJS()
    if (!isManifest(manifest)) return []
    return [
      {
        manifest,
        resource: identify(manifest),
        origin: { file: 'objects.yaml', line: index + 1 },
      },
    ]
  })
}

/** One Kustomization of cluster main, by 'namespace/name', with what it applies. */
export function unit(
  name: string,
  yaml: string,
  status: RenderedKustomization['status'] = 'rendered',
): RenderedKustomization {
  const [namespace = '', own = ''] = name.split('/')
  return {
    cluster: 'main',
    namespace,
    name: own,
    path: '.',
    status,
    objects: objectsOf(yaml),
    inputs: '',
  }
}

export function treeOf(...kustomizations: RenderedKustomization[]): RenderedTree {
  return { kustomizations, helmReleases: [], findings: [], incomplete: [] }
}
