// How long `cnpg-steward status` takes beside `kubectl cnpg status`, both against the same recorded API of a healthy database
// with three instances: node test/bench/status.ts --plugin PATH [--runs N]. The plugin is built by
// go build github.com/cloudnative-pg/cloudnative-pg/cmd/kubectl-cnpg at v1.28.0.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { normalForm } from '../status/normal-form.ts'
import { serveRecording, type Serving } from '../status/api-server.ts'
import { recording } from '../status/recordings.ts'
import { temporaryDirectory } from '../temporary.ts'

const { values } = parseArgs({
  options: {
    plugin: { type: 'string' },
    runs: { type: 'string', default: '10' },
    round: { type: 'string', default: '0' },
  },
})
const recorded = recording('01-healthy')
const serving: Serving = { recording: recorded, delayMs: Number(values.round) }
await using server = await serveRecording(serving)
using directory = temporaryDirectory({ config: server.kubeconfig })
const config = path.join(directory.path, 'config')
const asks = ['status', recorded.name, '-n', recorded.namespace, '--kubeconfig', config]

async function run(command: string, args: readonly string[]) {
  const start = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await new Promise(resolve => child.on('close', resolve))
  return { output, ms: performance.now() - start }
}

const programs: [name: string, command: string, args: string[]][] = [
  ['cnpg-steward', process.execPath, ['src/cli/main.ts', ...asks, '--at', recorded.at]],
  ...(values.plugin === undefined
    ? []
    : [['kubectl cnpg', values.plugin, asks] satisfies [string, string, string[]]]),
]
const medians: number[] = []
for (const [name, command, args] of programs) {
  const times: number[] = []
  let asked = 0
  let printed = ''
  for (let index = 0; index < Number(values.runs); index++) {
    server.requests.length = 0
    const { output, ms } = await run(command, args)
    times.push(ms)
    asked = server.requests.length
    printed = name === 'cnpg-steward' ? output.slice(output.indexOf('Cluster Summary')) : output
  }
  const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
  medians.push(median)
  const equal = normalForm(printed) === recorded.text?.[0]
  console.log(
    `${name.padEnd(14)} ${median.toFixed(0)} ms, ${asked} requests, text ${equal ? 'equal' : 'differs'}`,
  )
}
const [ours = 0, theirs] = medians
if (theirs !== undefined) console.log(`ratio ${(ours / theirs).toFixed(2)}`)
