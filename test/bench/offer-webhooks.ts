// Offers webhooks at a rate, whether or not the earlier ones are answered; prints how long each waited, sorted, as JSON.
import { createHmac, randomUUID } from 'node:crypto'
import { SECRET } from '../bot/harness.ts'

const { url, rate, total, payload }: { url: string; rate: number; total: number; payload: object } =
  JSON.parse(process.env.OFFER ?? '{}')

async function post(number: number): Promise<number> {
  const filler = 'x'.repeat(20_000)
  const event = { ...payload, action: 'reopened', number, pull_request: { filler } }
  const body = JSON.stringify(event)
  const begun = performance.now()
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': randomUUID(),
      'x-github-event': 'pull_request',
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    },
    body,
  })
  await response.arrayBuffer()
  if (response.status !== 202) throw new Error(`answered ${response.status}`)
  return performance.now() - begun
}

const waits: Promise<number>[] = []
const first = performance.now()
for (let n = 0; n < total; n++) {
  const wait = first + (n * 1000) / rate - performance.now()
  if (wait > 1) await new Promise(resolve => setTimeout(resolve, wait))
  waits.push(post(1 + (n % 50)))
}
const sorted = (await Promise.all(waits)).toSorted((a, b) => a - b)
process.stdout.write(JSON.stringify(sorted))
