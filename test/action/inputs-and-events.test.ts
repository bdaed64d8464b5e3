import { expect, it } from 'vitest'
import { readEvent } from '../../src/action/event.ts'
import { InputError, loadInputs } from '../../src/action/inputs.ts'
import { documentationOf } from '../../src/action/report.ts'
import { failureOf } from '../../src/report/conclusion.ts'
import { neutral } from '../../src/action/runner.ts'
import type { Json } from '../../src/manifest/json.ts'
import { verdictOf, type Review } from '../../src/report/review.ts'
import { cannedReview } from './canned.ts'

it('reads inputs, and takes an empty one as absent', () => {
  const env = {
    INPUT_MODE: 'validate',
    INPUT_HELM: '',
    'INPUT_FAIL-ON': ' never ',
    INPUT_ENTRIES: 'a=clusters/a\n\n b = x ',
  }
  expect(() => loadInputs(env)).toThrow(InputError)
  const inputs = loadInputs({ ...env, INPUT_ENTRIES: 'a=clusters/a\n\nb=x y' })
  expect(inputs).toMatchObject({ mode: 'validate', failOn: 'never', comment: 'auto' })
  expect(inputs.entries).toEqual([
    { name: 'a', path: 'clusters/a' },
    { name: 'b', path: 'x y' },
  ])
  expect('helm' in inputs).toBe(false)
})

it('names every wrong input at once', () => {
  const env = { INPUT_MODE: 'x', INPUT_COMMENT: 'yes', INPUT_ALL: 'si' }
  expect(() => loadInputs(env)).toThrow(/Input mode is "x".*\nInput comment is "yes".*\nInput all is "si"/)
  expect(() => loadInputs({ INPUT_MODE: 'comment' })).toThrow('Input review-file is empty')
})

const pull = (head: string): Json => ({
  pull_request: {
    number: 7,
    base: { ref: 'main', sha: 'b', repo: { full_name: 'acme/fleet' } },
    head: { ref: 'f', sha: 'h', repo: head === '' ? null : { full_name: head } },
  },
})

it.each<[string, Record<string, string>, Json, object]>([
  [
    'a pull request',
    { GITHUB_EVENT_NAME: 'pull_request' },
    pull('acme/fleet'),
    { kind: 'pull-request', number: 7, restricted: undefined },
  ],
  ['a fork', { GITHUB_EVENT_NAME: 'pull_request' }, pull('dev/fleet'), { restricted: 'fork' }],
  ['a deleted fork', { GITHUB_EVENT_NAME: 'pull_request' }, pull(''), { restricted: 'fork' }],
  [
    'Dependabot',
    { GITHUB_EVENT_NAME: 'pull_request', GITHUB_ACTOR: 'dependabot[bot]' },
    pull('acme/fleet'),
    { restricted: 'dependabot' },
  ],
  ['no payload', { GITHUB_EVENT_NAME: 'pull_request' }, null, { kind: 'refused' }],
  [
    'a new branch',
    { GITHUB_EVENT_NAME: 'push' },
    { ref: 'refs/heads/x', before: '0'.repeat(40), after: 'a' },
    { kind: 'push', before: undefined },
  ],
  [
    'a merge group',
    { GITHUB_EVENT_NAME: 'merge_group' },
    { merge_group: { base_sha: 'b', head_sha: 'h', base_ref: 'refs/heads/main' } },
    { kind: 'merge-group', baseSha: 'b' },
  ],
  [
    'a schedule',
    { GITHUB_EVENT_NAME: 'schedule', GITHUB_REF: 'refs/heads/main' },
    null,
    { kind: 'other', ref: 'refs/heads/main' },
  ],
])('reads %s', (_name, env, payload, expected) => {
  expect(readEvent(env, payload)).toMatchObject(expected)
})

it.each<[string, Partial<Review>, [boolean, boolean, boolean, boolean]]>([
  ['an error', {}, [true, true, true, false]],
  ['a warning', { findings: [{ ruleId: 'x', level: 'warning', message: 'm' }] }, [false, false, true, false]],
  [
    'a part not judged',
    { findings: [], incomplete: [{ reason: 'x', message: 'm', affected: [] }] },
    [false, true, true, false],
  ],
  [
    'no history',
    { findings: [], incomplete: [{ reason: 'merge-base-missing', message: 'm', affected: [] }] },
    [true, true, true, false],
  ],
  ['nothing', { findings: [] }, [false, false, false, false]],
])('fails on %s as fail-on error, incomplete, warning, never say', (_name, parts, expected) => {
  const review = cannedReview(parts)
  review.verdict = verdictOf(review)
  const levels = ['error', 'incomplete', 'warning', 'never'] as const
  expect(levels.map(level => failureOf(review, level) !== undefined)).toEqual(expected)
})

it.each([
  ['::set-output name=x::y', ': :set-output name=x::y'],
  ['a\n  ::error::x', 'a\n  : :error::x'],
  ['a\r::stop-commands::x', 'a\n: :stop-commands::x'],
  ['x ##[error]y', 'x # #[error]y'],
  ['plain a::b', 'plain a::b'],
])('makes no command of %j', (text, expected) => {
  expect(neutral(text)).toBe(expected)
})

it.each<[string | undefined, string | undefined, string | undefined]>([
  ['acme/fork', 'v1', 'https://github.com/acme/fork/blob/v1/docs/rules'],
  // `uses: ./` comes from no repository
  ['', '', undefined],
  [undefined, 'v1', undefined],
])('action %s at %s explains its rules at %s', (repository, ref, documentation) => {
  const env = { GITHUB_ACTION_REPOSITORY: repository, GITHUB_ACTION_REF: ref }
  expect(documentationOf(env).documentation).toBe(documentation)
})
