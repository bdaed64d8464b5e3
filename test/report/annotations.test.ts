import { describe, expect, it } from 'vitest'
import type { Level } from '../../src/manifest/finding.ts'
import { annotationsOf } from '../../src/report/annotations.ts'
import { checkText } from '../../src/report/check.ts'
import { workflowCommands } from '../../src/report/workflow-commands.ts'
import { change, finding, HOSTILE, hostileReview, impact, POSTGRES, review } from './reviews.ts'

const of = (level: Level, count: number) =>
  Array.from({ length: count }, (_, n) => finding({ level, line: n + 1, ruleId: level }))
const levelOf = (line: string) => line.slice(2, line.indexOf(' '))

describe('annotations', () => {
  it('stand at the line, the most harmful first', () => {
    const made = annotationsOf(
      review({
        findings: [
          finding({ level: 'note', ruleId: 'house-a' }),
          finding({ level: 'warning', ruleId: 'house-b' }),
          finding({ repair: 'keep 20Gi', field: 'spec.storage.size', kustomization: 'databases/postgres' }),
        ],
        impacts: [impact({ impact: 'data-loss' }), impact(), impact({ impact: 'reload' })],
      }),
    )
    expect(made.map(({ annotation_level, title }) => [annotation_level, title])).toEqual([
      ['failure', 'admission-operator'],
      ['failure', 'data-loss'],
      ['warning', 'house-b'],
      ['warning', 'switchover'],
      ['notice', 'house-a'],
    ])
    expect(made[0]).toEqual({
      path: 'kubernetes/apps/databases/cluster.yaml',
      start_line: 21,
      end_line: 21,
      annotation_level: 'failure',
      title: 'admission-operator',
      message:
        'Cluster databases/postgres spec.storage.size: storage cannot shrink from 20Gi to 10Gi\nkeep 20Gi',
      raw_details: 'cluster infra, Kustomization databases/postgres',
    })
  })

  it('are one where several clusters render the line, at the highest level', () => {
    const made = annotationsOf(
      review({ findings: [finding({ level: 'warning' }), finding({ cluster: 'apps' }), finding()] }),
    )
    expect(made).toHaveLength(1)
    expect(made[0]).toMatchObject({ annotation_level: 'failure', raw_details: 'cluster infra\ncluster apps' })
  })

  it('need a file, and a line that the API takes', () => {
    const { file: _file, line: _line, cluster: _cluster, ...nowhere } = finding()
    expect(annotationsOf(review({ findings: [nowhere] }))).toEqual([])
    const [only] = annotationsOf(review({ findings: [{ ...nowhere, file: 'a.yaml', line: 0.5 }] }))
    expect(only).toMatchObject({ start_line: 1, end_line: 1 })
    expect(only).not.toHaveProperty('raw_details')
  })

  it('stay within the limits of the API', () => {
    const [only] = annotationsOf(
      review({
        findings: [
          finding({ ruleId: '🌈'.repeat(300), message: '🌈'.repeat(60_000), cluster: '🌈'.repeat(60_000) }),
        ],
      }),
    )
    expect(only?.title.length).toBeLessThanOrEqual(255)
    expect(Buffer.byteLength(only?.message ?? '')).toBeLessThanOrEqual(64 * 1024)
    expect(Buffer.byteLength(only?.raw_details ?? '')).toBeLessThanOrEqual(64 * 1024)
    expect(`${only?.title}${only?.message}`.isWellFormed()).toBe(true)
  })

  it('say once what holds of many objects at one line, and end in the address of the rule', () => {
    const named = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name =>
      finding({ resource: { ...POSTGRES, name }, ruleId: 'schema-type', repair: 'r' }),
    )
    const made = annotationsOf(review({ findings: [...named, finding({ line: 22 })] }), {
      ruleUrl: id => (id === 'schema-type' ? 'https://docs.example/schema-type' : undefined),
    })
    expect(made.map(({ start_line, message }) => [start_line, message])).toEqual([
      [
        21,
        `${['a', 'b', 'c', 'd', 'e'].map(name => `Cluster databases/${name}`).join(', ')} and 2 more: storage cannot shrink from 20Gi to 10Gi\nr\nhttps://docs.example/schema-type`,
      ],
      [22, 'Cluster databases/postgres: storage cannot shrink from 20Gi to 10Gi'],
    ])
  })
})

describe('check run', () => {
  it.each([
    ['nothing', review(), 'no rendered object changes'],
    ['an error', review({ findings: [finding()] }), '1 refused by the operator · no rendered object changes'],
    [
      'a warning',
      review({ findings: [finding({ level: 'warning' })] }),
      '1 warning · no rendered object changes',
    ],
    [
      'not judged',
      review({ incomplete: [{ reason: 'x', message: 'm', affected: [] }] }),
      '1 not judged · no change seen',
    ],
    [
      'not judged before either',
      review({ incomplete: [{ reason: 'x', message: 'm', affected: [], existing: true }] }),
      'no rendered object changes',
    ],
  ])('of %s', (_name, made, title) => {
    expect(checkText(made).title).toBe(title)
  })

  it('keeps its summary within 65,535 bytes', () => {
    const changes = Array.from({ length: 400 }, (_, n) =>
      change({ resource: { ...POSTGRES, name: `db-${n}` }, diff: `+ ${n} ${'🌈'.repeat(200)}` }),
    )
    const { summary } = checkText(review({ findings: [finding()], changes }))
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(65_535)
    expect(Buffer.byteLength(summary)).toBeGreaterThan(55_000)
    expect(summary).toContain('storage cannot shrink from 20Gi to 10Gi')
  })
})

describe('workflow commands', () => {
  it('are escaped as the runner reads them', () => {
    const { lines } = workflowCommands(
      review({
        findings: [
          finding({
            file: 'a,b:c%.yaml',
            line: 2,
            ruleId: 'x,y:z',
            message: '100%\nsecond',
            resource: POSTGRES,
          }),
        ],
      }),
    )
    expect(lines).toEqual([
      '::error file=a%2Cb%3Ac%25.yaml,line=2,title=x%2Cy%3Az::Cluster databases/postgres: 100%25%0Asecond',
    ])
  })

  it('are ten of a level at most, and say how many are left out', () => {
    const { lines, left } = workflowCommands(
      review({ findings: [...of('note', 3), ...of('warning', 12), ...of('error', 25)] }),
    )
    expect(lines.map(levelOf)).toEqual([
      ...Array<string>(10).fill('error'),
      ...Array<string>(10).fill('warning'),
      ...Array<string>(3).fill('notice'),
    ])
    expect(left).toBe(17)
  })

  it.each(HOSTILE)('stay one line and one command with %j', text => {
    const { lines } = workflowCommands(hostileReview(text))
    expect(lines).toHaveLength(2)
    for (const line of lines) {
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      // what a property holds ends neither it nor the list of them
      expect(line).toMatch(/^::(?:error|warning) file=[^,:]*,line=\d+,title=[^,:]*::/)
    }
  })
})
