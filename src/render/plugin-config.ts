import { parseAllDocuments } from 'yaml'
import { isManifest, type Manifest } from '../manifest/resource.ts'
import { toJson } from './kustomization-file.ts'

/**
 * Reads text as configuration of kustomize plugins, as an item of generators, transformers or validators may be.
 * @returns undefined where the text is no Kubernetes object, which makes it a path (kusttarget.go, configureExternalGenerators)
 */
export function parsePlugins(text: string): Manifest[] | undefined {
  if (!text.includes(':')) return undefined
  const documents = parseAllDocuments(text, { version: '1.1' })
  if ('empty' in documents) return undefined
  const values = documents.filter(document => document.errors.length === 0).map(document => toJson(document))
  const configs = values.filter(value => isManifest(value))
  return configs.length === 0 ? undefined : configs
}
