import type { Manifest } from '../manifest/resource.ts'
import { readSource, type SourceFile } from '../manifest/source-file.ts'
import type { Tree } from '../manifest/tree.ts'
import type { Built } from './built-object.ts'
import type { Outcome } from './helm-output.ts'
import type { BlobFacts } from './focus/blob-facts.ts'
import { documentsOf, type SourceDocument } from './origins.ts'
import type { FinishResult } from './kustomization.ts'
import { readKustomization, type KustomizationRead } from './kustomization-file.ts'

/**
 * What was read, parsed and built in one run: files by content id, builds by the hash of their inputs. Components are shared by
 * a hundred Kustomizations, and most of base and head is equal: that is built once.
 */
export class RenderCache {
  readonly #bytes = new Map<string, Promise<Uint8Array>>()
  readonly #kustomizations = new Map<string, Promise<KustomizationRead>>()
  readonly #documents = new Map<string, Promise<readonly SourceDocument[]>>()
  readonly #sources = new Map<string, Promise<SourceFile['documents']>>()
  readonly #builds = new Map<string, Promise<Built>>()
  /** HelmReleases by the hash of their inputs: charts that make up passwords then do not differ where nothing changed */
  readonly releases = new Map<string, Promise<Outcome<Manifest[]>>>()
  /** Kustomizations after substitution, by the hash of their inputs */
  readonly finished = new Map<string, FinishResult>()
  /** what the text of a file tells, by its content */
  readonly facts = new Map<string, BlobFacts>()

  /** @param id the content's id, as `tree.files()` gives it for `path` */
  async bytes(tree: Tree, path: string, id: string): Promise<Uint8Array> {
    return await remember(this.#bytes, id, async () => await tree.read(path))
  }

  async text(tree: Tree, path: string, id: string): Promise<string> {
    return new TextDecoder().decode(await this.bytes(tree, path, id))
  }

  async kustomization(
    tree: Tree,
    path: string,
    id: string,
    reader: 'kustomize' | 'flux',
  ): Promise<KustomizationRead> {
    return await remember(this.#kustomizations, `${reader} ${id}`, async () =>
      readKustomization(await this.text(tree, path, id), reader),
    )
  }

  /** the YAML documents of a file, with their lines */
  async documents(tree: Tree, path: string, id: string): Promise<readonly SourceDocument[]> {
    return await remember(this.#documents, id, async () => documentsOf(await this.text(tree, path, id)))
  }

  /** what stands in a file as objects, with their lines; nothing of it is kept where it is no YAML */
  async source(tree: Tree, path: string, id: string): Promise<SourceFile['documents']> {
    return await remember(
      this.#sources,
      id,
      async () => readSource(path, await this.bytes(tree, path, id)).documents,
    )
  }

  /** What kustomize makes of inputs; asked once for the same hash, by whichever tree comes first. */
  async build(inputs: string, make: () => Promise<Built>): Promise<Built> {
    return await remember(this.#builds, inputs, make)
  }
}

async function remember<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const before = known.get(key)
  if (before !== undefined) return await before
  const made = make()
  known.set(key, made)
  return await made
}
