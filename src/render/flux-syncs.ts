import path from 'node:path'
import type { Unjudged } from '../manifest/finding.ts'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { Place } from '../manifest/place.ts'
import { groupOf, identify, isManifest, type Manifest } from '../manifest/resource.ts'
import {
  installsFluxInstance,
  isFluxInstance,
  syncOfFluxInstance,
  syncOfFluxInstanceRelease,
  syncOfGotk,
  type FluxSync,
} from './flux-instance.ts'
import type { Lookup } from './helm-values.ts'
import { readHelmYaml } from './helm-yaml.ts'
import { releaseLabel } from './helm-release.ts'

/** A way by which a cluster follows this repository, and where it is written. */
export interface FoundSync {
  sync: FluxSync
  place: Place
  by: 'gotk-sync' | 'FluxInstance' | 'flux-instance chart'
}

/**
 * Looks through the source files of a tree for what makes a cluster follow it, before anything is rendered:
 * - a root Kustomization with its source in one file, as `flux bootstrap` writes it, that applies its own directory;
 * - FluxInstance objects; HelmReleases of the flux-instance chart with their values, also out of ConfigMaps that a
 *   kustomization.yaml generates.
 * Whether the source is this repository, and whether its path exists, is for the caller to see.
 * @param files text of the YAML files by path
 */
export function findFluxSyncs(files: ReadonlyMap<string, string>): {
  found: FoundSync[]
  unknown: Unjudged[]
} {
  const found: FoundSync[] = []
  const unknown: Unjudged[] = []
  for (const [file, text] of files) {
    if (!/fluxcd\.controlplane\.io|kustomize\.toolkit\.fluxcd\.io|flux-instance/.test(text)) continue
    const documents = readDocuments(text)
    const root = syncOfGotk(documents.map(({ value }) => value))
    if (root !== undefined && isBelow(file, root.path)) {
      const line = documents.find(({ value }) => isNamed(value, root))?.line ?? 1
      found.push({ sync: root, place: { file, line }, by: 'gotk-sync' })
    }
    for (const { value, line } of documents) {
      if (!isManifest(value)) continue
      const place = { file, line }
      if (isFluxInstance(value)) {
        const sync = syncOfFluxInstance(value)
        if (sync !== undefined) found.push({ sync, place, by: 'FluxInstance' })
      } else if (value.kind === 'HelmRelease') {
        const lookup = sourceLookup(files, file)
        if (!installsFluxInstance(value, lookup)) continue
        const sync = syncOfFluxInstanceRelease(value, lookup)
        if (sync.ok && sync.value !== undefined)
          found.push({ sync: sync.value, place, by: 'flux-instance chart' })
        if (!sync.ok) {
          const { namespace, name } = identify(value)
          const { message, repair } = 'unknown' in sync ? sync.unknown : sync.failure
          const affected = [releaseLabel(namespace, name)]
          unknown.push({
            reason: 'entry-point-unknown',
            message,
            ...(repair === undefined ? {} : { repair }),
            affected,
            ...place,
          })
        }
      }
    }
  }
  return { found, unknown }
}

/** Finds objects by kind and name in the source files, the nearest to `file` first; namespaces are often set later. */
function sourceLookup(files: ReadonlyMap<string, string>, file: string): Lookup {
  const directory = path.posix.dirname(file)
  const near = [...files].toSorted(([a], [b]) => distance(directory, a) - distance(directory, b))
  return (group, kind, _namespace, name) => {
    for (const [candidate, text] of near) {
      if (!text.includes(name)) continue
      for (const { value } of readDocuments(text)) {
        if (
          isManifest(value) &&
          value.kind === kind &&
          groupOf(identify(value).apiVersion) === group &&
          identify(value).name === name
        )
          return value
        if (kind === 'ConfigMap' && /(?:^|\/)kustomization\.ya?ml$/.test(candidate)) {
          const generated = generatedConfigMap(value, name, path.posix.dirname(candidate), files)
          if (generated !== undefined) return generated
        }
      }
    }
    return undefined
  }
}

/** The ConfigMap that `configMapGenerator` makes, without the hash in its name; literals and files only. */
function generatedConfigMap(
  kustomization: Json,
  name: string,
  directory: string,
  files: ReadonlyMap<string, string>,
): Manifest | undefined {
  const generators = valueAt(kustomization, 'configMapGenerator')
  const generator = Array.isArray(generators)
    ? generators.find(one => textAt(one, 'name') === name)
    : undefined
  if (!isObject(generator)) return undefined
  const data: JsonObject = {}
  for (const entry of texts(generator.files)) {
    const equals = entry.indexOf('=')
    const source = entry.slice(equals + 1)
    const content = files.get(path.posix.join(directory, source))
    if (content !== undefined)
      data[equals === -1 ? path.posix.basename(source) : entry.slice(0, equals)] = content
  }
  for (const literal of texts(generator.literals)) {
    const equals = literal.indexOf('=')
    data[literal.slice(0, equals)] = literal.slice(equals + 1)
  }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
}

function readDocuments(text: string): { value: Json; line: number }[] {
  const documents: { value: Json; line: number }[] = []
  let line = 1
  for (const part of text.split(/^(?=---(?:\s|$))/m)) {
    const blank = /^(?:---.*\n|\s*(?:#.*)?\n)*/.exec(part)?.[0] ?? ''
    try {
      documents.push({ value: readHelmYaml(part), line: line + blank.split('\n').length - 1 })
    } catch {
      // whoever reads the file as a manifest reports it
    }
    line += part.split('\n').length - 1
  }
  return documents
}

function isNamed(value: Json, { namespace, name }: FluxSync): boolean {
  if (!isManifest(value)) return false
  const resource = identify(value)
  return resource.kind === 'Kustomization' && resource.namespace === namespace && resource.name === name
}

function isBelow(file: string, directory: string): boolean {
  const clean = path.posix.normalize(directory).replace(/^\/+|\/+$/g, '')
  // the whole tree is below its root, so the name has to tell: manifests of Flux itself are applied from './' too
  if (clean === '.' || clean === '') return path.posix.basename(file) === 'gotk-sync.yaml'
  return file.startsWith(`${clean}/`)
}

/** How many steps lead from a directory to a file. */
function distance(directory: string, file: string): number {
  const steps = path.posix.relative(directory, file)
  return steps.split('/').length
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : []
}
