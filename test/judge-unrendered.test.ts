import { expect, it } from 'vitest'
import { offlineReview } from './offline-review.ts'
import { DATABASES, edited, type Edits } from './cnpg/impact/databases.ts'

const CLUSTER = 'databases/cluster.yaml'
const KUSTOMIZATION = 'databases/kustomization.yaml'
const MISSING: Edits = { [KUSTOMIZATION]: [['  - store.yaml', '  - store.yaml\n  - gone.yaml']] }
const VARIABLE: Edits = {
  'clusters/main/databases.yaml': [['  prune: true', '  prune: true\n  postBuild: { substitute: { a: b } }']],
  'databases/store.yaml': [['s3://backups/', 's3://${NOBODY}/']],
}
const SHRUNK: Edits = { [CLUSTER]: [['size: 20Gi', 'size: 10Gi']] }

it.each<[string, Edits, Edits, string[]]>([
  ['a file that is missing', MISSING, SHRUNK, ['admission-operator 16']],
  ['a variable that nobody sets', VARIABLE, SHRUNK, ['admission-operator 16']],
  [
    'a field that is none',
    VARIABLE,
    { [CLUSTER]: [['  instances: 3', '  instancs: 3']] },
    ['schema-unknown-field 9'],
  ],
  ['nothing that is wrong', VARIABLE, { [CLUSTER]: [['size: 20Gi', 'size: 30Gi']] }, []],
  [
    'what was wrong before',
    { ...VARIABLE, [CLUSTER]: [['size: 20Gi', 'size: 20Gi\n    speed: fast']] },
    { [CLUSTER]: [['work_mem: 16MB', 'work_mem: 32MB']] },
    [],
  ],
  ['a value that a variable decides', VARIABLE, { [CLUSTER]: [['size: 20Gi', 'size: ${SIZE}']] }, []],
  [
    'a patch, which is no whole object',
    {
      ...VARIABLE,
      [KUSTOMIZATION]: [['resources:', 'patches: [{ path: patch.yaml }]\nresources:']],
      'databases/patch.yaml': PATCH('2'),
    },
    { 'databases/patch.yaml': [['instances: 2', 'instances: 1']] },
    [],
  ],
  [
    'a patch with a mistake',
    {
      ...VARIABLE,
      [KUSTOMIZATION]: [['resources:', 'patches: [{ path: patch.yaml }]\nresources:']],
      'databases/patch.yaml': PATCH('2'),
    },
    { 'databases/patch.yaml': [['instances: 2', 'instances: 0']] },
    ['schema-range 4'],
  ],
  ['a file that nothing reads', { ...VARIABLE, [KUSTOMIZATION]: [['  - cluster.yaml\n', '']] }, SHRUNK, []],
])('an edit below a Kustomization that does not render: %s', async (name, base, edit, expected) => {
  const before = edited({ ...DATABASES, 'databases/patch.yaml': '' }, base)
  const { findings, incomplete } = await offlineReview(before, edited(before, edit))
  const found = findings.filter(({ level, ruleId }) => level === 'error' && !ruleId.startsWith('render-'))
  expect(found.map(({ ruleId, line }) => `${ruleId} ${line}`)).toEqual(expected)
  for (const { message } of found)
    expect(message).toContain('as it is written: what applies it was not rendered')
  // that the rest was not judged is said all the same, for as long as the Kustomization reads what changed
  expect(incomplete.some(({ reason }) => reason === 'failed-on-both-sides')).toBe(
    name !== 'a file that nothing reads',
  )
})

function PATCH(instances: string): [string, string][] {
  return [
    [
      '',
      `apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: postgres, namespace: databases }\nspec: { instances: ${instances} }\n`,
    ],
  ]
}
