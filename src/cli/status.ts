import { styleText } from 'node:util'
import { findAccess } from '../adapters/kubeconfig.ts'
import { KubernetesApi } from '../adapters/kubernetes-api.ts'
import { openParameterCatalogs } from '../adapters/parameter-catalogs.ts'
import { reportStatus } from '../report-status.ts'
import { noCommands } from '../report/escape.ts'
import { statusJson } from '../report/status-json.ts'
import { statusMarkdown } from '../report/status-markdown.ts'
import { statusText } from '../report/status-text.ts'
import type { DatabaseStatus } from '../status/database-status.ts'
import type { State } from '../status/state.ts'
import type { StatusCommand } from './arguments.ts'
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
  try {
    const found = await reportStatus(
      { namespace, name: command.name, ...(command.at === undefined ? {} : { at: command.at }) },
      { reader, catalogs: openParameterCatalogs(), now: io.now },
    )
    return { output: printed(found, command, context), exitCode: EXIT_CODES[found.state] }
  } finally {
    reader.close()
  }
}

function printed(found: DatabaseStatus, { output, verbosity }: StatusCommand, { color }: Context): string {
  switch (output) {
    case 'json':
      return statusJson(found)
    case 'markdown':
      return noCommands(statusMarkdown(found, verbosity))
    case 'text':
    case 'sarif':
    case 'yaml':
    default:
      return statusText(found, verbosity, (tone, text) =>
        color ? styleText(tone, text, { validateStream: false }) : text,
      )
  }
}
