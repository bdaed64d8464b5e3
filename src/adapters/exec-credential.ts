import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import { AccessProblem } from './cluster-access.ts'
import { execute } from './exec.ts'

export interface ExecCredential {
  token?: string
}

/**
 * Credentials from a program that the kubeconfig names (client.authentication.k8s.io ExecCredential); only where the person has
 * allowed it. What it gave is used until its expiry, or until the server refuses it.
 * @returns asks for the credential; `again`: the last one was refused
 */
export function execCredential(
  exec: JsonObject,
  { directory, env }: { directory: string; env: Readonly<Record<string, string | undefined>> },
): (again: boolean) => Promise<ExecCredential> {
  let last: { credential: ExecCredential; until: number } | undefined
  return async again => {
    if (last !== undefined && !again && Date.now() < last.until) return last.credential
    const status = await run(exec, directory, env)
    const token = textAt(status, 'token')
    if (token === undefined)
      throw new AccessProblem(
        `${textAt(exec, 'command') ?? 'The program'} gave no token.`,
        'Give a kubeconfig with a token or a client certificate.',
      )
    const expires = Date.parse(textAt(status, 'expirationTimestamp') ?? '')
    last = {
      credential: { token },
      until: Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires - 10_000,
    }
    return last.credential
  }
}

async function run(
  exec: JsonObject,
  directory: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Json | undefined> {
  const command = textAt(exec, 'command') ?? ''
  const args = valueAt(exec, 'args')
  const variables = valueAt(exec, 'env')
  const result = await execute(
    // a command with a slash counts from the kubeconfig (client-go)
    command.includes('/') && !command.startsWith('/') ? `${directory}/${command}` : command,
    Array.isArray(args) ? args.filter(each => typeof each === 'string') : [],
    {
      cwd: directory,
      // cloud programs need the person's environment: that is what allowing them means
      env: {
        ...Object.fromEntries(
          Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
        ),
        ...Object.fromEntries(
          (Array.isArray(variables) ? variables : []).map(each => [
            textAt(each, 'name') ?? '',
            textAt(each, 'value') ?? '',
          ]),
        ),
        KUBERNETES_EXEC_INFO: JSON.stringify({
          apiVersion: textAt(exec, 'apiVersion') ?? 'client.authentication.k8s.io/v1',
          kind: 'ExecCredential',
          spec: { interactive: false },
        }),
      },
      timeoutMs: 60_000,
      maxOutput: 1024 * 1024,
    },
  )
  if (result.code !== 0)
    throw new AccessProblem(
      `${command}, which gives the credentials, has failed: ${result.stderr.trim().split('\n').at(-1) ?? ''}`,
      'Run it by hand to see why.',
    )
  try {
    const given: Json = JSON.parse(result.stdout.toString('utf8'))
    return isObject(given) ? given.status : undefined
  } catch (cause) {
    throw new AccessProblem(`${command} gave no ExecCredential.`, 'Run it by hand to see why.', { cause })
  }
}
