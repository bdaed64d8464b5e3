import { execute } from '../adapters/exec.ts'

/** The history of the checkout, as far as it is there. */
export interface Checkout {
  /** the commit that is checked out */
  head(): Promise<string>
  /** the full id a name stands for; undefined where it is not there */
  commit(name: string): Promise<string | undefined>
  /** parents whose content is there; a shallow clone cuts them off */
  parents(commit: string): Promise<string[]>
  mergeBase(one: string, other: string): Promise<string | undefined>
  /** history was cut by fetch-depth */
  isShallow(): Promise<boolean>
}

/** Reads the history of a directory with git, without the runner's environment: no token reaches it. */
export function openCheckout(directory: string, path: string): Checkout {
  const git = async (...args: string[]): Promise<string | undefined> => {
    // a container's user is seldom the owner of the workspace, which git calls dubious
    const options = [
      'safe.directory=*',
      'core.hooksPath=/dev/null',
      'core.fsmonitor=false',
      'protocol.allow=never',
      'credential.helper=',
    ].flatMap(setting => ['-c', setting])
    const result = await execute('git', [...options, ...args], {
      cwd: directory,
      env: {
        PATH: path,
        LC_ALL: 'C',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_TERMINAL_PROMPT: '0',
        GIT_NO_LAZY_FETCH: '1',
      },
      timeoutMs: 60_000,
      maxOutput: 1024 * 1024,
    })
    return result.code === 0 ? result.stdout.toString('utf8').trim() : undefined
  }
  const commit = async (name: string): Promise<string | undefined> =>
    await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`)
  return {
    commit,
    head: async () => {
      const found = await commit('HEAD')
      if (found === undefined)
        throw new Error(
          `${directory} is no git checkout: add a step "uses: actions/checkout" with "fetch-depth: 0" before this one.`,
        )
      return found
    },
    parents: async of => {
      const line = await git('rev-list', '--parents', '--max-count=1', of)
      return (line ?? '').split(' ').slice(1)
    },
    mergeBase: async (one, other) => (await git('merge-base', one, other)) || undefined,
    isShallow: async () => (await git('rev-parse', '--is-shallow-repository')) === 'true',
  }
}
