import { isObject, textAt, valueAt, type Json } from '../manifest/json.ts'
import { groupOf } from '../manifest/resource.ts'
import type { RenderedObject } from '../manifest/rendered.ts'
import type { HouseRule, RuleProblem } from './house-rule.ts'

/** Rules on objects of any kind. */
export const objectRules: HouseRule[] = [
  {
    id: 'house-image-digest',
    title: 'Images are pinned by digest.',
    why: 'A tag can be pushed again: the same commit then runs another image, on one node and not on the next.',
    repair: 'Add the digest to the tag: image:tag@sha256:…',
    failing: clusterOf('17.6-system-trixie # ←'),
    mended: clusterOf(`17.6-system-trixie@sha256:${'0'.repeat(64)}`),
    defaultLevel: 'off',
    checkObject: object =>
      imagesOf(object).flatMap(({ image, field }) =>
        /@sha256:[0-9a-f]{64}$/.test(image)
          ? []
          : [{ message: `image ${image} is not pinned by digest`, field }],
      ),
  },
  {
    id: 'house-kebab-case',
    title: 'Names of objects are kebab-case.',
    why: 'One way to write names makes them easy to search for, and valid wherever a name becomes a DNS label.',
    repair:
      'Use lower-case letters, digits and single hyphens. A renamed object is deleted and created again.',
    failing: settings('name: app.settings # ←'),
    mended: settings('name: app-settings'),
    defaultLevel: 'off',
    checkObject: ({ resource }) =>
      NAMED_BY_THE_API.has(resource.kind) || /^[a-z0-9]+(-[a-z0-9]+)*$/.test(resource.name)
        ? []
        : [{ message: `the name ${resource.name} is not kebab-case`, field: 'metadata.name' }],
  },
  {
    id: 'house-annotation-prefix',
    title: 'Annotations of our own carry our prefix.',
    why: 'Without a prefix nobody can tell whose annotation it is, and two tools may mean different things by it.',
    repair: 'Put the prefix of your domain before the name, as in monosense.dev/owner.',
    failing: settings('name: settings\n  annotations:\n    owner: platform # ←'),
    mended: settings('name: settings\n  annotations:\n    monosense.dev/owner: platform'),
    defaultLevel: 'off',
    checkObject: ({ manifest }, { annotationPrefix }) => {
      const annotations = valueAt(manifest, 'metadata', 'annotations')
      if (!isObject(annotations)) return []
      return Object.keys(annotations).flatMap((key): RuleProblem[] => {
        const message = annotationProblem(key, annotationPrefix)
        return message === undefined ? [] : [{ message, field: `metadata.annotations.${key}` }]
      })
    },
  },
]

// <plural>.<group> and <version>.<group> are prescribed; RBAC names may hold colons, as system:node does
const NAMED_BY_THE_API = new Set([
  'CustomResourceDefinition',
  'APIService',
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
])

/** No prefix at all, or one that looks like ours and is another: monosense.io/ where monosense.dev/ is configured. */
function annotationProblem(key: string, ours: string | undefined): string | undefined {
  const slash = key.indexOf('/')
  if (slash === -1) return `annotation ${key} has no prefix`
  const domain = ours?.replace(/\/$/, '')
  const name = domain?.split('.')[0]
  const here = key.slice(0, slash)
  return name !== undefined && here !== domain && here.split('.').includes(name)
    ? `annotation ${key} does not start with ${domain}/`
    : undefined
}

interface NamedImage {
  image: string
  field: string
}

/** Every image an object names: containers of Pods and of what makes Pods, and CloudNativePG's own fields. */
function imagesOf({ manifest, resource }: RenderedObject): NamedImage[] {
  if (groupOf(resource.apiVersion) === 'postgresql.cnpg.io') {
    const image = textAt(manifest, 'spec', 'imageName')
    const cluster =
      resource.kind === 'Cluster' && image !== undefined ? [{ image, field: 'spec.imageName' }] : []
    const catalog = resource.kind.endsWith('ImageCatalog') ? imagesAt(manifest, ['spec', 'images']) : []
    return [...cluster, ...catalog, ...imagesOfPod(manifest, ['spec', 'template', 'spec'])]
  }
  const path = POD_SPECS.get(`${groupOf(resource.apiVersion)}/${resource.kind}`)
  return path === undefined ? [] : imagesOfPod(manifest, path)
}

const TEMPLATE = ['spec', 'template', 'spec']
const POD_SPECS = new Map([
  ['/Pod', ['spec']],
  ['/ReplicationController', TEMPLATE],
  ['apps/Deployment', TEMPLATE],
  ['apps/StatefulSet', TEMPLATE],
  ['apps/DaemonSet', TEMPLATE],
  ['apps/ReplicaSet', TEMPLATE],
  ['batch/Job', TEMPLATE],
  ['batch/CronJob', ['spec', 'jobTemplate', 'spec', 'template', 'spec']],
])

function imagesOfPod(manifest: Json, path: string[]): NamedImage[] {
  return ['initContainers', 'containers'].flatMap(list => imagesAt(manifest, [...path, list]))
}

function imagesAt(manifest: Json, path: string[]): NamedImage[] {
  const list = valueAt(manifest, ...path)
  if (!Array.isArray(list)) return []
  return list.flatMap((item, index) => {
    const image = textAt(item, 'image')
    return image === undefined ? [] : [{ image, field: `${path.join('.')}[${index}].image` }]
  })
}

function clusterOf(tag: string): string {
  return `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: postgres
spec:
  instances: 3
  imageName: ghcr.io/cloudnative-pg/postgresql:${tag}
  storage:
    size: 10Gi`
}

function settings(metadata: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  ${metadata}`
}
