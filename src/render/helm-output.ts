import { textAt, valueAt, type Json } from '../manifest/json.ts'
import type { RenderFailure } from '../manifest/rendered.ts'
import { isManifest, type Manifest } from '../manifest/resource.ts'
import { readHelmYaml } from './helm-yaml.ts'

/** Something, or why the release has failed. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: RenderFailure }

/** What `helm template` prints, by what helm-controller does with it. */
export interface HelmOutput {
  crds: Manifest[]
  templates: Manifest[]
  hooks: Manifest[]
}

// the chart's own or a dependency's crds/ directory
const CRD_FILE = /^[^/]+(?:\/charts\/[^/]+)*\/crds\//

/**
 * Reads the output of `helm template` or of kustomize.
 * Documents without a comment '# Source:' belong to the file of the one before: helm prints files of crds/ whole.
 */
export function readHelmOutput(yaml: string): Outcome<HelmOutput> {
  const output: HelmOutput = { crds: [], templates: [], hooks: [] }
  let source = ''
  for (const text of yaml.split(/^---(?=\s|$)/m)) {
    source = /^\s*# Source: (.+)/.exec(text)?.[1]?.trim() ?? source
    const file = source
    let documents: Json[]
    try {
      documents = unfoldLists(readHelmYaml(text))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return helmFailure(
        `${file} of the chart yields what is no YAML: ${reason}`,
        'check the values that this template uses',
      )
    }
    for (const document of documents) {
      if (document === null) continue
      if (!isManifest(document))
        return helmFailure(
          `${file} of the chart yields what is no Kubernetes object`,
          'check the values that this template uses',
        )
      if (!CRD_FILE.test(file))
        (hookEvents(document) === undefined ? output.templates : output.hooks).push(document)
      // helm-controller drops other kinds there (1.6, internal/action/crds.go)
      else if (document.kind === 'CustomResourceDefinition') output.crds.push(document)
    }
  }
  return { ok: true, value: output }
}

/** kustomize, through which every release goes, unfolds lists (api/resmap, NewResMapFromBytes). */
function unfoldLists(document: Json): Json[] {
  const items = valueAt(document, 'items')
  const isList = isManifest(document) && textAt(document, 'kind')?.endsWith('List') === true
  return isList && Array.isArray(items) ? items.flatMap(unfoldLists) : [document]
}

// helm's pkg/release/v1/hook.go; anything else is no hook helm knows, and helm leaves the object out
const RUN_EVENTS = new Set(['pre-install', 'post-install', 'pre-upgrade', 'post-upgrade'])

function hookEvents(manifest: Manifest): string[] | undefined {
  const written = textAt(manifest, 'metadata', 'annotations', 'helm.sh/hook')
  return written?.split(',').map(event => event.trim().toLowerCase())
}

/** Whether an install or upgrade applies the object: no test, no hook of deletion or rollback. */
export function isApplied(manifest: Manifest, hooks: boolean): boolean {
  const events = hookEvents(manifest)
  return events === undefined || (hooks && events.some(event => RUN_EVENTS.has(event)))
}

/** @param message one sentence */
export function helmFailure(message: string, repair: string): { ok: false; error: RenderFailure } {
  return { ok: false, error: { ruleId: 'render-helm', message, repair } }
}
