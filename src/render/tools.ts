import type { Json } from '../manifest/json.ts'
import type { RenderFailure } from '../manifest/rendered.ts'

/** Builds kustomize directories with the real kustomize. Implemented by src/adapters/kustomize.ts. */
export interface KustomizeBuild {
  /** name and version, part of every input hash: 'kustomize 5.8.1' */
  readonly version: string
  build(request: KustomizeRequest): Promise<KustomizeResult>
}

export interface KustomizeRequest {
  /** every file the build may read, by path from the root of the tree; nothing else is there when it runs */
  files: ReadonlyMap<string, Uint8Array>
  /** the directory to build, '' for the root */
  directory: string
  /** inflate `helmCharts` with helm (Argo-style trees) */
  enableHelm?: boolean
}

/** `yaml`: the objects as kustomize prints them. `error`: one readable sentence, without paths of the machine. */
export type KustomizeResult = { ok: true; yaml: string } | { ok: false; error: RenderFailure }

/** Renders charts with the real helm. Implemented by src/adapters/helm.ts. */
export interface HelmTemplate {
  /** 'helm 4.2.3' */
  readonly version: string
  template(request: HelmRequest): Promise<HelmResult>
}

export interface HelmRequest {
  chart: Chart
  releaseName: string
  namespace: string
  /** the merged values */
  values: { [key: string]: Json }
  /** '1.35.0' */
  kubernetesVersion: string
  /** spec of the HelmRelease: whether crds/ is part of the output */
  includeCrds: boolean
}

export type HelmResult = { ok: true; yaml: string; notes?: string[] } | { ok: false; error: RenderFailure }

/** A chart archive that was fetched. */
export interface Chart {
  name: string
  version: string
  appVersion?: string
  /** 'sha256:…' of the archive */
  digest: string
  /** the gzipped tar */
  archive: Uint8Array
}

/** Where a HelmRelease takes its chart from. */
export type ChartReference =
  | { kind: 'oci'; url: string; tag?: string; semver?: string; digest?: string }
  | { kind: 'repository'; url: string; chart: string; version: string }
  /** files of the tree below `path` */
  | { kind: 'tree'; path: string; files: ReadonlyMap<string, Uint8Array> }

/** Fetches charts. Implemented by src/adapters/charts.ts with a cache by digest. */
export interface ChartSource {
  /** 'unavailable' is not an error of the tree: offline, no credentials, registry down */
  pull(reference: ChartReference): Promise<ChartResult>
}

export type ChartResult =
  | { ok: true; chart: Chart }
  | { ok: false; unavailable: boolean; reason: string; message: string; repair?: string }
