import type { FailOn } from '../report/conclusion.ts'

/** What the workflow asks for; every input of action.yml, read once. */
export interface Inputs {
  mode: 'review' | 'validate' | 'comment' | 'status' | 'updates'
  token: string
  /** path of the configuration in the repository */
  config: string
  failOn: FailOn
  comment: 'auto' | 'always' | 'never'
  /** the repository's checkout, from the workspace: '.' */
  workingDirectory: string
  /** programs to use instead of those on PATH */
  kustomize?: string
  helm?: string
  /** roots that are not in Git */
  entries: { name: string; path: string }[]
  /** also report what stood in base */
  all: boolean
  /** where SARIF is written; absent: not */
  sarifFile?: string
  /** where the review's JSON is written, or, in mode comment, read; absent: the runner's temporary directory */
  reviewFile?: string
  /** which databases mode status asks about */
  databases: { namespace: string; name: string }[]
  /** access to the API server in mode status; absent: as kubectl finds it */
  kubeconfig?: string
  /** of the kubeconfig; absent: the current one */
  context?: string
}

/** An input that cannot be read. The message names the input, its value and what is allowed, one line a problem. */
export class InputError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'InputError'
  }
}

/**
 * Reads the inputs as the runner hands them over: INPUT_<NAME>, upper case, spaces as underscores, hyphens kept.
 * An empty input counts as absent: that is what an unset variable of a workflow comes out as.
 * @throws InputError with every problem, not only the first
 */
export function loadInputs(env: Readonly<Record<string, string | undefined>>): Inputs {
  const problems: string[] = []
  const text = (name: string): string | undefined => {
    const value = env[`INPUT_${name.toUpperCase()}`]?.trim()
    return value === '' ? undefined : value
  }
  const oneOf = <T extends string>(name: string, allowed: readonly [T, ...T[]]): T => {
    const value = text(name)
    const found = allowed.find(candidate => candidate === value)
    if (value !== undefined && found === undefined)
      problems.push(`Input ${name} is "${value}"; allowed: ${allowed.join(', ')}.`)
    return found ?? allowed[0]
  }
  const inputs: Inputs = {
    mode: oneOf('mode', ['review', 'validate', 'comment', 'status', 'updates']),
    token: text('token') ?? '',
    config: text('config') ?? '.github/cnpg-steward.yaml',
    failOn: oneOf('fail-on', ['error', 'incomplete', 'warning', 'never']),
    comment: oneOf('comment', ['auto', 'always', 'never']),
    workingDirectory: text('working-directory') ?? '.',
    entries: [],
    databases: [],
    // GitHub's own inputs are YAML 1.2 booleans in any case
    all: oneOf('all', ['false', 'true']) === 'true',
    ...optional('kustomize', text('kustomize')),
    ...optional('helm', text('helm')),
    ...optional('sarifFile', text('sarif-file')),
    ...optional('reviewFile', text('review-file')),
    ...optional('kubeconfig', text('kubeconfig')),
    ...optional('context', text('context')),
  }
  for (const line of (text('entries') ?? '').split('\n').map(each => each.trim())) {
    if (line === '') continue
    const [, name, path] = /^([^=\s]+)=(\S.*)$/.exec(line) ?? []
    if (name === undefined || path === undefined)
      problems.push(`Input entries has the line "${line}"; allowed: NAME=PATH, one a line.`)
    else inputs.entries.push({ name, path })
  }
  for (const line of (text('databases') ?? '').split('\n').map(each => each.trim())) {
    if (line === '') continue
    const [, namespace, name] = /^([^/\s]+)\/([^/\s]+)$/.exec(line) ?? []
    if (namespace === undefined || name === undefined)
      problems.push(`Input databases has the line "${line}"; allowed: NAMESPACE/NAME, one a line.`)
    else inputs.databases.push({ namespace, name })
  }
  if (inputs.mode === 'status' && inputs.databases.length === 0)
    problems.push('Input databases is empty; mode "status" needs NAMESPACE/NAME, one a line.')
  if (inputs.mode === 'comment') {
    if (inputs.reviewFile === undefined)
      problems.push(
        'Input review-file is empty; mode "comment" needs the path of the JSON that mode "review" wrote.',
      )
    if (inputs.comment === 'never')
      problems.push('Input comment is "never"; mode "comment" allows: auto, always.')
  }
  if (problems.length > 0) throw new InputError(problems)
  return inputs
}

function optional<Key extends string>(key: Key, value: string | undefined): { [name in Key]?: string } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TypeScript widens a computed key to string
  return (value === undefined ? {} : { [key]: value }) as { [name in Key]?: string }
}
