import { isObject, textAt, valueAt, type Json } from './manifest/json.ts'
import { isManifest, type Manifest } from './manifest/resource.ts'
import { readSource } from './manifest/source-file.ts'
import type { Tree } from './manifest/tree.ts'
import { compactCrd, type CompactCrd } from './schema/compact-crd.ts'

/** Where `schema import` puts CRDs, one file a kind. */
export const IMPORTED_CRDS = '.github/cnpg-steward/crds'

/**
 * The CRDs that `schema import` added to a repository, for fromCrds. A file that a person broke is passed over: objects of
 * its kind are then reported as having no schema, as they are without the file.
 */
export async function readImportedCrds(tree: Tree): Promise<Manifest[]> {
  const files: string[] = []
  for (const file of (await tree.files()).keys())
    if (file.startsWith(IMPORTED_CRDS) && file[IMPORTED_CRDS.length] === '/' && file.endsWith('.yaml'))
      files.push(file)
  const read = await Promise.all(files.map(async file => crdsIn(file, await tree.read(file))))
  return read.flatMap(({ crds }) => crds.map(({ crd }) => crd.manifest))
}

export interface FoundCrds {
  crds: { crd: CompactCrd; file: string; line: number }[]
  refused: Refusal[]
  /** objects of other kinds */
  passedOver: number
}

/** What was not imported, and why. */
export interface Refusal {
  file: string
  /** from 1; absent where the file as a whole is meant */
  line?: number
  message: string
  repair: string
}

/**
 * The CRDs of a file, YAML or JSON, several documents and Lists included.
 * @param file how messages name it
 */
export function crdsIn(file: string, bytes: Uint8Array): FoundCrds {
  const source = readSource(file, bytes)
  const errors = source.findings.filter(({ level }) => level === 'error')
  const found: FoundCrds = {
    crds: [],
    refused: errors.map(({ message, line, repair }) => ({
      file,
      ...(line === undefined ? {} : { line }),
      message,
      repair: repair ?? 'Take the file as its project releases it.',
    })),
    passedOver: 0,
  }
  for (const { value, line, endLine } of source.documents) {
    // a key that stands twice was said above; which of the two is meant is not known
    if (errors.some(error => error.line !== undefined && error.line >= line && error.line <= endLine))
      continue
    for (const object of objectsIn(value)) {
      if (!isManifest(object) || object.kind !== 'CustomResourceDefinition') {
        found.passedOver++
        continue
      }
      const compacted = compactCrd(object)
      if (compacted.ok) found.crds.push({ crd: compacted.crd, file, line })
      else found.refused.push({ file, line, message: compacted.message, repair: compacted.repair })
    }
  }
  return found
}

function objectsIn(value: Json): Json[] {
  const items = valueAt(value, 'items')
  const isList = isObject(value) && (textAt(value, 'kind') ?? '').endsWith('List')
  return isList && Array.isArray(items) ? items : [value]
}

/** Where a CRD is kept, from the root of the repository. */
export function importedCrdFile({ group, kind }: Pick<CompactCrd, 'group' | 'kind'>): string {
  return `${IMPORTED_CRDS}/${group}_${kind}.yaml`
}
