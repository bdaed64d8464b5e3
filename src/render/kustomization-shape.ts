/**
 * The shape of a kustomization file: kustomize api v0.21.2, types/kustomization.go and the types it names.
 * Go reads keys without regard to case, and a value of another kind is an error.
 */
export type Shape = 'text' | 'flag' | 'integer' | 'any' | ListShape | MapShape | ObjectShape
export interface ListShape {
  list: Shape
}
export interface MapShape {
  map: Shape
}
export interface ObjectShape {
  fields: Readonly<Record<string, Shape>>
}

const texts: ListShape = { list: 'text' }
const textMap: MapShape = { map: 'text' }
const list = (fields: Record<string, Shape>): ListShape => ({ list: { fields } })

const gvk = { group: 'text', version: 'text', kind: 'text' } as const
const resId = { ...gvk, name: 'text', namespace: 'text' } as const
const selector: ObjectShape = { fields: { ...resId, annotationSelector: 'text', labelSelector: 'text' } }
const patches = list({
  path: 'text',
  patch: 'text',
  target: selector,
  options: { fields: { allowNameChange: 'flag', allowKindChange: 'flag' } },
})
const images = list({ name: 'text', newName: 'text', tagSuffix: 'text', newTag: 'text', digest: 'text' })
const generatorOptions: ObjectShape = {
  fields: { labels: textMap, annotations: textMap, disableNameSuffixHash: 'flag', immutable: 'flag' },
}
const generator = {
  namespace: 'text',
  name: 'text',
  behavior: 'text',
  literals: texts,
  files: texts,
  envs: texts,
  env: 'text',
  options: generatorOptions,
} as const
const fieldOptions: ObjectShape = {
  fields: { delimiter: 'text', index: 'integer', encoding: 'text', create: 'flag' },
}
const replacements = list({
  path: 'text',
  source: { fields: { ...resId, fieldPath: 'text', options: fieldOptions } },
  sourceValue: 'text',
  targets: list({ select: selector, reject: { list: selector }, fieldPaths: texts, options: fieldOptions }),
})
const helmCharts = list({
  name: 'text',
  version: 'text',
  repo: 'text',
  releaseName: 'text',
  namespace: 'text',
  additionalValuesFiles: texts,
  valuesFile: 'text',
  valuesInline: { map: 'any' },
  valuesMerge: 'text',
  includeCRDs: 'flag',
  skipHooks: 'flag',
  apiVersions: texts,
  kubeVersion: 'text',
  nameTemplate: 'text',
  skipTests: 'flag',
  debug: 'flag',
  devel: 'flag',
})
const helmChartInflationGenerator = list({
  chartName: 'text',
  chartVersion: 'text',
  chartRepoUrl: 'text',
  chartHome: 'text',
  chartRepoName: 'text',
  helmBin: 'text',
  helmHome: 'text',
  values: 'text',
  valuesLocal: { map: 'any' },
  valuesMerge: 'text',
  releaseName: 'text',
  releaseNamespace: 'text',
  extraArgs: texts,
})

export const kustomizationShape: ObjectShape = {
  fields: {
    kind: 'text',
    apiVersion: 'text',
    metadata: { fields: { name: 'text', namespace: 'text', labels: textMap, annotations: textMap } },
    openapi: textMap,
    namePrefix: 'text',
    nameSuffix: 'text',
    namespace: 'text',
    commonLabels: textMap,
    labels: list({
      pairs: textMap,
      includeSelectors: 'flag',
      includeTemplates: 'flag',
      includeVolumeClaimTemplates: 'flag',
      fields: list({ ...gvk, path: 'text', create: 'flag' }),
    }),
    commonAnnotations: textMap,
    patchesStrategicMerge: texts,
    patchesJson6902: patches,
    patches,
    images,
    imageTags: images,
    replacements,
    replicas: list({ name: 'text', count: 'integer' }),
    vars: list({
      name: 'text',
      objref: { fields: { apiVersion: 'text', ...resId } },
      fieldref: { fields: { fieldPath: 'text' } },
    }),
    sortOptions: {
      fields: { order: 'text', legacySortOptions: { fields: { orderFirst: texts, orderLast: texts } } },
    },
    resources: texts,
    components: texts,
    crds: texts,
    bases: texts,
    configMapGenerator: list({ ...generator }),
    secretGenerator: list({ ...generator, type: 'text' }),
    helmGlobals: { fields: { chartHome: 'text', configHome: 'text' } },
    helmCharts,
    helmChartInflationGenerator,
    generatorOptions,
    configurations: texts,
    generators: texts,
    transformers: texts,
    validators: texts,
    buildMetadata: texts,
  },
}
