import type { Rule } from '../rule.ts'
import { marked } from './marked.ts'

const READY = "has(status.conditions) && status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')"
const NOT_READY =
  "has(status.conditions) && status.conditions.exists(c, c.type == 'Ready' && c.status == 'False')"

/** What Flux makes of objects that are fine one by one (src/flux). */
export const fluxSemanticsRules: readonly Rule[] = [
  {
    id: 'flux-applied-twice',
    level: 'warning',
    title: 'An object is applied by one Kustomization, or by several with the same content.',
    why: 'Each Kustomization takes its own version back at every interval: the object flaps, and a deletion in one of them prunes what the other still wants.',
    repair: 'Leave the object to one of them.',
    failing: timezones('UTC', ' # ←'),
    mended: timezones('Europe/Berlin'),
  },
  {
    id: 'flux-depends-on-unknown',
    level: 'warning',
    title: 'dependsOn names a Kustomization or HelmRelease that this repository applies.',
    why: 'The object waits until somebody else creates its dependency: after a slip of the pen, for ever.',
    repair:
      'Correct name or namespace; declare what lives elsewhere under `external:` in .github/cnpg-steward.yaml.',
    failing: repository(named('operator'), named('postgres', 'operater # ←')),
    mended: repository(named('operator'), named('postgres', 'operator')),
  },
  {
    id: 'flux-depends-on-cycle',
    level: 'error',
    title: 'dependsOn has no circle.',
    why: 'Each waits for the next one to be ready: none of them is ever applied.',
    repair: 'Take one of the dependsOn entries out.',
    failing: repository(
      named('operator', 'postgres').replace('dependsOn:', 'dependsOn: # ←'),
      named('postgres', 'operator'),
    ),
    mended: repository(named('operator'), named('postgres', 'operator')),
  },
  {
    id: 'flux-depends-on-suspended',
    level: 'warning',
    title: 'dependsOn names no Kustomization of the same source that is suspended.',
    why: 'Before it applies a commit, a Kustomization wants its dependencies at that same commit; a suspended one stays where it is, and everything behind it, too.',
    repair: 'Resume it, or take the dependency out while it is suspended.',
    failing: marked(
      repository(named('operator', undefined, '\n  suspend: true'), named('postgres', 'operator')),
      '- name: operator',
    ),
    mended: repository(named('operator'), named('postgres', 'operator')),
  },
  {
    id: 'flux-depends-on-expression',
    level: 'error',
    title: 'readyExpr compiles, is a bool, and can be true.',
    why: 'Flux compiles it with the variables self and dep. What does not compile, or is false however ready the dependency is, keeps the object from ever being applied.',
    repair: 'Compare fields of dep and self: dep.status.observedGeneration == dep.metadata.generation.',
    failing: marked(
      repository(named('operator'), named('postgres', 'operator\n      readyExpr: status.ready == true')),
      'readyExpr: status.ready == true',
    ),
    mended: repository(
      named('operator'),
      named(
        'postgres',
        "operator\n      readyExpr: dep.status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
      ),
    ),
  },
  {
    id: 'flux-health-check-unknown',
    level: 'warning',
    title: 'spec.healthChecks names objects that this repository applies, with their namespace.',
    why: 'What is not there is waited for until the timeout, at every new revision; the Kustomization fails, and what depends on it is not applied.',
    repair:
      'Correct name or namespace (targetNamespace is not added); declare what lives elsewhere under `external:` in .github/cnpg-steward.yaml.',
    failing: marked(
      checked(
        'wait: false\n  healthChecks:\n    - { apiVersion: postgresql.cnpg.io/v1, kind: Cluster, name: postgres }',
      ),
      'name: postgres }',
    ),
    mended: checked(
      'wait: false\n  healthChecks:\n    - { apiVersion: postgresql.cnpg.io/v1, kind: Cluster, name: postgres, namespace: databases }',
    ),
  },
  {
    id: 'flux-health-check-timeout',
    level: 'warning',
    title: 'A Kustomization waits as long for a Cluster as its instances take to be created.',
    why: 'They are created one after another, some 17 seconds each where the images are there already. A shorter timeout fails the Kustomization, and what depends on it is not applied.',
    repair: 'Give it a spec.timeout of some minutes.',
    failing: marked(checked('wait: true\n  timeout: 30s'), 'timeout: 30s'),
    mended: checked('wait: true\n  timeout: 10m'),
  },
  {
    id: 'flux-health-expression-invalid',
    level: 'error',
    title: 'Each of healthCheckExprs is CEL that Flux can use, one entry a kind.',
    why: 'The CRD takes any text; kustomize-controller then fails the whole Kustomization before it applies anything.',
    repair:
      'Correct the expression. The functions of Kubernetes (quantity, url, lists) are not among those of Flux.',
    failing: marked(checked(`wait: true${expressions('status.phase ==')}`), 'current: >-'),
    mended: checked(`wait: true${expressions(READY)}`),
  },
  {
    id: 'flux-health-expression-unused',
    level: 'note',
    title: 'healthCheckExprs stand where a health check runs.',
    why: 'Without spec.wait they are asked only for the objects that spec.healthChecks names, and with it only for what the Kustomization applies: they look like a check and are none.',
    repair: 'Set spec.wait: true, or name the object under spec.healthChecks.',
    failing: marked(checked(`wait: false${expressions(READY)}`), '- apiVersion: postgresql.cnpg.io/v1'),
    mended: checked(`wait: true${expressions(READY)}`),
  },
  {
    id: 'flux-health-expression-never',
    level: 'error',
    title: 'The expressions call an object current that is healthy.',
    why: 'They are held against objects as their controllers leave them. Where a healthy one is never current, the Kustomization fails at every timeout, and what depends on it is never applied.',
    repair: 'Ask for what the controller really sets; the fields of the object are the variables.',
    failing: marked(checked(`wait: true${expressions('status.ready == true')}`), 'current: >-'),
    mended: checked(`wait: true${expressions(READY)}`),
  },
  {
    id: 'flux-health-expression-early',
    level: 'warning',
    title: 'failed is true only of what does not end by itself.',
    why: 'Ready is False while a Cluster is created, rolled or switched over. Flux fails the Kustomization at once when an object has failed, and does not wait for the rest of the timeout.',
    repair: 'Name phases that want a person, or leave failed out: the timeout does the rest.',
    failing: marked(checked(`wait: true${expressions(READY, NOT_READY)}`), 'failed: >-'),
    mended: checked(
      `wait: true${expressions(READY, "has(status.phase) && status.phase == 'Not enough disk space'")}`,
    ),
  },
  {
    id: 'flux-health-expression-blind',
    level: 'warning',
    title: 'current is not true of an object that has failed.',
    why: 'The Kustomization is ready as soon as the object is there; what depends on it is applied, and a failure is never reported.',
    repair: 'Ask for the condition Ready, or for the phase.',
    failing: marked(checked(`wait: true${expressions('has(metadata.name)')}`), 'current: >-'),
    mended: checked(`wait: true${expressions(READY)}`),
  },
  {
    id: 'flux-health-expression-unguarded',
    level: 'note',
    title: 'The expressions can be evaluated on an object that was just created.',
    why: 'A field that is not there yet is an error, and the health of the object Unknown meanwhile; where the controller is down, that is all that is ever said.',
    repair: 'Ask first whether the field is there: has(status.conditions) && ….',
    failing: marked(
      checked(
        `wait: true${expressions("status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')")}`,
      ),
      'current: >-',
    ),
    mended: checked(`wait: true${expressions(READY)}`),
  },
  {
    id: 'flux-force-database',
    level: 'warning',
    title: 'No Kustomization with spec.force applies a database or a volume claim.',
    why: 'With force any refused update means delete and create: a storage that shrinks, or a major that goes back, costs all data. The annotation force: disabled does not help, only "enabled" is read.',
    repair: 'Take spec.force away, or apply the database by a Kustomization of its own without it.',
    failing: marked(checked('force: true'), 'force: true'),
    mended: checked('force: false'),
  },
  {
    id: 'flux-annotation-value',
    level: 'warning',
    title: 'Annotations of Flux have values that Flux reads.',
    why: 'Any other value is as good as none, without a word: what should be kept is pruned, what should be left alone is overridden.',
    repair:
      'prune, reconcile and substitute take disabled; force takes enabled; ssa takes IfNotPresent, Ignore or Merge.',
    failing: marked(annotated('prune: "false"'), 'prune: "false"'),
    mended: annotated('prune: disabled'),
  },
  {
    id: 'flux-finalizer-removed',
    level: 'warning',
    title: 'Finalizers that stand in Git stay.',
    why: 'Server-side apply takes them from the live object. When that is deleted later, nobody cleans up behind it or holds it back any more.',
    repair: 'Keep it, unless the controller that set it is gone for good.',
    failing: marked(
      `# base.yaml\n${claim('\n  finalizers: [example.org/cleanup]')}\n---\n# head.yaml\n${claim('')}`,
      'metadata:',
    ),
    mended: `# base.yaml\n${claim('\n  finalizers: [example.org/cleanup]')}\n---\n# head.yaml\n${claim('\n  finalizers: [example.org/cleanup]')}`,
  },
]

