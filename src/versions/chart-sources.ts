import type { ChartSourceObject, DocumentReferences, PendingChart } from './document-references.ts'
import { withSignerKeys } from './flux-verify.ts'
import type { ReferencePackage, ReferenceRemark, VersionReference } from './reference.ts'

/** Joins charts with the HelmRepository they name, and dumps with the Clusters there are. In the order of files and lines. */
export function linkSources(found: readonly DocumentReferences[]): VersionReference[] {
  const sources = found.flatMap(document => document.sources)
  const clusters = new Set(found.flatMap(document => document.clusters))
  const charts = found.flatMap(document => document.charts).map(pending => withSource(pending, sources))
  const signers = found.flatMap(document => document.signerKeys)
  const references = found
    .flatMap(document => document.references)
    .map(reference =>
      reference.servers === undefined
        ? reference
        : { ...reference, servers: reference.servers.filter(name => clusters.has(name)) },
    )
  const all = [...references, ...charts].map(reference =>
    reference.verify?.secret === undefined
      ? reference
      : {
          ...reference,
          verify: withSignerKeys(reference.verify, reference.owner?.namespace ?? '', signers),
        },
  )
  return all.toSorted(
    (a, b) =>
      (a.place.file < b.place.file ? -1 : a.place.file > b.place.file ? 1 : 0) || a.place.line - b.place.line,
  )
}

function withSource(
  { reference, source, chart }: PendingChart,
  sources: readonly ChartSourceObject[],
): VersionReference {
  const named = sources.filter(({ kind, name }) => kind === source.kind && name === source.name)
  const exact = named.filter(({ namespaces }) =>
    namespaces.some(namespace => source.namespaces.includes(namespace)),
  )
  const [chosen, ...others] = exact.length > 0 ? exact : named
  const label = `${source.kind} ${source.namespaces.join(', ')}/${source.name}`
  if (chosen === undefined)
    return {
      ...reference,
      package: { kind: 'unknown', what: `${source.name}/${chart}` },
      remarks: [
        ...reference.remarks,
        {
          kind: 'source-elsewhere',
          message: `${label} is not in this tree, so nobody knows where ${chart} comes from.`,
        },
      ],
    }
  const isGuessed = exact.length === 0 || others.some(({ url }) => url !== chosen.url)
  const guessed: ReferenceRemark[] = isGuessed
    ? [
        {
          kind: 'source-guessed',
          message: `${label} was not found in that namespace for sure; ${chosen.url} was taken.`,
        },
      ]
    : []
  return { ...reference, package: packageOf(chosen, chart), remarks: [...reference.remarks, ...guessed] }
}

function packageOf({ url, isOci }: ChartSourceObject, chart: string): ReferencePackage {
  if (!isOci) return { kind: 'helm', repository: url, chart }
  return { kind: 'oci', url: `${url.startsWith('oci://') ? url : `oci://${url}`}/${chart}` }
}
