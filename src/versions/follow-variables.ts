import { groupOf } from '../manifest/resource.ts'
import { readWrittenImage } from './image-fields.ts'
import type { ReferenceField, VersionReference } from './reference.ts'
import { fieldOf, obstacleOf, type SourceText, type TextDocument } from './source-text.ts'
import { overrideAt } from './update-override.ts'
import { packageName } from './update-key.ts'
import type { Found } from './yaml-nodes.ts'

/** Where a variable is set: a scalar of `postBuild.substitute`, or of a ConfigMap that a Flux Kustomization takes variables from. */
export interface VariableSite {
  source: SourceText
  document: TextDocument
  found: Found
}

const USE = /^(?<before>[^$]*)\$\{(?<name>[A-Za-z_]\w*)(?::?[=-][^}]*)?\}$/

/** The names of ConfigMaps that the Flux Kustomizations of some sources take variables from. */
export function variableConfigMaps(sources: readonly SourceText[]): Set<string> {
  return new Set(
    sources.flatMap(({ documents }) =>
      documents.flatMap(({ reader }) =>
        isKustomization(reader.text(reader.root, 'apiVersion'))
          ? reader
              .items(reader.at(reader.root, 'spec', 'postBuild', 'substituteFrom'))
              .filter(item => reader.text(item, 'kind') === 'ConfigMap')
              .flatMap(item => reader.text(item, 'name') ?? [])
          : [],
      ),
    ),
  )
}

/** Where variables are set, by their names. @param configMaps those that variables are taken from */
export function variableSites(
  sources: readonly SourceText[],
  configMaps: ReadonlySet<string>,
): Map<string, VariableSite[]> {
  const sites = new Map<string, VariableSite[]>()
  for (const source of sources)
    for (const document of source.documents) {
      const { reader } = document
      const { root } = reader
      const set = isKustomization(reader.text(root, 'apiVersion'))
        ? reader.at(root, 'spec', 'postBuild', 'substitute')
        : reader.text(root, 'kind') === 'ConfigMap' &&
            configMaps.has(reader.text(root, 'metadata', 'name') ?? '')
          ? reader.at(root, 'data')
          : undefined
      if (set === undefined) continue
      for (const [name, found] of reader.fields(set))
        sites.set(name, [...(sites.get(name) ?? []), { source, document, found }])
    }
  return sites
}

/** Whether a reference is a variable that can be followed: the whole of it, or the tag of an image. */
export function isVariable(reference: VersionReference): boolean {
  return variableOf(reference) !== undefined
}

/**
 * Follows versions that Flux fills in to where their variables are set: what is edited is there, once for each place that sets it.
 * A variable that several packages share, or that nothing in the tree sets, stays what it is: an obstacle.
 */
export function followVariables(
  references: readonly VersionReference[],
  sites: ReadonlyMap<string, readonly VariableSite[]>,
): VersionReference[] {
  const users = Map.groupBy(references.filter(isVariable), reference => variableOf(reference)?.name ?? '')
  const followed = new Set<string>()
  return references.flatMap(reference => {
    const variable = variableOf(reference)
    if (variable === undefined) return [reference]
    const { name } = variable
    const own = sites.get(name) ?? []
    const packages = new Set((users.get(name) ?? []).map(user => packageOf(user)))
    if (own.length === 0)
      return [
        obstructed(
          reference,
          `The value holds \${${name}}, which Flux fills in, and nothing in this tree sets it.`,
        ),
      ]
    if (packages.size > 1)
      return [
        obstructed(
          reference,
          `The value holds \${${name}}, which Flux fills in and which sets the versions of several packages at once.`,
        ),
      ]
    // the second use of a variable is updated with the first
    if (followed.has(name)) return []
    followed.add(name)
    return own.map(site => atSite(reference, variable, site))
  })
}

interface Variable {
  name: string
  /** what stands before it: 'ghcr.io/owner/name:', '' where it is all there is */
  before: string
}

function variableOf({ fields, obstacle }: VersionReference): Variable | undefined {
  const { image, version, digest } = fields
  if (obstacle?.kind !== 'substitution' || digest !== undefined) return undefined
  const parts = USE.exec(image?.value ?? version?.value ?? '')?.groups
  const { name, before = '' } = parts ?? {}
  if (name === undefined) return undefined
  const isWhole = before === ''
  return isWhole || (image !== undefined && /[^:]:$/.test(before)) ? { name, before } : undefined
}

/** Two uses of one variable are of one package where all that stands around it is the same. */
function packageOf(reference: VersionReference): string {
  return `${variableOf(reference)?.before ?? ''} ${packageName(reference.package)}`
}

function atSite(
  reference: VersionReference,
  { name, before }: Variable,
  { source, document, found }: VariableSite,
): VersionReference {
  const field: ReferenceField = fieldOf(source, document, found)
  const { obstacle: _followed, fields, ...rest } = reference
  const obstacle = obstacleOf(source, document, found)
  const { place } = field
  const override = overrideAt(source.lines, place.line)
  const all: Omit<VersionReference, 'current' | 'fields'> = {
    ...rest,
    place,
    ...(override === undefined || 'problem' in override ? {} : { override }),
    ...(obstacle === undefined ? {} : { obstacle }),
    remarks: [
      ...reference.remarks,
      {
        kind: 'variable',
        message: `It sets \${${name}}, which ${reference.place.file}:${reference.place.line} takes its version from.`,
      },
    ],
  }
  if (fields.image !== undefined && before === '') {
    const image = readWrittenImage(field.value)
    return {
      ...all,
      package: { kind: 'image', name: image.name },
      current: {
        ...(image.tag === undefined ? {} : { version: image.tag }),
        ...(image.digest === undefined ? {} : { digest: image.digest }),
      },
      fields: { image: field },
    }
  }
  const [version = '', digest] = field.value.split('@')
  return {
    ...all,
    ...(before === '' ? {} : { package: { kind: 'image', name: before.slice(0, -1) } }),
    current: { version, ...(digest === undefined ? {} : { digest }) },
    fields: { version: field },
  }
}

function obstructed(reference: VersionReference, message: string): VersionReference {
  return {
    ...reference,
    obstacle: {
      kind: 'substitution',
      message,
      repair:
        'Write the version out, or set a variable of its own for it in postBuild or a ConfigMap of this tree.',
    },
  }
}

function isKustomization(apiVersion: string | undefined): boolean {
  return groupOf(apiVersion ?? '') === 'kustomize.toolkit.fluxcd.io'
}
