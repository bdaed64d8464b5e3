/** There, not there, or not known; never "up to date" for lack of an answer. */
export type Asked<T> =
  | { outcome: 'present'; value: T }
  | { outcome: 'absent'; message: string }
  | { outcome: 'indeterminate'; message: string; repair: string }

/** A version of a chart, with what it deploys where the source says. */
export interface ChartVersion {
  version: string
  appVersion?: string
}

/**
 * Where newer versions are asked for. Port; implemented by src/adapters/registry-versions.ts. Each answer is of now: a digest is
 * never remembered from an earlier run.
 */
export interface VersionSource {
  /** all tags of an image ('ghcr.io/owner/name') or of an artifact ('oci://…') */
  tags(name: string): Promise<Asked<string[]>>
  /** the digest that a tag stands for. @param known asked as a condition */
  digest(name: string, tag: string, known?: string): Promise<Asked<string>>
  /** 'linux/amd64' → digest of its manifest */
  platforms(name: string, digest: string): Promise<Asked<ReadonlyMap<string, string>>>
  /** all versions of a chart in a Helm repository */
  charts(repository: string, chart: string): Promise<Asked<ChartVersion[]>>
  /** `appVersion` of a chart in a registry */
  appVersion(url: string, version: string): Promise<Asked<string | undefined>>
}
