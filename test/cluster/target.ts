import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'

export interface Ran {
  exitCode: number | 'hung'
  stdout: string
  stderr: string
  ms: number
}

/** The database that is broken on purpose, and how it is reached: by kubectl, as whoever runs this. */
export class Target {
  readonly name: string
  readonly namespace: string

  constructor(name: string, namespace: string) {
    this.name = name
    this.namespace = namespace
  }

  /** @throws where kubectl does not end with 0 */
  async kubectl(args: readonly string[], stdin?: string): Promise<string> {
    const [verb = '', ...rest] = args
    // a plugin takes no option before its name, and what exec runs would take those at the end
    const words = verb === 'cnpg' ? [...args, '-n', this.namespace] : [verb, '-n', this.namespace, ...rest]
    const running = promisify(execFile)('kubectl', words, { maxBuffer: 64 * 1024 * 1024 })
    if (stdin !== undefined) running.child.stdin?.end(stdin)
    return (await running).stdout
  }

  async apply(object: object): Promise<void> {
    await this.kubectl(['apply', '-f', '-'], JSON.stringify(object))
  }

  /** A merge patch of the Cluster's spec. */
  async patch(spec: object): Promise<void> {
    await this.kubectl(['patch', 'cluster', this.name, '--type=merge', '-p', JSON.stringify({ spec })])
  }

  /** What stands at a JSON path of the Cluster: '.status.phase'. */
  async live(path: string): Promise<string> {
    return await this.kubectl(['get', 'cluster', this.name, '-o', `jsonpath={${path}}`])
  }

  async primary(): Promise<string> {
    return await this.live('.status.currentPrimary')
  }

  async replica(): Promise<string> {
    const names: string[] = JSON.parse(await this.live('.status.instanceNames'))
    const primary = await this.primary()
    const replica = names.find(each => each !== primary)
    if (replica === undefined) throw new Error(`${this.name} has no replica`)
    return replica
  }

  /** The instances by their Pods. */
  async pods(): Promise<string[]> {
    const selector = `cnpg.io/cluster=${this.name},cnpg.io/podRole=instance`
    const names = await this.kubectl([
      'get',
      'pods',
      '-l',
      selector,
      '-o',
      'jsonpath={.items[*].metadata.name}',
    ])
    return names.split(' ').filter(Boolean)
  }

  async sql(pod: string, statement: string): Promise<string> {
    const psql = ['psql', '-U', 'postgres', '-XAtc', statement]
    return (await this.kubectl(['exec', pod, '-c', 'postgres', '--', ...psql])).trim()
  }

  /** Our status, by the command line. */
  async steward(args: readonly string[]): Promise<Ran> {
    const words = ['src/cli/main.ts', 'status', this.name, '-n', this.namespace, ...args]
    return await run(process.execPath, words, 15 * 60_000)
  }

  /** The real plugin's. It hangs where an instance takes the question and says nothing. */
  async plugin(args: readonly string[]): Promise<Ran> {
    const words = ['cnpg', 'status', this.name, '-n', this.namespace, '--color', 'never', ...args]
    return await run('kubectl', words, 45_000)
  }

  /** Waits until we call it healthy. @throws where it does not become so within ten minutes */
  async settled(): Promise<void> {
    const { exitCode, stdout, stderr } = await this.steward(['--wait', '--timeout', '10m'])
    if (exitCode === 0) return
    // what is left of the state before may heal a while after it was ended
    const again = await this.steward(['--wait', '--timeout', '5m'])
    if (again.exitCode !== 0) throw new Error(`${this.name} does not become healthy:\n${stdout}${stderr}`)
  }
}

async function run(command: string, args: readonly string[], deadlineMs: number): Promise<Ran> {
  const start = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()))
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs)
  const exitCode = await new Promise<number | 'hung'>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve(code ?? 'hung'))
  })
  clearTimeout(timer)
  return { exitCode, ...said, ms: performance.now() - start }
}
