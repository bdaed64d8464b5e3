// Figures of the bot: how long webhooks wait with so many offered a second, memory at rest, jobs a minute.
//
//   node test/bench/bot.ts [--postgres] [--rate 100] [--seconds 20] [--jobs 60] [--canned]
//
// The bot runs in a process of its own, as it does for people, on the embedded database, or with --postgres on a real server
// of the npm package; GitHub is the fake. The repository is the generated one: 40 Kustomizations of 5 databases and their
// backups, and each pull request changes one database. With --canned the review itself costs nothing.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { WEBHOOK_PATH } from '../../bot/server.ts'
import { databasesOf, DATABASES, generatedRepository, KUSTOMIZATIONS } from './generated-repository.ts'
import { World } from '../bot/harness.ts'
import { realPostgres } from '../postgres.ts'

const { values } = parseArgs({
  options: {
    postgres: { type: 'boolean', default: false },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '20' },
    jobs: { type: 'string', default: '60' },
    canned: { type: 'boolean', default: false },
  },
})
const rate = Number(values.rate)
const total = rate * Number(values.seconds)

await using postgres = values.postgres ? await realPostgres() : undefined
await using world = await World.start()
const environment = world.environment({
  logLevel: 'warn',
  ...(postgres === undefined ? {} : { databaseUrl: postgres.url }),
})
const child = spawn(process.execPath, [path.resolve('test/bot/replica.ts')], {
  env: {
    PATH: process.env.PATH ?? '',
    BOT: JSON.stringify(environment),
    REVIEW: values.canned ? 'canned' : 'real',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
})
process.on('exit', () => child.kill('SIGKILL'))
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

const common = { repository: { full_name: 'acme/fleet' }, installation: { id: world.installation.id } }
// from a process of its own: the fake's git keeps this one busy
const offer = spawn(process.execPath, [path.resolve('test/bench/offer-webhooks.ts')], {
  env: {
    PATH: process.env.PATH ?? '',
    OFFER: JSON.stringify({ url: `http://127.0.0.1:${port}${WEBHOOK_PATH}`, rate, total, payload: common }),
  },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const sorted: number[] = JSON.parse(await text(offer.stdout))
const at = (share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
console.log(
  `${total} webhooks of 20 kB at ${rate}/s: median ${at(0.5)} ms, 95th ${at(0.95)} ms, 99th ${at(0.99)} ms, longest ${at(1)} ms`,
)

world.repository.commit('main', generatedRepository())
const pulls = Array.from({ length: Number(values.jobs) }, (_, n) => {
  const [file, changed] = databasesOf(n % KUSTOMIZATIONS, Math.floor(n / KUSTOMIZATIONS) % DATABASES)
  return world.another(`bench-${n}`, { [file]: changed })
})
const done = (): number =>
  pulls.filter(pull => world.seen(pull).runs.some(({ status }) => status === 'completed')).length
const begun = performance.now()
for (const pull of pulls) await world.pullEvent('opened', { pull, port })
while (done() < pulls.length) await new Promise(resolve => setTimeout(resolve, 100))
const minutes = (performance.now() - begun) / 60_000
console.log(
  `${pulls.length} reviews${values.canned ? ', the review itself canned' : ''}: ${Math.round(pulls.length / minutes)} a minute`,
)
console.log(`memory after it ${Math.round(Number(memory()) / 1024)} MiB`)
child.kill('SIGKILL')
