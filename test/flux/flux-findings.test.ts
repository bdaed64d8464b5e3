// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside their tests
import { describe, expect, it } from 'vitest'
import { fluxExpression } from '../../src/cel/flux-expression.ts'
import type { ExternalObject } from '../../src/config/config.ts'
import { fluxFindings } from '../../src/flux/flux-findings.ts'
import type { Finding } from '../../src/manifest/finding.ts'
import type { RenderedKustomization } from '../../src/manifest/rendered.ts'
import { treeOf, unit } from './units.ts'

const CLUSTER = `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: postgres, namespace: databases }
spec: { instances: 3, storage: { size: 10Gi } }
`
const READY = `has(status.conditions) && status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')`

function kustomization(spec: string, name = 'postgres'): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 30m
  sourceRef: { kind: GitRepository, name: flux-system }
${spec.replaceAll(/^/gm, '  ')}
`
}

/** What is said of a Kustomization and of what it applies. */
function found(spec: string, applied = CLUSTER, external: ExternalObject[] = [], base?: string): Finding[] {
  const tree = (objects: string, ...more: RenderedKustomization[]) =>
    treeOf(unit('flux-system/root', kustomization(spec)), unit('flux-system/postgres', objects), ...more)
  return fluxFindings({
    cluster: 'main',
    head: tree(applied),
    ...(base === undefined ? {} : { base: tree(base) }),
    external,
    compile: fluxExpression,
  })
}
const said = (findings: Finding[]) => findings.map(({ ruleId, field }) => `${ruleId} ${field ?? ''}`)

function expressions(
  parts: Record<string, string>,
  kind = 'Cluster',
  group = 'postgresql.cnpg.io/v1',
): string {
  return `healthCheckExprs:\n- ${JSON.stringify({ apiVersion: group, ...(kind === '' ? {} : { kind }), ...parts })}`
}
const AT = 'spec.healthCheckExprs[0]'

describe('healthCheckExprs that run', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['Ready, guarded', { current: READY }, []],
    ['the phase', { current: `has(status.phase) && status.phase == 'Cluster in healthy state'` }, []],
    [
      'all() of a filter, as the documentation of Flux has it',
      {
        current: `status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')`,
        failed: `status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'False')`,
      },
      [`flux-health-expression-early ${AT}.failed`, `flux-health-expression-unguarded ${AT}.failed`],
    ],
    [
      'a field that no Cluster has',
      { current: 'status.ready == true' },
      [`flux-health-expression-never ${AT}.current`],
    ],
    [
      'a phase with a slip of the pen',
      { current: `has(status.phase) && status.phase == 'Cluster in a healthy state'` },
      [`flux-health-expression-never ${AT}.current`],
    ],
    [
      'the object as a variable',
      { current: `self.status.phase == 'x'` },
      [`flux-health-expression-never ${AT}.current`],
    ],
    ['no bool', { current: 'status.phase' }, [`flux-health-expression-never ${AT}.current`]],
    [
      'failed of a healthy one',
      { current: READY, failed: `has(status.phase) && status.phase != 'Ready'` },
      [`flux-health-expression-never ${AT}.failed`],
    ],
    [
      'inProgress of a healthy one',
      { current: READY, inProgress: 'has(status.phase)' },
      [`flux-health-expression-never ${AT}.current`],
    ],
    [
      'terminal phases only',
      {
        current: READY,
        failed: `has(status.phase) && status.phase in ['Not enough disk space', 'Invalid cluster definition']`,
      },
      [],
    ],
    ['true', { current: 'true' }, [`flux-health-expression-blind ${AT}.current`]],
    [
      'one that does not parse',
      { current: 'status.phase ==' },
      [`flux-health-expression-invalid ${AT}.current`],
    ],
    [
      'a function of Kubernetes',
      { current: `quantity('1Gi') == quantity('1Gi')` },
      [`flux-health-expression-invalid ${AT}.current`],
    ],
    ['a variable of Flux that is still open', { current: `status.phase == '\${PHASE}'` }, []],
    ['a function that is not evaluated here', { current: `status.phase.reverse() == 'x'` }, []],
    [
      'without current, which the schema refuses',
      { failed: 'status.phase ==' },
      [`flux-health-expression-invalid ${AT}.failed`],
    ],
  ])('%s', (_, parts, expected) => expect(said(found(`wait: true\n${expressions(parts)}`))).toEqual(expected))

  it('are held against one another by kind', () =>
    expect(
      said(
        found(
          `wait: true\n${expressions({ current: READY })}\n${expressions({ current: READY }).split('\n')[1]}`,
        ),
      ),
    ).toEqual(['flux-health-expression-invalid spec.healthCheckExprs[1]']))

  it('of a kind that is not known are only read', () => {
    const of = (current: string) =>
      found(
        `wait: true\n${expressions({ current }, 'Widget', 'example.org/v1')}`,
        'apiVersion: example.org/v1\nkind: Widget\nmetadata: { name: a }',
      )
    expect(said(of('status.anything == 1'))).toEqual([])
    expect(said(of('data.anything == 1'))).toEqual([])
    expect(said(of('self.status.anything == 1'))).toEqual([`flux-health-expression-never ${AT}.current`])
  })

  it.each(['HelmRelease', 'Kustomization'])('of %s want the observed generation, too', kind => {
    const group = kind === 'HelmRelease' ? 'helm.toolkit.fluxcd.io/v2' : 'kustomize.toolkit.fluxcd.io/v1'
    const manifest = `apiVersion: ${group}\nkind: ${kind}\nmetadata: { name: a, namespace: b }`
    expect(said(found(`wait: true\n${expressions({ current: READY }, kind, group)}`, manifest))).toEqual([])
    expect(
      said(
        found(
          `wait: true\n${expressions({ current: `status.conditions[0].status == 'Yes'` }, kind, group)}`,
          manifest,
        ),
      ),
    ).toEqual([`flux-health-expression-never ${AT}.current`])
  })
})

