import * as core from '@actions/core'
import { appendFile, lstat, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** What the action tells the runner; the tests have one that remembers. */
export interface Runner {
  /** hides a value in every log */
  mask(secret: string): void
  /** a line for the log, which cannot be a command whatever it says */
  log(line: string): void
  /** workflow commands as a printer made them, escaped: '::error file=…::…' */
  command(line: string): void
  output(name: string, value: string): void
  /** markdown for the job's summary; at most 1 MiB */
  summarize(markdown: string): Promise<void>
  /** writes a file of ours. @returns its full path */
  write(file: string, content: string): Promise<string>
  /** reads a file. @throws where it is larger than `limit` bytes or no plain file */
  read(file: string, limit: number): Promise<string>
  /** ends the step as failed */
  fail(message: string): void
}

/** @param directory paths of files start here: the working directory */
export function githubRunner(env: Readonly<Record<string, string | undefined>>, directory: string): Runner {
  return {
    mask: secret => core.setSecret(secret),
    log: line => core.info(neutral(line)),
    command: line => core.info(line),
    output: (name, value) => core.setOutput(name, value),
    summarize: async markdown => {
      const file = env.GITHUB_STEP_SUMMARY
      if (file !== undefined && file !== '') await appendFile(file, markdown)
    },
    write: async (file, content) => {
      const target = path.resolve(directory, file)
      await mkdir(path.dirname(target), { recursive: true })
      // the checkout is the pull request's: a link in it must not lead our writing out of the workspace
      const parent = await realpath(path.dirname(target))
      const allowed = [env.GITHUB_WORKSPACE, env.RUNNER_TEMP, directory].filter(root => root !== undefined)
      const roots = await Promise.all(
        allowed.filter(root => root !== '').map(async root => await realpath(root)),
      )
      if (!roots.some(root => parent === root || parent.startsWith(`${root}${path.sep}`)))
        throw new Error(`${file} lies outside the workspace and the runner's temporary directory`)
      const safe = path.join(parent, path.basename(target))
      await rm(safe, { force: true })
      await writeFile(safe, content, { flag: 'wx' })
      return safe
    },
    read: async (file, limit) => {
      const target = path.resolve(directory, file)
      const status = await lstat(target)
      if (!status.isFile()) throw new Error(`${file} is no plain file`)
      if (status.size > limit) throw new Error(`${file} has ${status.size} bytes; at most ${limit} are read`)
      return await readFile(target, 'utf8')
    },
    fail: message => core.setFailed(message),
  }
}

/** The runner takes a line that starts with '::', or has '##[' anywhere, for a command (actions/runner, ActionCommand.cs). */
export function neutral(text: string): string {
  return text
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map(line => line.replaceAll('##[', '# #[').replace(/^(\s*):(?=:)/, '$1: '))
    .join('\n')
}
