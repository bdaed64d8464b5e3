/** A reference of a container image, taken apart. */
export interface ImageReference {
  /** all before tag and digest, as written: 'ghcr.io/cloudnative-pg/postgresql', 'postgres' */
  name: string
  tag?: string
  /** 'sha256:…' */
  digest?: string
}

/**
 * Takes a reference apart as the grammar of distribution/reference does: the digest stands behind '@', the tag behind the last
 * colon that is not the port of a registry. Nothing is checked beyond that.
 */
export function readImageReference(reference: string): ImageReference {
  const at = reference.indexOf('@')
  const rest = at === -1 ? reference : reference.slice(0, at)
  const colon = rest.lastIndexOf(':')
  const hasTag = colon > rest.lastIndexOf('/')
  return {
    name: hasTag ? rest.slice(0, colon) : rest,
    ...(hasTag ? { tag: rest.slice(colon + 1) } : {}),
    ...(at === -1 ? {} : { digest: reference.slice(at + 1) }),
  }
}

/** Joins what `readImageReference` took apart. */
export function writeImageReference({ name, tag, digest }: ImageReference): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** Whether an image is PostgreSQL of the CloudNativePG project, from its own registry or a mirror that keeps the path. */
export function isProjectPostgres(name: string): boolean {
  return /(?:^|\/)cloudnative-pg\/postgresql$/.test(name)
}