describe('healthCheckExprs that do not run', () => {
  const named = (kind: string) =>
    `healthChecks: [{ apiVersion: postgresql.cnpg.io/v1, kind: ${kind}, name: postgres, namespace: databases }]\n`
  it.each([
    ['wait: true\n', CLUSTER, false],
    ['wait: true\n', '', true],
    ['wait: false\n', CLUSTER, true],
    ['', CLUSTER, true],
    [named('Cluster'), CLUSTER, false],
    [named('Pooler'), `${CLUSTER}---\n${CLUSTER.replace('Cluster', 'Pooler')}`, true],
  ])('%j', (spec, applied, unused) =>
    expect(said(found(spec + expressions({ current: READY }), applied))).toEqual(
      unused ? [`flux-health-expression-unused ${AT}`] : [],
    ),
  )

  it('are one note, whatever they say', () => {
    const findings = found(expressions({ current: 'status.ready == true' }))
    expect(findings.map(({ ruleId, level }) => [ruleId, level])).toEqual([
      ['flux-health-expression-unused', 'note'],
    ])
    expect(findings[0]?.message).toMatch(/never run: neither .*Where they did: Current cannot be evaluated/)
  })

  it('are refused all the same where Flux refuses them', () =>
    expect(said(found(expressions({ current: 'status.phase ==' })))).toEqual([
      `flux-health-expression-invalid ${AT}.current`,
      `flux-health-expression-unused ${AT}`,
    ]))

  it('of a whole group cover each kind of it', () =>
    expect(said(found(`wait: true\n${expressions({ current: READY }, '')}`))).toEqual([]))
})

describe('healthChecks', () => {
  const check = (
    name: string,
    namespace = ', namespace: databases',
    kind = 'Cluster',
    group = 'postgresql.cnpg.io/v1',
  ) => `healthChecks: [{ apiVersion: ${group}, kind: ${kind}, name: ${name}${namespace} }]`
  const unknown = ['flux-health-check-unknown spec.healthChecks[0].name']
  it.each<[string, string, string[], RegExp?]>([
    ['what is applied', check('postgres'), []],
    ['a slip of the pen', check('postgre'), unknown, /Did you mean postgres\?/],
    [
      'another namespace',
      check('postgres', ', namespace: other'),
      unknown,
      /There is one in namespace databases/,
    ],
    ['no namespace', check('postgres', ''), unknown, /targetNamespace is not added/],
    ['what a chart may make', check('operator', undefined, 'Deployment', 'apps/v1'), []],
    ['what is waited for anyway', `wait: true\n${check('postgre')}`, []],
    ['a name that is open', check('"${APP}"'), []],
  ])('%s', (_, spec, expected, message = /./) => {
    const findings = found(spec)
    expect(said(findings)).toEqual(expected)
    for (const { message: told, repair = '' } of findings) expect(`${told} ${repair}`).toMatch(message)
  })

  it('may be declared external', () =>
    expect(
      found(check('other'), CLUSTER, [{ kind: 'Cluster', namespace: 'databases', name: 'other' }]),
    ).toEqual([]))

  it('are not judged where a part did not render', () => {
    const head = treeOf(
      unit('flux-system/root', kustomization(check('other'))),
      unit('flux-system/apps', '', 'failed'),
    )
    expect(fluxFindings({ cluster: 'main', head, external: [], compile: fluxExpression })).toEqual([])
  })

  it.each([
    ['timeout: 30s', ['flux-health-check-timeout spec.timeout']],
    ['timeout: 1m', []],
    ['timeout: 0.5m', ['flux-health-check-timeout spec.timeout']],
    ['interval: 1m', ['flux-health-check-timeout spec.interval']],
    ['timeout: a while', []],
    ['', []],
  ])('wait long enough: %s', (more, expected) => {
    const spec = `wait: true\n${more}`
    const head = treeOf(
      unit(
        'flux-system/root',
        kustomization(spec).replace(more.startsWith('interval') ? '  interval: 30m\n' : '\0', ''),
      ),
      unit('flux-system/postgres', CLUSTER),
    )
    expect(said(fluxFindings({ cluster: 'main', head, external: [], compile: fluxExpression }))).toEqual(
      expected,
    )
  })
})

