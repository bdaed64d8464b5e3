import { describe, expect, it } from 'vitest'
import { defaultUpdates, type UpdatesConfig } from '../src/config/updates-config.ts'
import { planUpdates } from '../src/plan-updates.ts'
import type { ReviewedProposal } from '../src/report/reviewed-proposal.ts'
import { updateId } from '../src/updates/identity.ts'
import { ALL, artifact, cluster, PROJECT, propose, tables } from './update-tables.ts'

const OLD = `${PROJECT}:17.6-system-trixie`
const CHART = artifact('0.27.0', '  # deploys CNPG 1.28.0')

async function planOf(
  files: Record<string, string>,
  {
    config = {},
    allow = [],
    tools = tables(ALL),
    add = {},
  }: {
    config?: Partial<UpdatesConfig>
    allow?: string[]
    tools?: ReturnType<typeof tables>
    add?: Partial<ReviewedProposal>
  } = {},
) {
  const { tree, ...proposed } = await propose(files, allow, tools, config)
  const proposals = proposed.proposals.map(proposal => ({ ...proposal, unreviewed: 'No kustomize.', ...add }))
  const request = {
    tree,
    base: 'b'.repeat(40),
    config: { ...defaultUpdates, ...config },
    now: '2026-09-01T12:00:00Z',
  }
  return await planUpdates({ ...proposed, proposals }, request)
}

const automerge = async (merge: string[]) => {
  const classes = { 'pg-minor': { automerge: true, merge } }
  return (await planOf({ 'a.yaml': cluster(OLD) }, { config: { classes } })).wanted[0]?.automerge
}

describe('a plan', () => {
  it('has what a pull request needs: title, kind, files with every other byte as it was', async () => {
    const { wanted } = await planOf({ 'a.yaml': `# mind the gap\n${cluster(OLD)}` })
    expect(wanted).toHaveLength(1)
    expect(wanted[0]).toMatchObject({
      key: `v1|image|${PROJECT}|pg17/system/trixie`,
      title: 'chore(deps): update postgresql to 17.11-system-trixie',
      change: '17.6-system-trixie → 17.11-system-trixie',
      labels: ['update', 'update/pg-minor'],
      automerge: false,
      held: [],
      verdict: { verdict: 'incomplete', title: 'Not reviewed' },
    })
    expect(wanted[0]?.files.map(({ path, text }) => [path, text.split('\n')[0]])).toEqual([
      ['a.yaml', '# mind the gap'],
    ])
    expect(wanted[0]?.files[0]?.text).toContain('17.11-system-trixie')
  })

  it.each([
    ['arrows', `fix(container): update image ${PROJECT} (17.6-system-trixie ➔ 17.11-system-trixie)`],
    ['db: {{ name }} {{from}}', 'db: postgresql 17.6-system-trixie'],
  ])('titles as %s', async (title, wanted) => {
    const plan = await planOf({ 'a.yaml': cluster(OLD) }, { config: { title } })
    expect(plan.wanted[0]?.title).toBe(wanted)
  })

  it('merges by itself only where the policy says so and its window is open', async () => {
    expect([
      await automerge([]),
      await automerge(['always']),
      await automerge(['monthly']),
      await automerge(['none']),
    ]).toEqual([true, true, true, false])
  })

  it('tells what waits from what must be mended', async () => {
    const holds = [
      { kind: 'age', message: 'It is one day old.' },
      { kind: 'signature', message: 'Nobody signed it.', repair: 'Ask the project.' },
      { kind: 'limit', message: 'Ten are open.' },
    ] as const
    const { wanted } = await planOf({ 'a.yaml': cluster(OLD) }, { add: { holds } })
    expect(wanted[0]?.held).toEqual([
      { message: 'It is one day old.', approvable: true },
      { message: 'Nobody signed it. Ask the project.', approvable: false },
    ])
  })

  it('knows what is unknown, what is up to date, and what may be asked for', async () => {
    const down = await planOf({ 'a.yaml': cluster(OLD) }, { tools: tables(ALL, [PROJECT]) })
    const id = updateId(`v1|image|${PROJECT}|pg17/system/trixie`)
    expect([...down.unknown]).toEqual([[id, `${PROJECT} does not answer`]])
    const plan = await planOf({ 'a.yaml': cluster(`${PROJECT}:17.11-system-trixie`) })
    expect([[...plan.current], plan.wanted]).toEqual([[[id, '17.11-system-trixie']], []])
    const major = plan.offered.find(({ change }) => change.includes('pg-major'))
    expect(major?.name).toBe(PROJECT)
    const asked = await planOf(
      { 'a.yaml': cluster(`${PROJECT}:17.11-system-trixie`) },
      { allow: [major?.id ?? ''] },
    )
    expect(asked.wanted.map(({ key }) => updateId(key))).toEqual([major?.id])
    expect(asked.offered.map(({ id: one }) => one)).not.toContain(major?.id)
  })

  it('tells of every release of the operator on the way, and pings nobody', async () => {
    const stale = [{ file: 'c.yaml', line: 5, text: '# @octocat see #12 <!-- bump:v1 {} -->' }]
    const { wanted } = await planOf({ 'c.yaml': CHART }, { allow: ['operator-minor'], add: { stale } })
    const text = wanted[0]?.text ?? ''
    expect(text).toContain('**Operator 1.28.0 → 1.29.1**')
    expect(text).toMatch(/CloudNativePG 1&#46;29\.1|CloudNativePG 1\.29\.1/)
    expect(text).toContain('CVE-2026-44477')
    expect(text).not.toMatch(/(?<![\w`&;])@octocat|<!--/)
  })
})
