import { describe, expect, it } from 'vitest'
import { kustomizeSchemaFor } from '../../src/render/kustomize-schema.ts'
import { realKustomize } from '../tools.ts'

const kustomize = await realKustomize()

const SAMPLES: Record<string, { object: string; patch: string }> = {
  'items by name, each with items by a key of their own': {
    object: `apiVersion: apps/v1
kind: Deployment
metadata: {name: x, finalizers: [a]}
spec:
  template:
    spec:
      containers:
        - {name: one, image: a, env: [{name: A, value: "1"}], ports: [{containerPort: 80, name: http}], args: [x]}
        - {name: two, image: b, volumeMounts: [{mountPath: /a, name: v}]}
      initContainers: [{name: init, image: c}]
      volumes: [{name: v, emptyDir: {}}, {name: w, configMap: {name: c}}]
      tolerations: [{key: a, operator: Exists}]
      topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: DoNotSchedule}]
      imagePullSecrets: [{name: p}]
`,
    patch: `apiVersion: apps/v1
kind: Deployment
metadata: {name: x, finalizers: [b]}
spec:
  strategy: {type: Recreate}
  template:
    spec:
      containers:
        - {name: two, image: changed, volumeMounts: [{mountPath: /b, name: w}]}
        - {name: one, env: [{name: B, value: "2"}], ports: [{containerPort: 81}, {containerPort: 80, protocol: UDP}], args: [y]}
        - {name: three, image: d}
      initContainers: [{name: init, $patch: delete}]
      volumes: [{name: v, $patch: replace, secret: {secretName: s}}]
      tolerations: [{key: b, operator: Exists}]
      topologySpreadConstraints: [{topologyKey: host, maxSkew: 1, whenUnsatisfiable: DoNotSchedule}]
      imagePullSecrets: [{name: q}]
`,
  },
  'lists of a custom resource, which are replaced': {
    object: `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: x}
spec: {valuesFrom: [{kind: ConfigMap, name: a}], values: {containers: [{name: one, image: a}]}}
`,
    patch: `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: x}
spec: {install: {remediation: {retries: 3}}, valuesFrom: [{kind: ConfigMap, name: b}], values: {containers: [{name: two}]}}
`,
  },
  'ports of a Service, by number': {
    object: `apiVersion: v1
kind: Service
metadata: {name: x}
spec: {ports: [{port: 80, name: a}, {port: 90, name: b}], externalIPs: [1.1.1.1]}
`,
    patch: `apiVersion: v1
kind: Service
metadata: {name: x}
spec: {ports: [{port: 90, targetPort: 9}, {port: 100}], externalIPs: [2.2.2.2]}
`,
  },
  'rules that are replaced as a whole': {
    object: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: x}
spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}], policyTypes: [Ingress]}
`,
    patch: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: x}
spec: {ingress: [{ports: [{port: 81}]}], policyTypes: [Egress]}
`,
  },
  'a template inside a template': {
    object: `apiVersion: batch/v1
kind: CronJob
metadata: {name: x, ownerReferences: [{uid: a, name: a, kind: A, apiVersion: v1}]}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: a, env: [{name: A, value: a}]}]}}}}}
`,
    patch: `apiVersion: batch/v1
kind: CronJob
metadata: {name: x, ownerReferences: [{uid: b, name: b, kind: B, apiVersion: v1}]}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, envFrom: [{configMapRef: {name: c}}]}]}}}}}
`,
  },
  'secrets of a ServiceAccount': {
    object: `apiVersion: v1
kind: ServiceAccount
metadata: {name: x}
secrets: [{name: a}]
imagePullSecrets: [{name: b}]
`,
    patch: `apiVersion: v1
kind: ServiceAccount
metadata: {name: x}
secrets: [{name: c}]
imagePullSecrets: [{name: d}]
`,
  },
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

describe('a patch merges as with the whole schema of kustomize', () => {
  it.each(Object.entries(SAMPLES))('%s', async (_name, { object, patch }) => {
    const fields = { resources: ['x.yaml'], patches: [{ path: 'p.yaml' }], namespace: 'n' }
    const schema = kustomizeSchemaFor([fields])
    if (schema === undefined) throw new Error('a patch wants a schema')
    const files = new Map([
      ['x.yaml', new TextEncoder().encode(object)],
      ['p.yaml', new TextEncoder().encode(patch)],
    ])
    const whole = await kustomize.build({
      directory: '',
      files: new Map([...files, ['kustomization.yaml', text(fields)]]),
    })
    const slim = await kustomize.build({
      directory: '',
      files: new Map([
        ...files,
        ['kustomization.yaml', text({ ...fields, openapi: { path: schema.file } })],
        [schema.file, schema.bytes],
      ]),
    })
    expect(whole).toMatchObject({ ok: true })
    expect(slim).toEqual(whole)
  })
})

describe('a schema is given', () => {
  it.each([
    ['for patches', [{ patches: [] }], true],
    ['for patches further in', [{ resources: ['../x'] }, { patchesStrategicMerge: [] }], true],
    ['not without a patch', [{ resources: ['x.yaml'] }], false],
    ['not where a kustomization has one', [{ patches: [] }, { openapi: { path: 'x.json' } }], false],
  ])('%s', (_name, kustomizations, expected) => {
    expect(kustomizeSchemaFor(kustomizations) !== undefined).toBe(expected)
  })
})
