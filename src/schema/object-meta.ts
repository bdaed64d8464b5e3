import type { StructuralSchema } from './structural.ts'

const TEXT: StructuralSchema = { type: 'string' }
const TIME: StructuralSchema = { type: 'string', format: 'date-time' }
const TEXTS: StructuralSchema = { type: 'object', additionalProperties: TEXT }

/**
 * metadata of every object (apimachinery meta/v1 ObjectMeta, Kubernetes 1.35). A CRD says of it no more than that it is
 * an object, the API server knows it by itself.
 */
export const OBJECT_META: StructuralSchema = {
  type: 'object',
  'x-kubernetes-go-type': true,
  properties: {
    annotations: TEXTS,
    creationTimestamp: TIME,
    deletionGracePeriodSeconds: { type: 'integer' },
    deletionTimestamp: TIME,
    finalizers: { type: 'array', items: TEXT, 'x-kubernetes-list-type': 'set' },
    generateName: TEXT,
    generation: { type: 'integer' },
    labels: TEXTS,
    managedFields: { type: 'array', items: { 'x-kubernetes-preserve-unknown-fields': true } },
    name: TEXT,
    namespace: TEXT,
    ownerReferences: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      items: {
        type: 'object',
        'x-kubernetes-map-type': 'atomic',
        required: ['apiVersion', 'kind', 'name', 'uid'],
        properties: {
          apiVersion: TEXT,
          blockOwnerDeletion: { type: 'boolean' },
          controller: { type: 'boolean' },
          kind: TEXT,
          name: TEXT,
          uid: TEXT,
        },
      },
    },
    resourceVersion: TEXT,
    selfLink: TEXT,
    uid: TEXT,
  },
}

/** apiVersion, kind and metadata, which every object and every embedded object has without its schema saying so. */
export const OBJECT_FIELDS: { [name: string]: StructuralSchema } = {
  apiVersion: TEXT,
  kind: TEXT,
  metadata: OBJECT_META,
}
