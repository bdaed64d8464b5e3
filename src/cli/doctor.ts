import { styleText } from 'node:util'
import { confinement, MEMORY_LIMIT, type Confinement } from '../adapters/confinement.ts'
import { execute } from '../adapters/exec.ts'
import {
  findTools,
  whichProgram,
  type FoundKustomize,
  type FoundTool,
  type FoundTools,
} from '../adapters/tools.ts'
import type { DoctorCommand } from './arguments.ts'
import type { Context, Outcome } from './run.ts'

/** `doctor`: which programs are used, and what they are denied here. Exit code 2 where nothing could be rendered: no git or no kustomize. */
export async function doctor(command: DoctorCommand, { io, color, progress }: Context): Promise<Outcome> {
  progress('looking for git, kustomize and helm')
  const { kustomize, helm } = command
  const [tools, git, children] = await Promise.all([
    findTools({
      env: io.env,
      cwd: io.cwd,
      platform: io.platform,
      ...(kustomize === undefined ? {} : { kustomize }),
      ...(helm === undefined ? {} : { helm }),
    }),
    findGit(io.env.PATH),
    confinement(),
  ])
  const exitCode = tools.kustomize === undefined || git === undefined ? 2 : 0
  if (command.output === 'json') {
    const { missing, notes } = tools
    const found = { kustomize: tools.kustomize, helm: tools.helm, git }
    return { output: JSON.stringify({ version: 1, ...found, missing, notes, children }, null, 2), exitCode }
  }
  return { output: doctorText(tools, git, children, color), exitCode }
}

/** What doctor prints for people. */
export function doctorText(
  tools: FoundTools,
  git: FoundTool | undefined,
  children: Confinement,
  color: boolean,
): string {
  const paint = (style: 'green' | 'red' | 'yellow', text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text
  const good = (name: string, tool: FoundTool, from: string) =>
    `${paint('green', '✓')} ${`${name} ${tool.version}`.padEnd(18)} ${from}: ${tool.path}`
  const lines: string[] = []
  if (tools.kustomize) lines.push(good('kustomize', tools.kustomize, kustomizeFrom(tools.kustomize)))
  if (tools.helm) lines.push(good('helm', tools.helm, ORIGIN[tools.helm.from]))
  if (git) lines.push(good('git', git, ORIGIN[git.from]))
  for (const { tool, message, repair } of tools.missing) {
    const loss =
      tool === 'kustomize' ? 'Nothing can be rendered.' : 'HelmReleases are reported as not rendered.'
    lines.push(`${paint('red', '✗')} ${tool}: ${message} ${loss}`, `  ${repair}`)
  }
  if (!git) lines.push(`${paint('red', '✗')} git: not in PATH. No commit can be read.`, '  Install git.')
  const denied = [
    ...(children.network === 'denied' ? ['no network'] : []),
    ...(children.resources === 'limited' ? [`at most ${MEMORY_LIMIT} MiB of memory`] : []),
  ]
  if (denied.length > 0)
    lines.push(`${paint('green', '✓')} kustomize and helm are run with ${denied.join(' and ')}`)
  for (const restriction of children.missing) lines.push(`${paint('yellow', '!')} ${restriction}`)
  for (const note of tools.notes) lines.push(`${paint('yellow', '!')} ${note}`)
  return `${lines.join('\n')}\n`
}

const ORIGIN = {
  given: 'as given',
  PATH: 'from PATH',
  'npm package': 'from the npm package',
  download: 'downloaded',
} satisfies Record<FoundTool['from'], string>

function kustomizeFrom({ from, style }: FoundKustomize): string {
  return style === 'kubectl' ? `inside kubectl ${ORIGIN[from]}` : ORIGIN[from]
}

async function findGit(searchPath: string | undefined): Promise<FoundTool | undefined> {
  const file = whichProgram('git', searchPath)
  if (file === undefined) return undefined
  const result = await execute(file, ['--version'], {
    cwd: '/',
    env: {},
    timeoutMs: 10_000,
    maxOutput: 4096,
  }).catch(() => undefined)
  const version = /git version (\S+)/.exec(result?.stdout.toString('utf8') ?? '')?.[1]
  return version === undefined ? undefined : { path: file, version, from: 'PATH' }
}
