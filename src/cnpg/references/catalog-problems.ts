import { isObject, textAt, valueAt } from '../../manifest/json.ts'
import { nearName } from '../../manifest/near-name.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf, resourceLabel } from '../../manifest/resource.ts'
import { BARMAN_PLUGIN, objectStoreOf } from '../backup-store.ts'
import { isOpen, type ObjectProblem } from '../breaks/problem.ts'
import { readOperandImage } from '../operand-image.ts'
import { catalogOf } from '../operand.ts'
import type { ReferenceRequest } from './reference-problems.ts'
import { valuesAt } from './walk.ts'

/** Image catalogs that Clusters name, and what the catalogs say themselves. */
export function catalogProblems({
  objects,
  external,
  isRendered,
  isWhole,
}: ReferenceRequest): ObjectProblem[] {
  return objects.flatMap((object): ObjectProblem[] => {
    const { resource, manifest } = object
    if (groupOf(resource.apiVersion) !== 'postgresql.cnpg.io') return []
    if (/^(?:Cluster)?ImageCatalog$/.test(resource.kind)) return mismatchedImages(object)
    const reference = valueAt(manifest, 'spec', 'imageCatalogRef')
    if (resource.kind !== 'Cluster' || !isObject(reference)) return []
    const name = textAt(reference, 'name') ?? ''
    const kind = textAt(reference, 'kind') ?? 'ImageCatalog'
    if (name === '' || isOpen(name + kind)) return []
    const namespace = kind === 'ImageCatalog' ? resource.namespace : ''
    const catalog = catalogOf(manifest, reference, objects)
    if (catalog !== undefined) return missingMajor(object, catalog)
    if (
      !isRendered ||
      external.some(known => known.kind === kind && known.namespace === namespace && known.name === name)
    )
      return []
    const alike = objects.filter(one => one.resource.kind === kind)
    const near = nearName(
      name,
      alike
        .filter(one => one.resource.namespace === namespace || namespace === '')
        .map(one => one.resource.name),
    )
    const other = objects.find(
      one => /^(?:Cluster)?ImageCatalog$/.test(one.resource.kind) && one.resource.name === name,
    )
    const hint =
      near !== undefined
        ? `Did you mean ${near}? `
        : other === undefined
          ? ''
          : `There is ${resourceLabel(other.resource)}. `
    if (hint === '' && !isWhole(kind === 'ImageCatalog' ? namespace : undefined)) return []
    return [
      {
        object,
        ruleId: 'cnpg-image-catalog-unknown',
        level: 'warning',
        message: `There is no ${kind} ${name}${namespace === '' ? '' : ` in namespace ${namespace}`}: the Cluster stays in phase "Cluster has incomplete or invalid image catalog".`,
        repair: `${hint}Correct kind or name, or declare ${kind} ${namespace === '' ? name : `${namespace}/${name}`} under \`external:\` in .github/cnpg-steward.yaml.`,
        field: 'spec.imageCatalogRef.name',
      },
    ]
  })
}

function missingMajor(object: RenderedObject, catalog: RenderedObject): ObjectProblem[] {
  const major = valueAt(object.manifest, 'spec', 'imageCatalogRef', 'major')
  const majors = valuesAt(catalog.manifest, 'spec.images[].major').map(({ value }) => value)
  if (typeof major !== 'number' || majors.length === 0 || majors.includes(major)) return []
  return [
    {
      object,
      ruleId: 'cnpg-image-catalog-major',
      level: 'error',
      message: `${resourceLabel(catalog.resource)} has no image for PostgreSQL ${major}, only for ${majors.map(String).join(', ')}: the Cluster stays in phase "Cluster has incomplete or invalid image catalog".`,
      repair: `Add an image of ${major} to the catalog, or ask for a major that it has.`,
      field: 'spec.imageCatalogRef.major',
    },
  ]
}

/** The operator believes the catalog: it takes `major` from there and starts whatever the image holds. */
function mismatchedImages(object: RenderedObject): ObjectProblem[] {
  return valuesAt(object.manifest, 'spec.images[]').flatMap(({ value, field }): ObjectProblem[] => {
    const image = textAt(value, 'image') ?? ''
    const major = valueAt(value, 'major')
    const tagged = isOpen(image) ? undefined : readOperandImage(image).major
    if (typeof major !== 'number' || tagged === undefined || tagged === major) return []
    // other projects count themselves in front: pgvector:0.8.0-pg17
    if (
      tagged < 9 ||
      tagged > 30 ||
      new RegExp(`(?:^|\\D)${major}(?:\\D|$)`).test(readOperandImage(image).tag)
    )
      return []
    return [
      {
        object,
        ruleId: 'cnpg-image-catalog-mismatch',
        level: 'error',
        message: `The image for PostgreSQL ${major} is ${image}, which is ${tagged} by its tag: it does not start on data of ${major}.`,
        repair: `Name an image of ${major}, or correct major.`,
        field: `${field}.image`,
      },
    ]
  })
}

/** ObjectStores that the Barman Cloud plugin is told to use; seen: without it the Cluster has no phase, no Pod and no word. */
export function objectStoreProblems({
  objects,
  external,
  isRendered,
  isWhole,
}: ReferenceRequest): ObjectProblem[] {
  return objects.flatMap((object): ObjectProblem[] => {
    const { resource, manifest } = object
    const { namespace } = resource
    if (resource.kind !== 'Cluster' || groupOf(resource.apiVersion) !== 'postgresql.cnpg.io') return []
    if (!isRendered) return []
    const named = [
      ...valuesAt(manifest, 'spec.plugins[]'),
      ...valuesAt(manifest, 'spec.externalClusters[].plugin'),
    ]
    return named.flatMap(({ value, field }): ObjectProblem[] => {
      const name = textAt(value, 'parameters', 'barmanObjectName') ?? ''
      if (textAt(value, 'name') !== BARMAN_PLUGIN || valueAt(value, 'enabled') === false) return []
      if (name === '' || isOpen(name) || objectStoreOf(namespace, name, objects) !== undefined) return []
      if (
        external.some(
          known => known.kind === 'ObjectStore' && known.namespace === namespace && known.name === name,
        )
      )
        return []
      const stores = objects.filter(one => one.resource.kind === 'ObjectStore')
      const near = nearName(
        name,
        stores.filter(one => one.resource.namespace === namespace).map(one => one.resource.name),
      )
      const elsewhere = stores.find(one => one.resource.name === name)
      const hint =
        near !== undefined
          ? `Did you mean ${near}? `
          : elsewhere === undefined
            ? ''
            : `There is one in namespace ${elsewhere.resource.namespace}. `
      if (hint === '' && !isWhole(namespace)) return []
      return [
        {
          object,
          ruleId: 'cnpg-object-store-unknown',
          level: 'warning',
          message: `There is no ObjectStore ${name} in namespace ${namespace || 'default'}: the operator stops at the plugin; a new Cluster never gets a Pod, and says nothing.`,
          repair: `${hint}Correct the name, or declare ObjectStore ${namespace}/${name} under \`external:\` in .github/cnpg-steward.yaml.`,
          field: `${field}.parameters.barmanObjectName`,
        },
      ]
    })
  })
}
