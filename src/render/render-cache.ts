import type { Tree } from '../manifest/tree.ts'
import { documentsOf, type SourceDocument } from './origins.ts'
import { readKustomization, type KustomizationRead } from './kustomization-file.ts'

/**
 * What was read and parsed in one run, by content id: components are shared by a hundred Kustomizations, and most files of
 * base and head are equal.
 */
export class RenderCache {
  readonly #bytes = new Map<string, Promise<Uint8Array>>()
  readonly #kustomizations = new Map<string, Promise<KustomizationRead>>()
  readonly #documents = new Map<string, Promise<readonly SourceDocument[]>>()

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
}

async function remember<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const before = known.get(key)
  if (before !== undefined) return await before
  const made = make()
  known.set(key, made)
  return await made
}
