import { childAt, textIn, type Traced, type TracedMap, type TracedScalar } from '../../manifest/traced.ts'

// Paths beside every `containers` and `initContainers`: images of image volumes.
const VOLUMES = 'volumes'

/**
 * `images:` on an object (kustomize api v0.21 filters/imagetag): every `image` in a list of containers, wherever that is,
 * custom resources included; of a definition nothing.
 */
export function setImages(node: TracedMap, images: readonly Traced[]): TracedMap {
  if (images.length === 0 || textIn(node, 'kind') === 'CustomResourceDefinition') return node
  const walked = walk(node, images)
  return walked.kind === 'map' ? walked : node
}

function walk(node: Traced, images: readonly Traced[]): Traced {
  if (node.kind === 'scalar') return node
  if (node.kind === 'list') return { ...node, items: node.items.map(item => walk(item, images)) }
  const entries = new Map(node.entries)
  for (const [name, entry] of entries) {
    const below = walk(entry.node, images)
    const changed =
      below.kind === 'list' && (name === 'containers' || name === 'initContainers')
        ? { ...below, items: below.items.map(item => withImage(item, ['image'], images)) }
        : below.kind === 'list' && name === VOLUMES
          ? { ...below, items: below.items.map(item => withImage(item, ['image', 'reference'], images)) }
          : below
    entries.set(name, { ...entry, node: changed })
  }
  return { ...node, entries }
}

function withImage(item: Traced, path: readonly [string, ...string[]], images: readonly Traced[]): Traced {
  const [step, next] = path
  const found = item.kind === 'map' ? item.entries.get(step) : undefined
  if (item.kind !== 'map' || found === undefined) return item
  const entries = new Map(item.entries)
  if (next !== undefined) entries.set(step, { ...found, node: withImage(found.node, [next], images) })
  else if (found.node.kind === 'scalar') {
    const node = images.reduce<TracedScalar>((image, override) => replaced(image, override), found.node)
    entries.set(step, node === found.node ? found : { key: node.spot, node })
  }
  return { ...item, entries }
}

/** filters/imagetag/updater.go, internal/image */
function replaced(image: TracedScalar, override: Traced): TracedScalar {
  const written = typeof image.value === 'string' ? image.value : ''
  const name = textIn(override, 'name') ?? ''
  if (!written.startsWith(name) || name === '') return image
  const rest = /^(?::([a-zA-Z0-9_.{}-]*))?(?:@(sha256:[a-zA-Z0-9_.{}-]*))?$/.exec(written.slice(name.length))
  if (rest === null) return image
  const fields = ['newTag', 'digest', 'newName', 'tagSuffix'] as const
  const [newTag, digest, newName, tagSuffix] = fields.map(field => scalarAt(override, field))
  const decisive = newTag ?? digest ?? tagSuffix ?? newName
  if (decisive?.spot === undefined) return image
  let tag = rest[1] ?? ''
  let hash = rest[2] ?? ''
  if (newTag !== undefined || digest !== undefined) {
    tag = newTag === undefined ? '' : String(newTag.value)
    hash = digest === undefined ? '' : String(digest.value)
  } else if (tagSuffix !== undefined) {
    tag += String(tagSuffix.value)
    hash = ''
  }
  const full = `${newName === undefined ? name : String(newName.value)}${tag && `:${tag}`}${hash && `@${hash}`}`
  return { kind: 'scalar', value: full, spot: { ...decisive.spot, mechanism: 'transformer' } }
}

function scalarAt(node: Traced, field: string): TracedScalar | undefined {
  const found = childAt(node, field)
  return found?.kind === 'scalar' && found.value !== '' && found.value !== null ? found : undefined
}
