import { isObject, textAt, valueAt, type Json } from '../manifest/json.ts'
import type { RenderedObject } from '../manifest/rendered.ts'
import { groupOf, type Manifest } from '../manifest/resource.ts'
import { defaultOperandImage, readOperandImage, type OperandImage } from './operand-image.ts'

/** What a Cluster runs, as far as Git says. */
export interface Operand {
  /** undefined: not in this tree */
  image?: OperandImage
  /** also known where the image is not: an imageCatalogRef names it */
  major?: number
  /** who names the image */
  by: 'imageName' | 'imageCatalogRef' | 'operator'
  /** the field that names it */
  field: string
}

/**
 * @param objects everything that the Kubernetes cluster is given, for catalogs
 * @param operator its version, for the default image; undefined where the tree does not say
 */
export function operandOf(
  cluster: Manifest,
  objects: readonly RenderedObject[],
  operator: string | undefined,
): Operand {
  const name = textAt(cluster, 'spec', 'imageName')
  if (name !== undefined && name !== '') return { ...known(name), by: 'imageName', field: 'spec.imageName' }
  const reference = valueAt(cluster, 'spec', 'imageCatalogRef')
  if (isObject(reference)) {
    const major = typeof reference.major === 'number' ? { major: reference.major } : {}
    const image = catalogImage(cluster, reference, objects)
    return {
      ...(image === undefined ? {} : { image: readOperandImage(image) }),
      ...major,
      by: 'imageCatalogRef',
      field: 'spec.imageCatalogRef',
    }
  }
  const image = operator === undefined ? undefined : defaultOperandImage(operator)
  return { ...(image === undefined ? {} : known(image)), by: 'operator', field: 'spec.imageName' }
}

function known(reference: string): { image: OperandImage; major?: number } {
  const image = readOperandImage(reference)
  return { image, ...(image.major === undefined ? {} : { major: image.major }) }
}

/** The object that an imageCatalogRef names. */
export function catalogOf(
  cluster: Manifest,
  reference: Json,
  objects: readonly RenderedObject[],
): RenderedObject | undefined {
  const kind = textAt(reference, 'kind') ?? 'ImageCatalog'
  const namespace = kind === 'ImageCatalog' ? (textAt(cluster, 'metadata', 'namespace') ?? '') : undefined
  return objects.find(
    ({ resource }) =>
      groupOf(resource.apiVersion) === 'postgresql.cnpg.io' &&
      resource.kind === kind &&
      resource.name === textAt(reference, 'name') &&
      // a cluster-wide object has none, whatever its file says
      (namespace === undefined || resource.namespace === namespace),
  )
}

function catalogImage(
  cluster: Manifest,
  reference: Json,
  objects: readonly RenderedObject[],
): string | undefined {
  const images = valueAt(catalogOf(cluster, reference, objects)?.manifest, 'spec', 'images')
  const major = valueAt(reference, 'major')
  const entry = Array.isArray(images) ? images.find(item => valueAt(item, 'major') === major) : undefined
  return textAt(entry, 'image')
}
