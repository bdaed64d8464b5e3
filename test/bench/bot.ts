// Figures of the bot: how long webhooks wait with so many offered a second, memory at rest, jobs a minute.
//
//   node test/bench/bot.ts [--database URL] [--rate 100] [--seconds 20] [--jobs 60]
//
// The bot runs in a process of its own, as it does for people; GitHub is the fake, the review is canned (what a review
// itself takes is measured elsewhere), on the embedded database where no URL is given.
import { spawn } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { WEBHOOK_PATH } from '../../bot/server.ts'
import { SECRET, World } from '../bot/harness.ts'

const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '20' },
    jobs: { type: 'string', default: '60' },
  },
})
const rate = Number(values.rate)
const total = rate * Number(values.seconds)

await using world = await World.start()
const environment = world.environment({
  logLevel: 'warn',
  ...(values.database === undefined ? {} : { databaseUrl: values.database }),
})
const child = spawn(process.execPath, [path.resolve('test/bot/replica.ts')], {
  env: { PATH: process.env.PATH ?? '', BOT: JSON.stringify(environment) },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const started = performance.now()
let port = 0
for await (const line of createInterface({ input: child.stdout })) {
  port = JSON.parse(line).port ?? 0
  if (port !== 0) break
}
console.log(`started in ${((performance.now() - started) / 1000).toFixed(1)} s`)
const memory = (): string =>
  /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? '0'
await new Promise(resolve => setTimeout(resolve, 5000))
console.log(`memory at rest ${Math.round(Number(memory()) / 1024)} MiB`)

async function post(name: string, payload: object): Promise<number> {
  const body = JSON.stringify(payload)
  const begun = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}${WEBHOOK_PATH}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': randomUUID(),
      'x-github-event': name,
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    },
    body,
  })
  await response.arrayBuffer()
  if (response.status !== 202) throw new Error(`answered ${response.status}`)
  return performance.now() - begun
}

const common = { repository: { full_name: 'acme/fleet' }, installation: { id: world.installation.id } }
// offered at a rate, whether or not the earlier ones are answered; the jobs they make run meanwhile
const waits: Promise<number>[] = []
const first = performance.now()
for (let n = 0; n < total; n++) {
  const wait = first + (n * 1000) / rate - performance.now()
  if (wait > 1) await new Promise(resolve => setTimeout(resolve, wait))
  const filler = 'x'.repeat(20_000)
  waits.push(
    post('pull_request', { ...common, action: 'reopened', number: 1 + (n % 50), pull_request: { filler } }),
  )
}
const sorted = (await Promise.all(waits)).toSorted((a, b) => a - b)
const at = (share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
console.log(
  `${total} webhooks of 20 kB at ${rate}/s: median ${at(0.5)} ms, 95th ${at(0.95)} ms, 99th ${at(0.99)} ms, longest ${at(1)} ms`,
)

const pulls = Array.from({ length: Number(values.jobs) }, (_, n) => world.another(`bench-${n}`))
const done = (): number =>
  pulls.filter(pull => world.seen(pull).runs.some(({ status }) => status === 'completed')).length
const begun = performance.now()
for (const pull of pulls)
  await post('pull_request', {
    ...common,
    action: 'opened',
    number: pull.number,
    pull_request: { head: { sha: pull.headSha } },
  })
while (done() < pulls.length) await new Promise(resolve => setTimeout(resolve, 100))
const minutes = (performance.now() - begun) / 60_000
console.log(
  `${pulls.length} reviews, the review itself canned: ${Math.round(pulls.length / minutes)} a minute`,
)
console.log(`memory after it ${Math.round(Number(memory()) / 1024)} MiB`)
child.kill('SIGKILL')
