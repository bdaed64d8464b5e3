import { mkdir } from 'node:fs/promises'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { DEFAULT_MIRROR_URL, getTrustedRoot } from '@sigstore/tuf'
import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' }
import type { Json } from '../manifest/json.ts'
import type { RootInfo } from '../versions/signature-source.ts'

/** The authorities and logs that are trusted, and how old that knowledge may be. */
export interface KnownRoot extends RootInfo {
  root: TrustedRoot
}

export interface SigstoreRootOptions {
  /** where metadata is kept from run to run; it is checked again each time */
  cachePath: string
  /** of the TUF repository; the one of the public Sigstore by default */
  mirrorURL?: string
  /** root.json to begin with, where the mirror is not the public one */
  rootPath?: string
  /** what is trusted where nothing can be fetched; what came with @sigstore/tuf by default */
  shipped?: () => TrustedRoot
  timeoutMs?: number
}

/**
 * The trusted root of Sigstore by TUF: what an earlier run kept is good until its metadata expire (days); then, or on demand, it
 * is fetched again. Where that fails, the one that came with the package counts, which knows no newer authorities.
 */
export class SigstoreRoot {
  readonly #options: SigstoreRootOptions
  #known: Promise<KnownRoot> | undefined
  #refreshed: Promise<KnownRoot> | undefined

  constructor(options: SigstoreRootOptions) {
    this.#options = options
  }

  /** Once a run. Never throws: there is always a root, see its `state`. */
  async read(): Promise<KnownRoot> {
    return await (this.#refreshed ?? (this.#known ??= this.#fetch(true)))
  }

  /** Asks for what is trusted now, once a run: for signatures that name an authority the root does not know. */
  async refresh(): Promise<KnownRoot> {
    return await (this.#refreshed ??= this.#fetch(false))
  }

  async #fetch(forceCache: boolean): Promise<KnownRoot> {
    const { cachePath, mirrorURL = DEFAULT_MIRROR_URL, rootPath, timeoutMs = 5000 } = this.#options
    try {
      await mkdir(cachePath, { recursive: true })
      const root = await getTrustedRoot({
        cachePath,
        mirrorURL,
        ...(rootPath === undefined ? {} : { rootPath }),
        forceCache,
        timeout: timeoutMs,
        retry: { retries: 0 },
      })
      return { root, state: 'current' }
    } catch (error) {
      return {
        root: (this.#options.shipped ?? shippedRoot)(),
        state: 'shipped',
        problem: `${new URL(mirrorURL).host} gives no newer one: ${reasonOf(error)}`,
      }
    }
  }
}

/** The root that came with @sigstore/tuf. */
export function shippedRoot(): TrustedRoot {
  const text = seeds[DEFAULT_MIRROR_URL].targets['trusted_root.json']
  const content: Json = JSON.parse(Buffer.from(text, 'base64').toString('utf8'))
  return TrustedRoot.fromJSON(content)
}

/** The innermost reason, on one line. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return reasonOf(error.cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : (error.message.split('\n')[0] ?? '')
}
