import type { Rule } from '../rule.ts'
import { marked } from './marked.ts'

/**
 * What an update of an operator or of CRDs does to what the tree holds (src/judge-upgrade.ts), and what the project says about releases of
 * CloudNativePG (src/cnpg/release).
 */
export const upgradeRules: readonly Rule[] = [
  {
    id: 'upgrade-refused',
    level: 'error',
    title: 'What the tree holds is taken by the version of the operator and the CRDs that a change brings.',
    why: 'What is stored stays as it is until it is written. Its next change is refused, and where the refusal is no matter of what changed, every apply of its Kustomization, too.',
    repair: 'Mend the object in a change before the update, or hold the update back.',
    failing: marked(
      bothTrees(operator('1.29.1'), operator('1.30.1'), database('      a-b: "1"')),
      'a-b: "1"',
    ),
    mended: bothTrees(operator('1.29.1'), operator('1.30.1'), database('      work_mem: 16MB')),
  },
  {
    id: 'upgrade-field-dropped',
    level: 'error',
    title: 'What the tree says is said in fields that the new CRDs have, too.',
    why: 'The API server takes a field that the CRD has no more out of what is stored, without a word. The operator stops doing what it said; Flux is refused from then on.',
    repair: 'Move what the field says to what replaces it, in a change before the update.',
    failing: marked(
      bothTrees(jars('lid: { type: string }'), jars('cover: { type: string }'), jar('lid: red')),
      'spec: { lid: red }',
    ),
    mended: bothTrees(
      jars('lid: { type: string }'),
      jars('lid: { type: string }, cover: { type: string }'),
      jar('lid: red'),
    ),
  },
  {
    id: 'upgrade-deprecated',
    level: 'warning',
    title: 'Nothing in the tree becomes deprecated by an update.',
    why: 'It works on, and goes away with a later version.',
    repair: 'Move to what replaces it before the version that drops it.',
    failing: marked(
      bothTrees(
        jars('lid: { type: string }'),
        jars('lid: { type: string }', 'deprecated: true, '),
        jar('lid: red'),
      ),
      'apiVersion: example.org/v1',
    ),
    mended: bothTrees(
      jars('lid: { type: string }'),
      jars('lid: { type: string }, cover: { type: string }'),
      jar('lid: red'),
    ),
  },
  {
    id: 'upgrade-now-possible',
    level: 'note',
    title: 'Objects that only the new version takes wait until it runs.',
    why: 'Applied in one go with the update they are refused until the new version is up; a Kustomization tries again at its interval.',
    repair: 'Put them into a Kustomization of their own with dependsOn, or into a later change.',
    failing: marked(
      bothTrees(
        jars('lid: { type: string }'),
        jars('lid: { type: string }, cover: { type: string }'),
        jar('cover: red'),
      ),
      'spec: { cover: red }',
    ),
    mended: bothTrees(
      jars('lid: { type: string }'),
      jars('lid: { type: string }, cover: { type: string }'),
      jar('lid: red'),
    ),
  },
  {
    id: 'upgrade-judged',
    level: 'note',
    title:
      'An update of an operator or of CRDs is told, with the number of objects that were held against both versions.',
    why: 'That nobody looked and that all is well look the same otherwise.',
    repair: 'Nothing is to be done.',
    failing: marked(
      bothTrees(operator('1.29.1'), operator('1.30.1'), database('      work_mem: 16MB')),
      'cloudnative-pg:1.30.1',
    ),
    mended: bothTrees(operator('1.30.1'), operator('1.30.1'), database('      work_mem: 16MB')),
  },
  {
    id: 'operator-end-of-life',
    level: 'note',
    title: 'The operator is of a minor that the project still supports.',
    why: 'A minor is mended for about half a year; after that it gets no fix any more, security included. A change that leads to such a release is warned of.',
    repair: 'Update minor by minor to a supported one.',
    failing: marked(
      `# .github/cnpg-steward.yaml\nkubernetesVersion: "1.33"\n---\n# operator.yaml\n${operator('1.26.0')}`,
      'cloudnative-pg:1.26.0',
    ),
    mended: `# operator.yaml\n${operator('1.30.1')}`,
  },
  {
    id: 'operator-advisories',
    level: 'note',
    title: 'The operator has the fixes of the published advisories.',
    why: 'They are public; what they mend stands open in older releases. A change that leads to such a release is warned of.',
    repair: 'Update to the newest release of the minor, or to a supported one.',
    failing: marked(`# operator.yaml\n${operator('1.30.0')}`, 'cloudnative-pg:1.30.0'),
    mended: `# operator.yaml\n${operator('1.30.1')}`,
  },
  {
    id: 'operator-kubernetes',
    level: 'note',
    title: 'The operator supports the version of Kubernetes that the configuration names.',
    why: 'The project tests each minor with some versions of Kubernetes, and helps with those. A change that leads away from them is warned of.',
    repair: 'Take a release of the operator that supports it; correct kubernetesVersion where it is old.',
    failing: marked(
      `# .github/cnpg-steward.yaml\nkubernetesVersion: "1.33"\n---\n# operator.yaml\n${operator('1.30.1')}`,
      'cloudnative-pg:1.30.1',
    ),
    mended: `# .github/cnpg-steward.yaml\nkubernetesVersion: "1.35"\n---\n# operator.yaml\n${operator('1.30.1')}`,
  },
  {
    id: 'operator-postgres',
    level: 'warning',
    title: 'Each Cluster runs a major of PostgreSQL that its operator supports.',
    why: 'The operator takes other majors, too; what it does with them is not tested, and its images are built no more.',
    repair: 'Upgrade PostgreSQL to a major that both the operator before and the new one support.',
    failing: marked(
      `# operator.yaml\n${operator('1.30.1')}---\n# cluster.yaml\n${database('      work_mem: 16MB', '13.22-system-bookworm')}`,
      '13.22-system-bookworm',
    ),
    mended: `# operator.yaml\n${operator('1.30.1')}---\n# cluster.yaml\n${database('      work_mem: 16MB')}`,
  },
  {
    id: 'operator-skips-minors',
    level: 'warning',
    title: 'The operator is updated minor by minor.',
    why: 'The project recommends it and tests no other way; the steps of each release left out are to be done all the same.',
    repair: 'Update to the last release of the next minor first.',
    failing: marked(twoTrees(operator('1.27.1'), operator('1.30.1')), 'cloudnative-pg:1.30.1'),
    mended: twoTrees(operator('1.29.1'), operator('1.30.1')),
  },
  {
    id: 'operator-downgrade',
    level: 'warning',
    title: 'The operator does not go back to an older release.',
    why: 'The older one looks after objects, Pods and a status that the newer one wrote; its CRDs drop the fields that only the newer has. The project tests updates alone.',
    repair: 'Go on to a newer release instead, or try the way back on a copy first.',
    failing: marked(twoTrees(operator('1.30.1'), operator('1.29.1')), 'cloudnative-pg:1.29.1'),
    mended: twoTrees(operator('1.29.1'), operator('1.30.1')),
  },
  {
    id: 'operator-upgrade-step',
    level: 'warning',
    title: 'What the releases on the way ask for is done before the operator is updated.',
    why: 'Some releases change what a tree relies on: rights of monitoring queries, the encoding of passwords, permissions of the operator.',
    repair: 'Do what the finding says; it stands at the field that is concerned.',
    failing: marked(
      bothTrees(operator('1.29.1'), operator('1.30.1'), database('      password_encryption: md5')),
      'password_encryption: md5',
    ),
    mended: bothTrees(operator('1.29.1'), operator('1.30.1'), database('      work_mem: 16MB')),
  },
  {
    id: 'operator-release-notes',
    level: 'note',
    title: 'What the notes of the releases on the way call important is told with an update.',
    why: 'The notes of the chart do not hold those of the operator.',
    repair: 'Read the release notes of every release on the way.',
    failing: marked(twoTrees(operator('1.29.1'), operator('1.30.1')), 'cloudnative-pg:1.30.1'),
    mended: twoTrees(operator('1.30.1'), operator('1.30.1')),
  },
]

