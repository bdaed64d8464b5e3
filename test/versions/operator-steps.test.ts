import { expect, it } from 'vitest'
import { appVersionOf } from '../../src/cnpg/release/release-facts.ts'
import { operatorSteps, type OperatorStep } from '../../src/versions/operator-steps.ts'

const CHARTS =
  '0.22.0 0.22.1 0.23.0 0.23.1 0.23.2 0.24.0 0.25.0 0.26.0 0.26.1 0.27.0 0.27.1 0.28.0 0.28.1 0.28.2 0.28.3 0.29.0'.split(
    ' ',
  )
const steps = (current: string, charts: readonly string[] = CHARTS) =>
  operatorSteps(current, charts, version => appVersionOf('cloudnative-pg', version))

const text = (step?: OperatorStep) =>
  step === undefined ? undefined : `${step.class} ${step.to} ${step.operator}`

it.each<[current: string, patch: string | undefined, minor: string | undefined, later: string[]]>([
  ['0.27.0', 'operator-patch 0.27.1 1.28.1', 'operator-minor 0.28.3 1.29.1', ['1.30']],
  ['0.28.3', undefined, 'operator-minor 0.29.0 1.30.0', []],
  ['0.28.1', 'chart-only 0.28.3 1.29.1', 'operator-minor 0.29.0 1.30.0', []],
  ['0.29.0', undefined, undefined, []],
  // two charts of one minor of the operator
  ['0.24.0', 'operator-patch 0.25.0 1.26.1', 'operator-minor 0.26.1 1.27.1', ['1.28', '1.29', '1.30']],
  [
    '0.22.0',
    'operator-patch 0.22.1 1.24.1',
    'operator-minor 0.23.2 1.25.1',
    ['1.26', '1.27', '1.28', '1.29', '1.30'],
  ],
])('chart %s', (current, patch, minor, later) => {
  const found = steps(current)
  expect([text(found.patch), text(found.minor), found.later]).toEqual([patch, minor, later])
  expect(found.remarks).toEqual([])
})

it('from 0.27.0 to 0.29.0 in two steps', () => {
  const visited = ['0.27.0']
  for (let here = steps('0.27.0').minor; here !== undefined; here = steps(here.to).minor)
    visited.push(here.to)
  expect(visited).toEqual(['0.27.0', '0.28.3', '0.29.0'])
})

it.each<[string, string, string[], RegExp]>([
  [
    'a chart whose operator nobody knows',
    '0.29.0',
    ['0.29.0', '0.30.0'],
    /Which operator 0\.30\.0 deploys is not known/,
  ],
  ['a minor that is missing', '0.27.0', ['0.27.0', '0.29.0'], /1\.30 is out, but nothing deploys 1\.29/],
  ['a current chart that nobody knows', '0.99.0', CHARTS, /0\.99\.0 deploys is not known/],
])('%s is said', (_case, current, charts, want) => {
  const { patch, minor, remarks } = steps(current, charts)
  expect([patch, minor]).toEqual([undefined, undefined])
  expect(remarks).toMatchObject([expect.stringMatching(want)])
})

it('takes no pre-release, neither of the chart nor of the operator', () => {
  const operators: Record<string, string> = {
    '1.0.0': '1.28.0',
    '1.1.0-rc.1': '1.28.1',
    '1.2.0': '1.29.0-rc1',
  }
  expect(operatorSteps('1.0.0', Object.keys(operators), version => operators[version])).toEqual({
    later: [],
    remarks: [],
  })
})

it('steps by images where there is no chart', () => {
  const found = operatorSteps('1.28.0', ['1.28.1', '1.29.1', '1.30.0'], version => version)
  expect([found.patch?.to, found.minor?.to, found.later]).toEqual(['1.28.1', '1.29.1', ['1.30']])
})
