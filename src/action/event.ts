import { isObject, textAt, valueAt, type Json } from '../manifest/json.ts'

/** What started the workflow, as far as a review needs it. */
export type ActionEvent =
  | {
      kind: 'pull-request'
      number: number
      baseRef: string
      baseSha: string
      headSha: string
      /** the head lies in another repository, or Dependabot made it: the token may only read */
      restricted: 'fork' | 'dependabot' | undefined
    }
  | { kind: 'push'; ref: string; before: string | undefined; after: string; defaultBranch: string }
  | { kind: 'merge-group'; baseRef: string; baseSha: string; headSha: string }
  | { kind: 'other'; name: string; ref: string; defaultBranch: string }
  | {
      kind: 'workflow-run'
      /** the event of the workflow that ran: 'pull_request' */
      of: string
      headSha: string
      headRepository: string
    }
  | { kind: 'refused'; message: string }

export const PULL_REQUEST_TARGET = `This workflow runs on pull_request_target, which has the repository's secrets and a token that writes. \
cnpg-steward refuses to review there: it would render what the pull request brings, and a checkout of the pull request's \
head in such a workflow lets anyone who can open a pull request run code with these secrets. Use "on: pull_request"; for \
comments on pull requests from forks add the second workflow ("on: workflow_run", mode: comment) of the README.`

const NO_COMMIT = /^0+$/

/**
 * Reads the event's name and payload.
 * @param payload the JSON of GITHUB_EVENT_PATH
 */
export function readEvent(env: Readonly<Record<string, string | undefined>>, payload: Json): ActionEvent {
  const name = env.GITHUB_EVENT_NAME ?? ''
  const text = (...path: string[]): string => textAt(payload, ...path) ?? ''
  const defaultBranch = text('repository', 'default_branch')
  switch (name) {
    case 'pull_request': {
      const pull = valueAt(payload, 'pull_request')
      const number = valueAt(pull, 'number')
      if (!isObject(pull) || typeof number !== 'number') break
      const fork = valueAt(pull, 'head', 'repo', 'full_name') !== valueAt(pull, 'base', 'repo', 'full_name')
      const dependabot = env.GITHUB_ACTOR === 'dependabot[bot]'
      return {
        kind: 'pull-request',
        number,
        baseRef: text('pull_request', 'base', 'ref'),
        baseSha: text('pull_request', 'base', 'sha'),
        headSha: text('pull_request', 'head', 'sha'),
        restricted: fork ? 'fork' : dependabot ? 'dependabot' : undefined,
      }
    }
    case 'pull_request_target':
      return { kind: 'refused', message: PULL_REQUEST_TARGET }
    case 'push': {
      const before = text('before')
      return {
        kind: 'push',
        ref: text('ref'),
        before: before === '' || NO_COMMIT.test(before) ? undefined : before,
        after: text('after'),
        defaultBranch,
      }
    }
    case 'merge_group':
      return {
        kind: 'merge-group',
        baseRef: text('merge_group', 'base_ref'),
        baseSha: text('merge_group', 'base_sha'),
        headSha: text('merge_group', 'head_sha'),
      }
    case 'workflow_run':
      return {
        kind: 'workflow-run',
        of: text('workflow_run', 'event'),
        headSha: text('workflow_run', 'head_sha'),
        headRepository: text('workflow_run', 'head_repository', 'full_name'),
      }
    case '':
      return {
        kind: 'refused',
        message: 'GITHUB_EVENT_NAME is not set: this program is started by GitHub Actions.',
      }
    default:
      return { kind: 'other', name, ref: env.GITHUB_REF ?? '', defaultBranch }
  }
  return { kind: 'refused', message: `The payload of ${name} has no pull request.` }
}
