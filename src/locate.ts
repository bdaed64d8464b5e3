import type { Place } from './manifest/place.ts'
import { readSource, type SourceDocument } from './manifest/source-file.ts'
import type { Tree } from './manifest/tree.ts'

/** Finds the lines of fields in the files that objects come from. Files are read once. */
export class Locator {
  readonly #tree: Tree
  readonly #documents = new Map<string, Promise<SourceDocument[]>>()

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /**
   * The line of a field in the document an object was read from; the line of the object where the field does not stand
   * there (a patch or a variable brought it): never a line of something else.
   * @param origin the object's file and first line
   */
  async place(origin: Place, field: string | undefined): Promise<Place> {
    const { file, line } = origin
    if (field === undefined || field === '') return { file, line }
    const documents = await this.#read(file)
    const document = documents.find(candidate => candidate.line <= line && line <= candidate.endLine)
    const found = document?.locate(field)
    return found?.exact === true ? { file, line: found.line } : { file, line }
  }

  #read(file: string): Promise<SourceDocument[]> {
    const known = this.#documents.get(file)
    if (known !== undefined) return known
    const read = this.#tree.read(file).then(bytes => readSource(file, bytes).documents)
    this.#documents.set(file, read)
    return read
  }
}
