import { isScalar } from 'yaml'
import { readImageReference, type ImageReference } from '../manifest/image-reference.ts'
import type { Found, NodeReader } from './yaml-nodes.ts'

/** An image in a document: in one text, or in a map of its parts. */
export interface ImageField {
  name: string
  tag?: string
  digest?: string
  /** the text that holds all of it */
  whole?: Found
  tagField?: Found
  digestField?: Found
  /** the last name on the way to it */
  key: string
}

const IMAGE_KEY = /image$/i
// a registry or a path, and a tag or a digest; `image: jellyfin` in the values of a dashboard is none
const IMAGE = /^[a-z0-9][\w.-]*(?::\d+)?(?:\/[\w.-]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/i

/** Whether a text reads as an image with a tag or a digest. Variables of Flux and templates may stand in it. */
export function isImage(text: string): boolean {
  // all of it is a variable: where that is set says more
  if (/^\$\{[A-Za-z_]\w*(?::?[=-][^}]*)?\}$/.test(text)) return true
  const plain = text.replaceAll(/\$\{[^}]*\}|\{\{.*?\}\}|<<.*?>>/g, 'x')
  const { tag, digest } = readImageReference(plain)
  return (tag !== undefined || digest !== undefined) && IMAGE.test(plain)
}

/** As `readImageReference`, but colons within variables (`${VERSION:=18}`) take nothing apart. */
export function readWrittenImage(text: string): ImageReference {
  const masked = text.replaceAll(/\$\{[^}]*\}|\{\{.*?\}\}|<<.*?>>/g, variable => 'x'.repeat(variable.length))
  const { name, tag, digest } = readImageReference(masked)
  const digestAt = digest === undefined ? text.length : text.length - digest.length - 1
  return {
    name: text.slice(0, name.length),
    ...(tag === undefined ? {} : { tag: text.slice(name.length + 1, digestAt) }),
    ...(digest === undefined ? {} : { digest: text.slice(digestAt + 1) }),
  }
}

/**
 * Every image below a node, by the names people give: any text under a key that ends in 'image' (also imageName), a map of
 * `repository` with `tag`, `version` or `digest`, and variables of the environment named so.
 */
export function imageFields(reader: NodeReader, root: Found | undefined): ImageField[] {
  const fields: ImageField[] = []
  const walk = (found: Found, key: string): void => {
    const text = reader.text(found)
    if (text !== undefined) {
      const isNamed = IMAGE_KEY.test(key) || key === 'imageName'
      if (isNamed && isImage(text)) fields.push({ ...readWrittenImage(text), whole: found, key })
      return
    }
    // read once, where the anchor stands
    if (found.alias !== undefined) return
    const parts = imageMap(reader, found)
    if (parts !== undefined) fields.push({ ...parts, key })
    const name = reader.text(found, 'name')
    const value = reader.at(found, 'value')
    // name: SIDECAR_IMAGE, value: …
    if (name !== undefined && value !== undefined && IMAGE_KEY.test(name)) walk(value, name)
    for (const [below, item] of reader.fields(found))
      if (below !== 'value' || name === undefined) walk(item, below)
    for (const item of reader.items(found)) walk(item, key)
  }
  if (root !== undefined) walk(root, '')
  return fields
}

/** `{ registry?, repository, tag|version, digest? }`, as the values of most charts have it. */
function imageMap(reader: NodeReader, found: Found): Omit<ImageField, 'key'> | undefined {
  const repository = reader.text(found, 'repository')
  if (repository === undefined || repository === '' || /^(https?|oci|ssh|git|s3)[:@]/.test(repository))
    return undefined
  const tagField = reader.at(found, 'tag') ?? reader.at(found, 'version')
  const digestField = reader.at(found, 'digest') ?? reader.at(found, 'sha')
  const tag = plainText(tagField)
  const digest = plainText(digestField)
  if (tag === undefined && digest === undefined) return undefined
  const registry = reader.text(found, 'registry')
  // `tag: 1.2.3@sha256:…`
  const [version = '', inTag] = (tag ?? '').split('@')
  return {
    name: registry === undefined || registry === '' ? repository : `${registry}/${repository}`,
    ...(version === '' ? {} : { tag: version }),
    ...(inTag !== undefined ? { digest: inTag } : digest === undefined || digest === '' ? {} : { digest }),
    ...(tagField === undefined ? {} : { tagField }),
    ...(digestField === undefined ? {} : { digestField }),
  }
}

function plainText(found: Found | undefined): string | undefined {
  return isScalar(found?.node) && typeof found.node.value === 'string' ? found.node.value : undefined
}
