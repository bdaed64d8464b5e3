import type { Rule } from '../rule.ts'

const REFUSED = 'The API server refuses the object, and Flux then applies nothing of the whole Kustomization.'

/** What an object can be blamed for by the schema of its kind (src/schema). */
export const schemaRules: readonly Rule[] = [
  {
    id: 'schema-unknown-field',
    level: 'error',
    title: 'An object has only fields that its schema declares.',
    why: 'Flux applies server-side, and server-side apply refuses a field that the schema does not declare; nothing of the Kustomization is applied.',
    repair: 'Correct the name, or move the field to where it belongs; the finding proposes a near name.',
    failing: cluster('instanses: 3 # ←'),
    mended: cluster('instances: 3'),
  },
  {
    id: 'schema-type',
    level: 'error',
    title: 'A field has the type that its schema declares.',
    why: REFUSED,
    repair: 'Write a value of that type: quotes make a text, no quotes a number or true and false.',
    failing: cluster('instances: "3" # ←'),
    mended: cluster('instances: 3'),
  },
  {
    id: 'schema-required',
    level: 'error',
    title: 'A field that the schema requires is there.',
    why: REFUSED,
    repair: 'Add the field.',
    failing: `apiVersion: v1 # ←
kind: PersistentVolumeClaim
metadata:
  name: dumps
spec:
  accessModes:
    - ReadWriteOnce
  resources:
    requests:
      storage: 10Gi
  dataSource:
    name: dumps-of-yesterday`,
    mended: `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: dumps
spec:
  accessModes:
    - ReadWriteOnce
  resources:
    requests:
      storage: 10Gi
  dataSource:
    kind: PersistentVolumeClaim
    name: dumps-of-yesterday`,
  },
  {
    id: 'schema-enum',
    level: 'error',
    title: 'A value is one of those that the schema lists.',
    why: REFUSED,
    repair: 'Use one of the values that the finding names.',
    failing: cluster('primaryUpdateMethod: rolling # ←'),
    mended: cluster('primaryUpdateMethod: switchover'),
  },
  {
    id: 'schema-pattern',
    level: 'error',
    title: 'A text has the form that the pattern of the schema asks for.',
    why: REFUSED,
    repair: 'Write the text in that form.',
    failing: cluster('backup:\n    retentionPolicy: 30 days # ←'),
    mended: cluster(
      'backup:\n    retentionPolicy: 30d\n    barmanObjectStore:\n      destinationPath: s3://backups/postgres\n      s3Credentials:\n        inheritFromIAMRole: true',
    ),
  },
  {
    id: 'schema-range',
    level: 'error',
    title: 'A number is within the range of its schema.',
    why: REFUSED,
    repair: 'Choose a number within the range that the finding names.',
    failing: cluster('instances: 0 # ←'),
    mended: cluster('instances: 1'),
  },
  {
    id: 'schema-length',
    level: 'error',
    title: 'A text or a list is neither too short nor too long.',
    why: REFUSED,
    repair: 'Fill it in, shorten it, or take it out.',
    failing: cluster('replica:\n    source: "" # ←'),
    mended: cluster(
      'replica:\n    enabled: false\n    source: main\n  externalClusters:\n    - name: main\n      connectionParameters:\n        host: main.example.org',
    ),
  },
  {
    id: 'schema-format',
    level: 'error',
    title: 'A text has the format that the schema names: a date, a duration, base64.',
    why: REFUSED,
    repair: 'Write it in that format; a value of a Secret may stand plain under stringData.',
    failing: `apiVersion: v1
kind: Secret
metadata:
  name: postgres-app
data:
  username: app user # ←`,
    mended: `apiVersion: v1
kind: Secret
metadata:
  name: postgres-app
stringData:
  username: app user`,
  },
  {
    id: 'schema-list-key',
    level: 'error',
    title: 'The items of a list differ in the keys by which they are told apart.',
    why: 'Server-side apply cannot tell which of two equal items is meant and refuses the object.',
    repair: 'Rename one of them, or take it out.',
    failing: `apiVersion: v1
kind: Service
metadata:
  name: postgres
spec:
  ports:
    - name: postgres
      port: 5432
    - name: metrics # ←
      port: 5432`,
    mended: `apiVersion: v1
kind: Service
metadata:
  name: postgres
spec:
  ports:
    - name: postgres
      port: 5432
    - name: metrics
      port: 9187`,
  },
  {
    id: 'schema-alternatives',
    level: 'error',
    title: 'An object takes one of the forms between which its schema lets it choose.',
    why: REFUSED,
    repair: 'Fill in what one of the forms asks for, and nothing of the others where only one is allowed.',
    failing: alternatives('spec: # ←\n  plain: postgres\n  sealed: AgBy...'),
    mended: alternatives('spec:\n  sealed: AgBy...'),
  },
  {
    id: 'schema-version-not-served',
    level: 'error',
    title: 'The API version of an object is served.',
    why: 'The API server does not know the kind in this version, and Flux then applies nothing of the whole Kustomization.',
    repair: 'Use a served version; the finding names them.',
    failing: repository('v1beta1 # ←'),
    mended: repository('v1'),
  },
  {
    id: 'schema-version-removed',
    level: 'error',
    title: 'The API version of an object is still there in the Kubernetes or Flux that is in use.',
    why: 'The API server does not know the kind any more, and Flux then applies nothing of the whole Kustomization.',
    repair: 'Use the API version that the finding names; where there is none, take the object out.',
    failing: `apiVersion: policy/v1beta1 # ←
kind: PodSecurityPolicy
metadata:
  name: restricted`,
    mended: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: postgres
spec:
  maxUnavailable: 1`,
  },
  {
    id: 'schema-version-deprecated',
    level: 'note',
    title: 'The API version of an object is served by the next versions, too.',
    why: 'It works until the version that the finding names is installed; then the object is refused, and the upgrade with it.',
    repair: 'Use the API version that the finding names before that upgrade.',
    failing: alert('v1beta2 # ←'),
    mended: alert('v1beta3'),
  },
]

/** A whole Cluster with one more line in its spec. */
function cluster(line: string): string {
  const instances = line.startsWith('instan') ? '' : '\n  instances: 3'
  return `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: postgres
spec:${instances}
  ${line}
  storage:
    size: 10Gi`
}

/** Where Flux still serves the old version. */
function alert(version: string): string {
  return `# .github/cnpg-steward.yaml
fluxVersion: "2.7"
---
# kustomization.yaml
resources:
  - alert.yaml
---
# alert.yaml
apiVersion: notification.toolkit.fluxcd.io/${version}
kind: Alert
metadata:
  name: databases
  namespace: flux-system
spec:
  providerRef:
    name: chat
  eventSources:
    - kind: Kustomization
      name: "*"`
}

function repository(version: string): string {
  return `apiVersion: source.toolkit.fluxcd.io/${version}
kind: GitRepository
metadata:
  name: fleet
spec:
  interval: 1h
  url: https://github.com/example/fleet.git`
}

/** An object of a kind that the repository defines itself. */
function alternatives(spec: string): string {
  return `# kustomization.yaml
resources:
  - crd.yaml
  - password.yaml
---
# crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: passwords.example.org
spec:
  group: example.org
  names: { kind: Password, listKind: PasswordList, plural: passwords, singular: password }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                plain: { type: string }
                sealed: { type: string }
              oneOf:
                - required: [plain]
                - required: [sealed]
---
# password.yaml
apiVersion: example.org/v1
kind: Password
metadata:
  name: postgres
${spec}`
}
