/** What a new digest changes for the platforms in use. */
export type PlatformChange =
  /** every platform in use has the very manifest it had */
  | { kind: 'nothing' }
  | { kind: 'changed'; platforms: readonly string[] }
  /** platforms that the image in use has, and the new one lacks */
  | { kind: 'missing'; platforms: readonly string[] }

/**
 * An index moves whenever anything in it does, attestations included: what counts are the manifests of the platforms that
 * run (Dependabot, `multiarch_noop?`).
 * @param before,after 'linux/amd64' → digest of its manifest
 * @param inUse platforms of the nodes; absent: all that the image in use has
 */
export function platformChange(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  inUse: readonly string[] = [...before.keys()],
): PlatformChange {
  const used = inUse.filter(platform => before.has(platform))
  const missing = used.filter(platform => !after.has(platform))
  if (missing.length > 0) return { kind: 'missing', platforms: missing.toSorted() }
  const changed = used.filter(platform => before.get(platform) !== after.get(platform))
  return changed.length === 0 && used.length > 0
    ? { kind: 'nothing' }
    : { kind: 'changed', platforms: changed.toSorted() }
}