describe('dependsOn', () => {
  const two = (dependency: string, entry: string, more = '') =>
    said(
      fluxFindings({
        cluster: 'main',
        head: treeOf(
          unit(
            'flux-system/root',
            `${kustomization(dependency, 'operator')}---\n${kustomization(`dependsOn: [${entry}]\n${more}`)}`,
          ),
        ),
        external: [],
        compile: fluxExpression,
      }),
    )
  const expression = ['flux-depends-on-expression spec.dependsOn[0].readyExpr']
  it.each<[string, string, string, string[]]>([
    ['ready', '', '{ name: operator }', []],
    [
      'suspended',
      'suspend: true',
      '{ name: operator }',
      ['flux-depends-on-suspended spec.dependsOn[0].name'],
    ],
    ['suspended, asked by an expression', 'suspend: true', '{ name: operator, readyExpr: "true" }', []],
    ['another field', '', `{ name: operator, readyExpr: "status.x == 'a'" }`, expression],
    ['no bool', '', '{ name: operator, readyExpr: dep.status.ready }', expression],
    ['does not parse', '', '{ name: operator, readyExpr: "dep.status ==" }', expression],
    [
      'never true',
      '',
      `{ name: operator, readyExpr: "dep.metadata.name == self.metadata.name" }`,
      expression,
    ],
    [
      'true once ready',
      '',
      `{ name: operator, readyExpr: "dep.status.observedGeneration == dep.metadata.generation" }`,
      [],
    ],
    [
      'what is not known here',
      '',
      `{ name: operator, readyExpr: "dep.status.lastAppliedRevision == 'x'" }`,
      [],
    ],
  ])('%s', (_, dependency, entry, expected) => expect(two(dependency, entry)).toEqual(expected))

  it('on a suspended one of another source holds nothing up', () =>
    expect(
      two('suspend: true\nsourceRef: { kind: GitRepository, name: other }', '{ name: operator }'),
    ).toEqual([]))

  it('of one that is suspended itself is left alone', () =>
    expect(two('suspend: true', '{ name: operator }', 'suspend: true')).toEqual([]))
})

describe('force', () => {
  const annotated = (value: string) =>
    CLUSTER.replace(
      'namespace: databases',
      `namespace: databases, annotations: { kustomize.toolkit.fluxcd.io/force: ${value} }`,
    )
  it.each([
    ['force: true', CLUSTER, ['flux-force-database spec.force']],
    ['force: false', CLUSTER, []],
    ['force: true', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }', []],
    [
      '',
      annotated('Enabled'),
      ['flux-force-database metadata.annotations[kustomize.toolkit.fluxcd.io/force]'],
    ],
    ['', annotated('disabled'), []],
    ['force: true', annotated('disabled'), ['flux-force-database spec.force']],
  ])('%s', (spec, applied, expected) => expect(said(found(spec, applied))).toEqual(expected))

  it('says that the annotation does not help', () =>
    expect(found('force: true', annotated('disabled'))[0]?.message).toMatch(/does not help/))
})

describe('annotations of Flux', () => {
  it.each([
    ['prune: disabled', []],
    ['prune: Disabled', []],
    ['prune: "false"', ['prune']],
    ['substitute: disable', ['substitute']],
    ['substitute: Disabled', ['substitute']],
    ['ssa: ifnotpresent', []],
    ['ssa: replace', ['ssa']],
    ['force: "true"', ['force']],
    ['reconcile: enabled', []],
    ['prune: "${PRUNE}"', []],
  ])('%s', (annotation, expected) => {
    const applied = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, annotations: { kustomize.toolkit.fluxcd.io/${annotation} } }`
    expect(said(found('', applied))).toEqual(
      expected.map(name => `flux-annotation-value metadata.annotations[kustomize.toolkit.fluxcd.io/${name}]`),
    )
  })
})

describe('finalizers', () => {
  const claim = (finalizers: string) =>
    `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: a, finalizers: ${finalizers} }`
  it.each([
    ['[a, b]', '[a]', ['flux-finalizer-removed metadata.finalizers']],
    ['[a]', '[]', ['flux-finalizer-removed metadata']],
    ['[a]', '[a, b]', []],
    ['[]', '[]', []],
  ])('%s → %s', (before, after, expected) =>
    expect(said(found('', claim(after), [], claim(before)))).toEqual(expected),
  )
})
