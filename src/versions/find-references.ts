import { posix } from 'node:path'
import type { Tree } from '../manifest/tree.ts'
import { linkSources } from './chart-sources.ts'
import { DocumentReferences } from './document-references.ts'
import { followVariables, isVariable, variableConfigMaps, variableSites } from './follow-variables.ts'
import type { VersionReference } from './reference.ts'
import { SourceNamespaces, type FluxUnit, type KustomizeDirectory } from './source-namespaces.ts'
import { readSourceDocuments, type SourceText } from './source-text.ts'

/** What the sources of a tree refer to by version. */
export interface FoundReferences {
  /** in the order of files and lines */
  references: readonly VersionReference[]
  /** files that could not be read, with the reason; what they refer to is not known */
  unread: readonly { file: string; reason: string }[]
}

// what can hold a reference at all; other files are not even parsed
const TELLING =
  /image|reference:|OCIRepository|GitRepository|Helm(?:Release|Repository|Chart)|kustomize\.toolkit|argoproj|repository:|\.pub\b/i
const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/**
 * Finds every version that the YAML sources of a tree refer to: charts, artifacts and images, with the places of the texts
 * that say it. Nothing is rendered: what a pull request edits are sources.
 */
export async function findReferences(tree: Tree): Promise<FoundReferences> {
  const all = [...(await tree.files()).keys()]
  // templates of a chart are no YAML until helm has filled them in
  const templates = all
    .filter(file => posix.basename(file) === 'Chart.yaml')
    .map(file => posix.join(posix.dirname(file), 'templates/'))
  const files = all
    .filter(file => isYaml(file) && !templates.some(folder => file.startsWith(folder)))
    .toSorted()
  const unread: { file: string; reason: string }[] = []
  const sources: SourceText[] = []
  for (const file of files) {
    const text = Buffer.from(await tree.read(file)).toString('utf8')
    if (!KUSTOMIZATION_FILES.includes(posix.basename(file)) && !TELLING.test(text)) continue
    const source = readSourceDocuments(file, text)
    if (source.problem === undefined) sources.push(source)
    else unread.push({ file, reason: source.problem })
  }
  const namespaces = namespacesOf(files, sources)
  const found = sources.flatMap(source =>
    source.documents.map(document => new DocumentReferences(source, document, namespaces)),
  )
  const references = linkSources(found)
  if (!references.some(isVariable)) return { references, unread }
  const named = variableConfigMaps(sources)
  const sites = variableSites([...sources, ...(await configMapSources(tree, files, sources, named))], named)
  return { references: inOrder(followVariables(references, sites)), unread }
}

/** The files of ConfigMaps that variables are taken from: nothing else in them tells of a version, so that they were not parsed. */
async function configMapSources(
  tree: Tree,
  files: readonly string[],
  known: readonly SourceText[],
  names: ReadonlySet<string>,
): Promise<SourceText[]> {
  const read = new Set(known.map(({ file }) => file))
  const found: SourceText[] = []
  for (const file of files) {
    if (read.has(file)) continue
    const text = Buffer.from(await tree.read(file)).toString('utf8')
    if (!text.includes('ConfigMap') || ![...names].some(name => text.includes(name))) continue
    const source = readSourceDocuments(file, text)
    if (source.problem === undefined) found.push(source)
  }
  return found
}

function inOrder(references: readonly VersionReference[]): VersionReference[] {
  return references.toSorted(
    ({ place: a }, { place: b }) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line,
  )
}

function isYaml(file: string): boolean {
  return /\.ya?ml$/.test(file) || posix.basename(file) === 'Kustomization'
}

function namespacesOf(files: readonly string[], sources: readonly SourceText[]): SourceNamespaces {
  const directories: KustomizeDirectory[] = []
  const units: FluxUnit[] = []
  for (const { file, documents } of sources) {
    const isKustomization = KUSTOMIZATION_FILES.includes(posix.basename(file))
    for (const { reader } of documents) {
      const { root } = reader
      const texts = (name: string) =>
        reader.items(reader.at(root, name)).flatMap(item => reader.text(item) ?? [])
      const group = reader.text(root, 'apiVersion') ?? ''
      if (group.startsWith('kustomize.toolkit.fluxcd.io/')) {
        const path = posix.normalize(reader.text(root, 'spec', 'path') ?? './').replace(/^\.?\/+|\/+$/g, '')
        const targetNamespace = reader.text(root, 'spec', 'targetNamespace')
        const components = reader
          .items(reader.at(root, 'spec', 'components'))
          .flatMap(item => reader.text(item) ?? [])
        units.push({
          path: path === '.' ? '' : path,
          ...(targetNamespace === undefined ? {} : { targetNamespace }),
          components,
        })
      } else if (isKustomization) {
        const namespace = reader.text(root, 'namespace')
        const directory = posix.dirname(file)
        directories.push({
          directory: directory === '.' ? '' : directory,
          ...(namespace === undefined || namespace === '' ? {} : { namespace }),
          entries: [...texts('resources'), ...texts('bases'), ...texts('components')],
        })
      }
    }
  }
  return new SourceNamespaces(files, directories, units)
}
