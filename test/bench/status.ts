// How long `cnpg-steward status` takes beside `kubectl cnpg status`, both against the same recorded API of a healthy database with
// three instances, with and without a long way to it: node test/bench/status.ts --plugin PATH [--runs N] [--latency MS,MS].
// Ours is bundled as it is released. The two run in turn, and the ratio is the median of each pair's: a machine that is busy is
// busy for both. The plugin is built by go build github.com/cloudnative-pg/cloudnative-pg/cmd/kubectl-cnpg at v1.28.0.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { normalForm } from '../status/normal-form.ts'
import { serveRecording, type Serving } from '../status/api-server.ts'
import { recording } from '../status/recordings.ts'
import { temporaryDirectory } from '../temporary.ts'
import { buildProgram } from './built-program.ts'
import { median } from './ratios.ts'

const { values } = parseArgs({
  options: {
    plugin: { type: 'string' },
    runs: { type: 'string', default: '15' },
    latency: { type: 'string', default: '0,50' },
  },
})
const recorded = recording('01-healthy')
const serving: Serving = { recording: recorded }
await using server = await serveRecording(serving)
using directory = temporaryDirectory({ config: server.kubeconfig })
const main = await buildProgram(directory.path)
const asks = [
  'status',
  recorded.name,
  '-n',
  recorded.namespace,
  '--kubeconfig',
  path.join(directory.path, 'config'),
]

interface Timed {
  ms: number
  requests: number
  connections: number
  equal: boolean
}

/** @param from where the plugin's text begins in what is printed */
async function timed(
  command: string,
  args: readonly string[],
  from: (output: string) => number,
): Promise<Timed> {
  server.requests.length = 0
  const connectionsBefore = server.connections()
  const start = performance.now()
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, XDG_CACHE_HOME: path.join(directory.path, 'cache') },
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await new Promise(resolve => child.on('close', resolve))
  const ms = performance.now() - start
  return {
    ms,
    requests: server.requests.length,
    connections: server.connections() - connectionsBefore,
    equal: normalForm(output.slice(from(output))) === recorded.text?.[0],
  }
}

function line(name: string, runs: readonly Timed[]): string {
  const [first] = runs
  const texts = runs.every(({ equal }) => equal) ? 'equal' : 'DIFFERS'
  return `${name.padEnd(14)} ${median(runs.map(({ ms }) => ms)).toFixed(0)} ms, ${first?.requests ?? 0} requests on ${first?.connections ?? 0} connections, text ${texts}`
}

const steward = async () =>
  await timed(
    process.execPath,
    [main, ...asks, '--at', recorded.at],
    // its judgement comes first
    output => output.indexOf('Cluster Summary'),
  )
const { plugin } = values
for (const latency of values.latency.split(',').map(Number)) {
  serving.delayMs = latency
  // the first start fills Node's compile cache
  await steward()
  const ours: Timed[] = []
  const theirs: Timed[] = []
  for (let index = 0; index < Number(values.runs); index++) {
    ours.push(await steward())
    if (plugin !== undefined) theirs.push(await timed(plugin, asks, () => 0))
  }
  console.log(`each answer takes ${latency} ms, ${values.runs} runs`)
  console.log(line('cnpg-steward', ours))
  if (plugin === undefined) continue
  console.log(line('kubectl cnpg', theirs))
  const ratios = ours.map(({ ms }, index) => ms / (theirs[index]?.ms ?? Number.NaN))
  console.log(`ratio          ${median(ratios).toFixed(2)}`)
}
