import { setTimeout as pause } from 'node:timers/promises'
import { styleText } from 'node:util'
import { findAccess } from '../adapters/kubeconfig.ts'
import { KubernetesApi } from '../adapters/kubernetes-api.ts'
import { openParameterCatalogs } from '../adapters/parameter-catalogs.ts'
import type { Awaited } from '../await-status.ts'
import type { StatusQuestion } from '../collect-status.ts'
import { reportStatus, type StatusTools } from '../report-status.ts'
import type { DatabaseStatus } from '../status/database-status.ts'
import type { State } from '../status/state.ts'
import type { StatusCommand } from './status-arguments.ts'
import type { Context, ExitCode, Outcome } from './run.ts'

/** `kubectl cnpg status` exits 0 in every state; a gate needs the difference. */
const EXIT_CODES: Readonly<Record<State, ExitCode>> = {
  healthy: 0,
  progressing: 1,
  attention: 1,
  failed: 1,
  unknown: 2,
}

/** `status`: how a running database is. Exit code 1 where it is not healthy, 2 where that could not be found out. */
export async function status(command: StatusCommand, context: Context): Promise<Outcome> {
  const { io, progress } = context
  const { kubeconfig, context: named, allowExec } = command
  const access = findAccess({
    env: io.env,
    cwd: io.cwd,
    allowExec,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(named === undefined ? {} : { context: named }),
  })
  const reader = new KubernetesApi(access)
  const namespace = command.namespace ?? access.namespace ?? 'default'
  progress(`reading ${namespace}/${command.name} from ${access.server.host}`)
  const question = { namespace, name: command.name }
  const tools = { reader, catalogs: openParameterCatalogs(), now: io.now }
  const { at, waitMs } = command
  try {
    const [{ status: found, settled }, print] = await Promise.all([
      waitMs === undefined
        ? reported({ ...question, ...(at === undefined ? {} : { at }) }, tools)
        : waited(question, waitMs, tools, context),
      printer(command, context),
    ])
    if (settled) return { output: print(found), exitCode: EXIT_CODES[found.state] }
    return {
      output: print(found),
      // healthy for a moment is not what was waited for
      exitCode: found.state === 'healthy' ? 1 : EXIT_CODES[found.state],
      complaint: `${namespace}/${command.name} has not settled within ${(waitMs ?? 0) / 1000} s; this is how it is now.`,
    }
  } finally {
    reader.close()
  }
}

async function reported(question: StatusQuestion & { at?: Date }, tools: StatusTools): Promise<Awaited> {
  return { status: await reportStatus(question, tools), settled: true }
}

async function waited(
  question: StatusQuestion,
  waitMs: number,
  tools: StatusTools,
  { progress, io }: Context,
): Promise<Awaited> {
  const { awaitStatus } = await import('../await-status.ts')
  const start = io.now().getTime()
  return await awaitStatus(question, waitMs, {
    ...tools,
    pause: async milliseconds => await pause(milliseconds),
    seen: ({ state, reasons: [worst] }) =>
      progress(
        `${question.namespace}/${question.name} ${state} after ${Math.round((io.now().getTime() - start) / 1000)} s${worst === undefined ? '' : `: ${worst.message}`}`,
      ),
  })
}

/** Loaded while the API server is being waited for. */
async function printer(
  { output, verbosity }: StatusCommand,
  { color }: Context,
): Promise<(found: DatabaseStatus) => string> {
  switch (output) {
    case 'json':
      return (await import('../report/status-json.ts')).statusJson
    case 'markdown': {
      const [{ statusMarkdown }, { noCommands }] = await Promise.all([
        import('../report/status-markdown.ts'),
        import('../report/escape.ts'),
      ])
      return found => noCommands(statusMarkdown(found, verbosity))
    }
    case 'text':
    case 'sarif':
    case 'yaml':
    case 'plan':
    case 'renovate':
    default: {
      const { statusText } = await import('../report/status-text.ts')
      return found =>
        statusText(found, verbosity, (tone, text) =>
          color ? styleText(tone, text, { validateStream: false }) : text,
        )
    }
  }
}
