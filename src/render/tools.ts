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
  /** what `.Capabilities.APIVersions` holds beyond helm's own list: 'monitoring.coreos.com/v1', 'v1/Kind' */
  apiVersions?: readonly string[]
  /** spec of the HelmRelease: whether crds/ is part of the output */
  includeCrds: boolean
  /** do not hold the values against values.schema.json (`disableSchemaValidation`) */
  skipSchemaValidation?: boolean
}

/** `yaml`: what `helm template` prints, each document below a comment '# Source: CHART/FILE'. */
export type HelmResult = { ok: true; yaml: string; notes?: string[] } | { ok: false; error: RenderFailure }

/** A chart archive that was fetched and made ready as source-controller does (values files merged, version marked). */
export interface Chart {
  name: string
  version: string
  appVersion?: string
  /** 'sha256:…' of the archive */
  digest: string
  /** the gzipped tar */
  archive: Uint8Array
}

/** What source-controller changes in a chart before helm sees it. */
export interface ChartBuild {
  /**
   * Files whose merged content replaces the chart's values.yaml (source-controller 1.9, internal/helm/chart):
   * paths in the chart, for a chart of the tree paths from the root of the tree.
   */
  valuesFiles?: readonly string[]
  ignoreMissingValuesFiles?: boolean
}

export interface OciChart extends ChartBuild {
  kind: 'oci'
  /** 'oci://ghcr.io/owner/charts/name' */
  url: string
  /** the digest wins over the range, the range over the tag; none of them: 'latest' */
  tag?: string
  semver?: string
  /** a regular expression that tags must match before the range is looked at */
  semverFilter?: string
  digest?: string
  /** media type of the layer that is the chart; absent: the first layer */
  layerMediaType?: string
  /**
   * the chart's version gets '+' and twelve digits of the manifest's digest, and must equal the tag
   * (helm-controller 1.6, mutateChartWithSourceRevision: only charts of an OCIRepository)
   */
  markVersion?: boolean
  /** plain HTTP, as the source says */
  insecure?: boolean
}

export interface RepositoryChart extends ChartBuild {
  kind: 'repository'
  url: string
  chart: string
  /** a version or a range of Masterminds/semver; '' for the newest stable one */
  version: string
}

export interface TreeChart extends ChartBuild {
  kind: 'tree'
  /** the chart's directory, or an archive (.tgz), from the root of the tree */
  path: string
  /** by path from the root of the tree: the chart, its local dependencies and its values files */
  files: ReadonlyMap<string, Uint8Array>
}

/** Where a HelmRelease takes its chart from. */
export type ChartReference = OciChart | RepositoryChart | TreeChart

/** Fetches charts. Implemented by src/adapters/charts.ts with a cache by digest. */
export interface ChartSource {
  pull(reference: ChartReference): Promise<ChartResult>
  /**
   * The files of a chart's archive by path ('mychart/Chart.yaml'), within limits on size and number, links refused.
   * @throws Error where the archive breaks a limit
   */
  unpack(chart: Chart): Promise<ReadonlyMap<string, Uint8Array>>
}

/**
 * 'unavailable' is not an error of the tree: offline, no credentials, registry down; equal causes have equal texts.
 * Otherwise the reference itself is wrong: no such version, no chart, a values file that is missing.
 */
export type ChartResult =
  | { ok: true; chart: Chart }
  | { ok: false; unavailable: boolean; reason: string; message: string; repair?: string }

/**
 * Keeps what was rendered from one run to the next. It may forget anything at any time; what it gives is what was put.
 * Implemented by src/adapters/render-store.ts.
 */
export interface RenderStore {
  /** @param key a SHA-256 in hexadecimal, of everything that the content depends on */
  get(key: string): Promise<string | undefined>
  put(key: string, content: string): Promise<void>
}