function repository(operator: string, postgres: string): string {
  return `# kustomization.yaml
resources:
  - operator.yaml
  - postgres.yaml
---
# operator.yaml
${operator}
---
# postgres.yaml
${postgres}
---
# operator/settings.yaml
${settings('operator')}
---
# postgres/settings.yaml
${settings('postgres')}`
}

function timezones(ofOperator: string, mark = ''): string {
  return repository(named('operator'), named('postgres'))
    .replace(/(?<=# postgres\/settings.yaml\n.*)(?=\n)/, mark)
    .replace(settings('operator'), `${settings('shared')}\ndata:\n  timezone: ${ofOperator}`)
    .replace(/name: postgres$/, 'name: shared\ndata:\n  timezone: Europe/Berlin')
}

function settings(name: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  namespace: databases
  name: ${name}`
}

function named(name: string, dependency?: string, more = ''): string {
  const dependsOn = dependency === undefined ? '' : `\n  dependsOn:\n    - name: ${dependency}`
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${name}
  namespace: flux-system
spec:${dependsOn}${more}
  interval: 1h
  prune: true
  path: ./${name}
  sourceRef:
    kind: GitRepository
    name: flux-system`
}

/** A Kustomization and the Cluster that it applies. */
function checked(spec: string): string {
  return `# kustomization.yaml
resources:
  - postgres.yaml
---
# postgres.yaml
${named('postgres', undefined, `\n  ${spec}`)}
---
# postgres/cluster.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: postgres
  namespace: databases
spec:
  instances: 3
  storage:
    size: 10Gi`
}

function expressions(current: string, failed?: string): string {
  return `\n  healthCheckExprs:\n    - apiVersion: postgresql.cnpg.io/v1\n      kind: Cluster${part('current', current)}${failed === undefined ? '' : part('failed', failed)}`
}

function part(name: string, source: string): string {
  return `\n      ${name}: >-\n        ${source}`
}

function annotated(annotation: string): string {
  return claim(`\n  annotations:\n    kustomize.toolkit.fluxcd.io/${annotation}`)
}

function claim(metadata: string): string {
  return `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: postgres-dumps
  namespace: databases${metadata}
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 10Gi`
}
