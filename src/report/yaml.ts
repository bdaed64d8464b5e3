import { stringify } from 'yaml'
import type { RenderedTree } from '../manifest/rendered.ts'

/**
 * The manifests of `render --output yaml`, in the order they are applied, of Kustomizations with a remote base what could be
 * rendered; texts that YAML 1.1 would retype are quoted.
 */
export function renderYaml(tree: RenderedTree): string {
  return [...tree.kustomizations, ...tree.helmReleases]
    .flatMap(unit => unit.objects)
    .map(({ manifest }) => `---\n${stringify(manifest, { version: '1.1', lineWidth: 0 })}`)
    .join('')
}
