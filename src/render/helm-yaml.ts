import { parseGoYamlDocument } from '../manifest/go-yaml.ts'
import type { Json } from '../manifest/json.ts'

/**
 * Reads YAML as sigs.k8s.io/yaml does, through which helm and helm-controller read values and manifests. Later documents of
 * the text are not read.
 * @throws Error with the first problem in one line
 */
export function readHelmYaml(text: string): Json {
  const read = parseGoYamlDocument(text)
  if (!read.ok) throw new Error(read.message)
  return read.document
}
