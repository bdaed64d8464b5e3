import { createHash } from 'node:crypto'

import { parseGoYaml } from '../manifest/go-yaml.ts'
import { canonicalJson, isObject, textAt, valueAt, type Json } from '../manifest/json.ts'
import type { Place } from '../manifest/place.ts'
import type { RenderedObject, RenderFailure } from '../manifest/rendered.ts'
import { identify, resourceLabel, type Manifest } from '../manifest/resource.ts'
import type { BuiltObject } from './built-object.ts'
import { setCommonMetadata } from './common-metadata.ts'
import { substituteObject, type SubstitutedObject } from './substitute.ts'

export interface FinishOptions {
  /** the variables of spec.postBuild, resolved; empty where there are none */
  variables: ReadonlyMap<string, string>
  /** since Flux 2.9 an undefined variable fails the Kustomization */
  strict: boolean
  /** some variables come from objects made outside Git: an undefined one may be among them */
  variablesUnknown: boolean
}

export type FinishResult = { ok: true; objects: RenderedObject[] } | { ok: false; error: RenderFailure }

/**
 * What Flux does with the objects of a kustomize build before it applies them: names are checked, variables are substituted object by object (an encrypted document as it stands: nothing is decrypted), lists are taken apart, commonMetadata is set
 * (kustomize-controller v1.9.4 kustomization_controller.go build and apply; fluxcd/pkg/ssa v0.83.0 ReadObjects).
 */
export function finishKustomization(
  kustomization: Manifest,
  built: readonly BuiltObject[],
  options: FinishOptions,
): FinishResult {
  const objects: RenderedObject[] = []
  const substitutes = valueAt(kustomization, 'spec', 'postBuild') !== undefined
  const always = textAt(kustomization, 'spec', 'postBuild', 'substituteStrategy') === 'Always'
  for (const { yaml, origin } of built) {
    const read = parseGoYaml(yaml)
    const place = origin === undefined ? {} : { file: origin.file, line: origin.line }
    if (!read.ok)
      return failure('render-build', `kustomize printed an object that is no YAML: ${read.message}`, place)
    for (const document of read.documents) {
      if (!isObject(document)) continue
      const resource = identify(document)
      if (resource.name === '' || resource.kind === '' || resource.apiVersion === '')
        return failure(
          'render-nameless',
          `An object without ${missing(resource)} stops the whole Kustomization.`,
          place,
          'Give every object apiVersion, kind and metadata.name.',
        )
      let manifest: Manifest = document
      if (substitutes) {
        const result = substitute(yaml, document, { ...options, always })
        if (!result.ok)
          return failure(
            'render-substitution',
            `${resourceLabel(resource)}: ${result.message}`,
            place,
            result.variable === undefined
              ? undefined
              : `Define ${result.variable} in postBuild.substitute or substituteFrom, give it a default (\${${result.variable}:=value}), or escape it as $\${${result.variable}}.`,
          )
        manifest = result.manifest
      }
      for (const item of itemsOf(manifest)) {
        const finished = setCommonMetadata(item, valueAt(kustomization, 'spec', 'commonMetadata'))
        objects.push({
          manifest: finished,
          resource: identify(finished),
          ...(origin === undefined ? {} : { origin }),
        })
      }
    }
  }
  return { ok: true, objects }
}

/** Substitution where some variables are made outside Git: those stand as placeholders instead of failing everything. */
function substitute(
  text: string,
  manifest: Manifest,
  options: FinishOptions & { always: boolean },
): SubstitutedObject {
  const variables = new Map(options.variables)
  for (;;) {
    // the object made elsewhere holds a variable at least, and with one Flux substitutes
    const always = options.always || (options.strict && options.variablesUnknown)
    const result = substituteObject(text, manifest, variables, { ...options, always })
    if (
      result.ok ||
      result.variable === undefined ||
      !options.variablesUnknown ||
      variables.has(result.variable)
    )
      return result
    variables.set(result.variable, placeholder(result.variable))
  }
}

/** A hash of all that decides the objects: equal hashes finish to equal objects. */
export function finishedInputs(
  kustomization: Manifest,
  built: { inputs: string },
  options: FinishOptions,
): string {
  const spec = kustomization.spec
  const seen: Json = {
    built: built.inputs,
    variables: Object.fromEntries(options.variables),
    strict: options.strict,
    unknown: options.variablesUnknown,
    postBuild: valueAt(spec, 'postBuild') !== undefined,
    strategy: textAt(spec, 'postBuild', 'substituteStrategy') ?? '',
    commonMetadata: valueAt(spec, 'commonMetadata') ?? null,
  }
  return createHash('sha256').update(canonicalJson(seen)).digest('hex')
}

/** The value of a variable that is made outside Git: visible, and no text that a schema would take for anything. */
export function placeholder(variable: string): string {
  return `..PLACEHOLDER_${variable}..`
}

function itemsOf(manifest: Manifest): Manifest[] {
  // ReadObjects: a List is its items; kustomize's own Kustomization is no object of the cluster
  const items = valueAt(manifest, 'items')
  if ((textAt(manifest, 'kind') ?? '').endsWith('List') && Array.isArray(items)) return items.filter(isObject)
  return (textAt(manifest, 'apiVersion') ?? '').startsWith('kustomize.config.k8s.io/') ? [] : [manifest]
}

function missing({ apiVersion, kind, name }: { apiVersion: string; kind: string; name: string }): string {
  return [apiVersion === '' && 'apiVersion', kind === '' && 'kind', name === '' && 'metadata.name']
    .filter(part => part !== false)
    .join(' and ')
}

function failure(ruleId: string, message: string, place: Partial<Place>, repair?: string): FinishResult {
  return { ok: false, error: { ruleId, message, ...place, ...(repair === undefined ? {} : { repair }) } }
}
