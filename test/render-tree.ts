import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../src/manifest/json.ts'
import type { RenderedKustomization } from '../src/manifest/rendered.ts'
import { identify, isManifest, resourceLabel, type Manifest } from '../src/manifest/resource.ts'

/** The root of this repository. */
export const ROOT = path.resolve(import.meta.dirname, '..')
/** Where the story puts the operator and its cluster. */
export const DATABASES = 'kubernetes/apps/databases/cloudnative-pg'

/**
 * Renders a cluster from its entry point: real kustomize, and as much of Flux as this tree uses (targetNamespace,
 * commonMetadata.labels, components, strict substitution). One place, so that the product's own rendering can take over.
 */
export function renderTree(cluster: string, entry: string): RenderedKustomization[] {
  const work = mkdtempSync(path.join(tmpdir(), 'steward-tree-'))
  try {
    for (const folder of ['kubernetes', 'infrastructure', 'clusters', 'test/fixtures/example-app'])
      cpSync(path.join(ROOT, folder), path.join(work, folder), { recursive: true })
    const rendered: RenderedKustomization[] = []
    const known = new Map<string, Manifest>()
    const queue: { name: string; spec: JsonObject }[] = [
      { name: 'flux-system', spec: { path: `./${entry}`, prune: true } },
    ]
    const seen = new Set<string>()
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (seen.has(next.name)) continue
      seen.add(next.name)
      const objects = buildAsFlux(work, next.spec, known)
      for (const manifest of objects) {
        known.set(resourceLabel(identify(manifest)), manifest)
        if (identify(manifest).apiVersion !== 'kustomize.toolkit.fluxcd.io/v1') continue
        const spec = valueAt(manifest, 'spec')
        if (isObject(spec)) queue.push({ name: identify(manifest).name, spec })
      }
      rendered.push({
        cluster,
        namespace: 'flux-system',
        name: next.name,
        path: textAt(next.spec, 'path') ?? '',
        status: 'rendered',
        objects: objects.map(manifest => ({ manifest, resource: identify(manifest) })),
        inputs: '',
      })
    }
    return rendered
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/**
 * Builds what a Flux Kustomization applies.
 * @param work a copy of the tree, changed while kustomize runs, as Flux does
 * @param known ConfigMaps by label, for substituteFrom
 */
export function buildAsFlux(
  work: string,
  spec: JsonObject,
  known: ReadonlyMap<string, Manifest>,
): Manifest[] {
  const directory = path.join(work, textAt(spec, 'path') ?? '')
  const file = path.join(directory, 'kustomization.yaml')
  const written = readFileSync(file, 'utf8')
  const kustomization: JsonObject = parse(written)
  writeFileSync(
    file,
    stringify({
      ...kustomization,
      ...(spec.targetNamespace === undefined ? {} : { namespace: spec.targetNamespace }),
      ...(spec.components === undefined ? {} : { components: spec.components }),
    }),
  )
  const yaml = build(directory)
  writeFileSync(file, written)
  return manifestsOf(substitute(yaml, variablesOf(spec, known))).map(manifest => {
    const labels = valueAt(spec, 'commonMetadata', 'labels')
    if (isObject(labels) && isObject(manifest.metadata))
      manifest.metadata.labels = {
        ...(isObject(manifest.metadata.labels) ? manifest.metadata.labels : {}),
        ...labels,
      }
    return manifest
  })
}

/** `kustomize build`, the real one from PATH. */
export function build(directory: string, ...flags: string[]): string {
  return execFileSync('kustomize', ['build', directory, ...flags], { encoding: 'utf8', stdio: 'pipe' })
}

/** The objects of a YAML stream. */
export function manifestsOf(yaml: string): Manifest[] {
  return parseAllDocuments(yaml).map(document => {
    const json: Json = document.toJSON()
    if (!isManifest(json)) throw new Error(`no object: ${String(document)}`)
    return json
  })
}

function variablesOf(spec: JsonObject, known: ReadonlyMap<string, Manifest>): Map<string, string> {
  const variables = new Map<string, string>()
  const from = valueAt(spec, 'postBuild', 'substituteFrom')
  const inline = valueAt(spec, 'postBuild', 'substitute')
  const sources = (Array.isArray(from) ? from : []).map(source => {
    const name = textAt(source, 'name') ?? ''
    const found = known.get(`ConfigMap flux-system/${name}`)
    if (found === undefined) throw new Error(`no ConfigMap ${name} in the namespace of the Kustomization`)
    return found.data
  })
  for (const data of [...sources, inline])
    for (const [name, value] of Object.entries(isObject(data) ? data : {})) {
      if (typeof value === 'string') variables.set(name, value)
    }
  return variables
}

/** Strict, as Flux 2.9: a variable that nobody defines is an error. Without any variable nothing is substituted. */
function substitute(yaml: string, variables: ReadonlyMap<string, string>): string {
  if (variables.size === 0) return yaml
  return yaml.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = variables.get(name)
    if (value === undefined) throw new Error(`variable ${name} is not defined`)
    return value
  })
}
