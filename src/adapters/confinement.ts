import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'

/**
 * What this machine denies to the children that see the content of a pull request, beside what they never get (environment,
 * tokens, other files). `doctor` prints it.
 */
export interface Confinement {
  /** 'denied': a network namespace of their own, without even a loopback */
  network: 'denied' | 'not denied'
  /** 'limited': the kernel refuses memory, file sizes and CPU time beyond the limits */
  resources: 'limited' | 'not limited'
  /** why not, one sentence a restriction that is missing */
  missing: string[]
}

/** MiB of memory that a child may write to; a build of 100 objects takes 60. */
export const MEMORY_LIMIT = 2048
// Far above what the clock allows: for children whose parent was killed and cannot stop them any more.
const CPU_SECONDS = 300
// In blocks of 512 bytes (POSIX, ulimit): no file of theirs is larger than 1 GiB.
const FILE_BLOCKS = 2 * 1024 * 1024

/**
 * RLIMIT_DATA and not RLIMIT_AS: Go reserves gigabytes of addresses that it never touches, which RLIMIT_DATA does not count
 * (setrlimit(2), since Linux 4.7). Go dies with "out of memory" there.
 */
const SET_LIMITS = `ulimit -c 0; ulimit -d ${MEMORY_LIMIT * 1024} && ulimit -f ${FILE_BLOCKS} && ulimit -t ${CPU_SECONDS}`
const LIMITS = `${SET_LIMITS} && exec "$@"`
/** Behind whoever answers people on this machine, where it has nice(1). */
const POLITE_LIMITS = `${SET_LIMITS} || exit; command -v nice >/dev/null && set -- nice -n 10 "$@"; exec "$@"`

// A user namespace gives the right to make a network namespace without being root; busybox knows the long names of neither.
const NAMESPACES = [
  ['--map-current-user', '--net', '--'],
  ['-r', '-n', '--'],
  ['-n', '--'],
]
const SHELL = '/bin/sh'

interface Wrapper {
  confinement: Confinement
  /** what stands before the program and its arguments */
  prefix: readonly string[]
}

let known: Promise<Wrapper> | undefined

/** What children are denied here; found out once a process, by trying (5 ms). */
export async function confinement(): Promise<Confinement> {
  return (await wrapper()).confinement
}

/** The command that runs a program confined: 2 ms more for a child (two programs that replace themselves by the next). */
export async function confined(
  command: string,
  args: readonly string[],
): Promise<{ command: string; args: string[] }> {
  const [first = command, ...rest] = [...(await wrapper()).prefix, command, ...args]
  return { command: first, args: rest }
}

/** The command that runs a program for long beside others, with the limits and less of the processor; its network is its own. */
export async function limited(
  command: string,
  args: readonly string[],
): Promise<{ command: string; args: string[] }> {
  const { confinement: denied, prefix } = await wrapper()
  if (denied.resources === 'not limited') return { command, args: [...args] }
  const [shell = SHELL, flag = '-c', , name = 'sh'] = prefix
  return { command: shell, args: [flag, POLITE_LIMITS, name, command, ...args] }
}

async function wrapper(): Promise<Wrapper> {
  return await (known ??= findWrapper(process.platform))
}

/** @param searched where unshare(1) is looked for */
export async function findWrapper(
  platform: NodeJS.Platform,
  searched: readonly string[] = ['/usr/bin/unshare', '/bin/unshare'],
): Promise<Wrapper> {
  if (platform !== 'linux')
    return {
      confinement: {
        network: 'not denied',
        resources: 'not limited',
        missing: [
          `On ${platform} children can reach the network and use memory without limit: both are denied on Linux only.`,
        ],
      },
      prefix: [],
    }
  const [limits, namespace] = await Promise.all([findLimits(), findNamespace(searched)])
  const prefix = [...(limits ?? []), ...(namespace ?? [])]
  const missing = [
    ...(namespace === undefined
      ? [
          'Children can reach the network: this machine lets nobody but root make a network namespace (unshare; on Ubuntu kernel.apparmor_restrict_unprivileged_userns).',
        ]
      : []),
    ...(limits === undefined
      ? [`Children have no limit of memory: ${SHELL} cannot set one (ulimit -d).`]
      : []),
  ]
  return {
    confinement: {
      network: namespace === undefined ? 'not denied' : 'denied',
      resources: limits === undefined ? 'not limited' : 'limited',
      missing,
    },
    prefix,
  }
}

async function findLimits(): Promise<string[] | undefined> {
  const prefix = [SHELL, '-c', LIMITS, 'sh']
  return (await runs([...prefix, SHELL, '-c', 'exit 0'])) ? prefix : undefined
}

async function findNamespace(searched: readonly string[]): Promise<string[] | undefined> {
  const unshare = searched.find(isExecutable)
  if (unshare === undefined) return undefined
  for (const flags of NAMESPACES)
    if (await runs([unshare, ...flags, SHELL, '-c', 'exit 0'])) return [unshare, ...flags]
  return undefined
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function runs([command = '', ...args]: readonly string[]): Promise<boolean> {
  return await new Promise(resolve => {
    const child = spawn(command, args, { env: {}, stdio: 'ignore', timeout: 5000, killSignal: 'SIGKILL' })
    child.on('error', () => resolve(false))
    child.on('close', code => resolve(code === 0))
  })
}
