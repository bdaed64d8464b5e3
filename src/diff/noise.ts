import type { Edit } from './diff-values.ts'

/**
 * Says whether an edit is noise: a field that follows from another change and means nothing by itself.
 * @param fromChart the object is yielded by a chart; there app.kubernetes.io/version follows the chart, elsewhere a person wrote it
 * @returns what the noise is called in reports; `undefined` for a real change
 */
export function noiseOf(edit: Edit, fromChart: boolean): string | undefined {
  const [metadata, holder, key] = edit.steps.slice(-3)
  if (metadata !== 'metadata' || typeof key !== 'string') return undefined
  if (holder === 'labels') return labelNoise(key, fromChart)
  if (holder !== 'annotations') return undefined
  if (key.startsWith('checksum/') || key.startsWith('checksum-')) return 'checksum/*'
  // emberstack/kubernetes-reflector marks copies with the hash and version of what they were copied from
  if (/^reflector\.v1\.k8s\.emberstack\.com\/(?:reflected-(?:version|at)|.*hash)$/.test(key))
    return 'reflector hashes'
  // written by kustomize while it builds
  if (key.startsWith('internal.config.kubernetes.io/') || key === 'config.kubernetes.io/origin')
    return 'kustomize origins'
  return undefined
}

function labelNoise(key: string, fromChart: boolean): string | undefined {
  if (key === 'helm.sh/chart') return 'helm.sh/chart'
  if (fromChart && (key === 'app.kubernetes.io/version' || key === 'chart')) return key
  // kustomize-controller stamps its own name on everything it applies; the move itself is a change of its own
  return /^kustomize\.toolkit\.fluxcd\.io\/(?:name|namespace)$/.test(key) ||
    /^helm\.toolkit\.fluxcd\.io\/(?:name|namespace)$/.test(key)
    ? 'Flux owner labels'
    : undefined
}

// kustomize api/hasher/hasher.go: ten hexadecimal digits, 0 1 3 a e written as g h k m t.
const HASHED = /^(.+)-[2456789bcdfghkmt]{10}$/

/** The name a generator of kustomize was given, without the hash it appends; `undefined` for names without hash. */
export function generatedName(kind: string, name: string): string | undefined {
  return kind === 'ConfigMap' || kind === 'Secret' ? HASHED.exec(name)?.[1] : undefined
}

/** Counts noise by what it is called, an object once each. */
export class NoiseCount {
  readonly #objects = new Map<string, number>()

  add(names: Iterable<string>): void {
    for (const name of new Set(names)) this.#objects.set(name, (this.#objects.get(name) ?? 0) + 1)
  }

  /** 'helm.sh/chart (12 objects)', sorted by name */
  lines(): string[] {
    return [...this.#objects]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name} (${count} object${count === 1 ? '' : 's'})`)
  }
}
