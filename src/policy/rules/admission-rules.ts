import type { Rule } from '../rule.ts'

const CATALOG = `apiVersion: postgresql.cnpg.io/v1
kind: ImageCatalog
metadata:
  name: majors
  namespace: databases
spec:
  images:
    - major: 17
      image: ghcr.io/cloudnative-pg/postgresql:17.6-system-trixie`

/** What the API server and the operator refuse beyond the schema (src/judge-admission.ts). */
export const admissionRules: readonly Rule[] = [
  {
    id: 'admission-rule',
    level: 'error',
    title: 'An object keeps the rules in CEL that its CRD states, also those that compare it with what runs.',
    why: 'The API server refuses it, and with it the whole Kustomization stops at the state before.',
    repair: 'The message is the rule in words. What may not change needs a new object under another name.',
    failing: `${cluster(
      '  imageCatalogRef:\n    apiGroup: postgresql.cnpg.io\n    kind: ImageCatalog\n    name: majors\n    major: 17',
    ).replace('spec:', 'spec: # ←')}\n---\n${CATALOG}`,
    mended: cluster(''),
  },
  {
    id: 'admission-decoding',
    level: 'error',
    title:
      'The operator can read the object: quantities, durations and numbers are written as Go reads them.',
    why: 'Its mutating webhook fails before anything else is looked at, and the API server refuses the object.',
    repair: 'Write 512Mi for a quantity, 10m for a duration, a whole number for a count.',
    failing: cluster(replica('10 minutes')).replace('cnpg.io/v1', 'cnpg.io/v1 # ←'),
    mended: cluster(replica('10m')),
  },
  {
    id: 'admission-operator',
    level: 'error',
    title: 'The operator takes the object, created or as an edit of what runs.',
    why: 'Its validating webhook refuses it, and with it the whole Kustomization stops at the state before.',
    repair:
      'The message is the operator\u2019s own. Volumes never shrink; a smaller one needs a new Cluster that is restored into it.',
    failing: `# base.yaml\n${cluster('')}\n# head.yaml\n${cluster('', '5Gi # ←')}`,
    mended: `# base.yaml\n${cluster('')}\n# head.yaml\n${cluster('', '20Gi')}`,
  },
  {
    id: 'admission-metadata',
    level: 'error',
    title: 'Names, labels and annotations are such as the API server takes.',
    why: 'It refuses the object, and with it the whole Kustomization stops at the state before.',
    repair: 'Names are lower case, with dashes; values of labels have at most 63 characters and no spaces.',
    failing: cluster('').replace('name: postgres', 'name: postgres\n  labels: # ←\n    team: data base'),
    mended: cluster('').replace('name: postgres', 'name: postgres\n  labels:\n    team: data-base'),
  },
  {
    id: 'admission-warning',
    level: 'note',
    title: 'The API server and the operator have nothing to warn about.',
    why: 'They take the object all the same. What is deprecated goes away with a later version of the operator.',
    repair: 'Follow the message before the operator is updated to the version that it names.',
    failing: cluster('  monitoring:\n    enablePodMonitor: true').replace('cnpg.io/v1', 'cnpg.io/v1 # ←'),
    mended: cluster(''),
  },
]

function cluster(spec: string, size = '10Gi'): string {
  return `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: postgres
  namespace: databases
spec:
  instances: 3
  imageName: ghcr.io/cloudnative-pg/postgresql:17.6-system-trixie
  storage:
    size: ${size}
${spec}`.trimEnd()
}

function replica(delay: string): string {
  return `  bootstrap:
    recovery:
      source: main
  replica:
    enabled: true
    source: main
    minApplyDelay: ${delay}
  externalClusters:
    - name: main
      connectionParameters:
        host: main.example.org`
}
