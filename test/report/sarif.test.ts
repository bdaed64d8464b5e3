import { expect, it } from 'vitest'
import { reviewSarif } from '../../src/report/sarif.ts'
import { finding, HOSTILE, hostileReview } from './reviews.ts'

const rules = [{ id: 'admission-operator', summary: 'Storage cannot shrink', help: 'Why. Repair.' }]
const log = (findings: ReturnType<typeof finding>[]) =>
  reviewSarif({ findings }, { toolVersion: '1.2.3', rules })
const run = (findings: ReturnType<typeof finding>[]) => log(findings).runs[0]
const fingerprints = (findings: ReturnType<typeof finding>[]) =>
  run(findings)?.results?.map(result => result.partialFingerprints?.primaryLocationLineHash)

it('is what code scanning reads', () => {
  expect(log([finding({ repair: 'keep 20Gi', file: 'a b/ü.yaml' })])).toEqual({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'cnpg-steward',
            semanticVersion: '1.2.3',
            rules: [
              {
                id: 'admission-operator',
                shortDescription: { text: 'Storage cannot shrink' },
                help: { text: 'Why. Repair.', markdown: 'Why. Repair.' },
              },
            ],
          },
        },
        originalUriBaseIds: { '%SRCROOT%': { description: { text: 'the root of the repository' } } },
        invocations: [{ executionSuccessful: true, toolExecutionNotifications: [] }],
        results: [
          {
            ruleId: 'admission-operator',
            ruleIndex: 0,
            level: 'error',
            message: {
              text: 'Cluster databases/postgres: storage cannot shrink from 20Gi to 10Gi keep 20Gi',
            },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'a%20b/%C3%BC.yaml', uriBaseId: '%SRCROOT%' },
                  region: { startLine: 21 },
                },
              },
            ],
            partialFingerprints: {
              primaryLocationLineHash: expect.stringMatching(/^[0-9a-f]{64}:1$/),
              'cnpgStewardFinding/v1': expect.stringMatching(/^[0-9a-f]{64}:1$/),
            },
          },
        ],
      },
    ],
  })
})

it('tells findings apart by what they say, not by their line', () => {
  expect(fingerprints([finding({ line: 99 })])).toEqual(fingerprints([finding()]))
  const different = [
    finding(),
    finding({ file: 'b.yaml' }),
    finding({ field: 'spec.x' }),
    finding({ message: 'm' }),
    finding(),
  ]
  expect(new Set(fingerprints(different)).size).toBe(different.length)
})

it('gives every result a location: one without makes code scanning refuse the file', () => {
  const { file: _file, line: _line, ...nowhere } = finding({ ruleId: 'render-cycle', level: 'warning' })
  const made = run([nowhere, finding()])
  expect(made?.results).toHaveLength(1)
  expect(made?.invocations?.[0]?.toolExecutionNotifications).toEqual([
    {
      level: 'warning',
      message: { text: 'Cluster databases/postgres: storage cannot shrink from 20Gi to 10Gi' },
      associatedRule: { id: 'render-cycle' },
    },
  ])
})

it('keeps to the limits of code scanning, errors first', () => {
  const many = Array.from({ length: 25_001 }, (_, n) => finding({ level: 'note', line: n + 1 }))
  const made = run([...many, finding({ ruleId: 'i'.repeat(999), message: 'm'.repeat(99_999), line: 0 })])
  expect(made?.results).toHaveLength(25_000)
  const first = made?.results?.[0]
  expect(first?.level).toBe('error')
  expect(first?.ruleId).toHaveLength(255)
  expect(first?.message.text).toHaveLength(2000)
  expect(first?.locations?.[0]?.physicalLocation?.region?.startLine).toBe(1)
})

it.each(HOSTILE)('stays a relative path and readable text with %j', text => {
  const { results = [] } = reviewSarif(hostileReview(text), { toolVersion: '1' }).runs[0] ?? {}
  const [result] = results
  const uri = result?.locations?.[0]?.physicalLocation?.artifactLocation?.uri ?? ''
  expect(uri).toMatch(/^[\w.!~*'()%/-]+$/)
  expect(new URL(uri, 'https://root.example/r/').href).toMatch(/^https:\/\/root\.example\/r\//)
  expect(result?.message.text).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
})