function twoTrees(base: string, head: string): string {
  return `# base/operator.yaml\n${base}---\n# head/operator.yaml\n${head}`
}

function bothTrees(base: string, head: string, object: string): string {
  return `# base/operator.yaml\n${base}---\n# base/object.yaml\n${object}---\n# head/operator.yaml\n${head}---\n# head/object.yaml\n${object}`
}

function operator(version: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: cnpg-controller-manager, namespace: cnpg-system }
spec:
  selector: { matchLabels: { app: cnpg } }
  template:
    metadata: { labels: { app: cnpg } }
    spec:
      containers:
        - name: manager
          image: ghcr.io/cloudnative-pg/cloudnative-pg:${version}
`
}

function database(parameter: string, tag = '17.6-standard-trixie'): string {
  return `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: postgres, namespace: databases }
spec:
  imageName: ghcr.io/cloudnative-pg/postgresql:${tag}
  storage: { size: 10Gi }
  postgresql:
    parameters:
${parameter}
`
}

function jars(properties: string, version = ''): string {
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: jars.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Jar, plural: jars }
  versions:
    - ${version === '' ? '' : `${version.replace(', ', '')}\n      `}name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties: { ${properties} }
`
}

function jar(field: string): string {
  return `apiVersion: example.org/v1
kind: Jar
metadata: { name: jar, namespace: kitchen }
spec: { ${field} }
`
}
