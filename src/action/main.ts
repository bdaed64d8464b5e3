import { start } from './start.ts'
import { planWith } from './plan-with.ts'
import { printers, reviewWith, statusWith } from './wiring.ts'

// the log of a step is standard output
await start(process.env, {
  review: reviewWith(process.env, message => void process.stdout.write(`${message}\n`)),
  status: statusWith(process.env),
  plan: planWith(process.env, message => void process.stdout.write(`${message}\n`)),
  printers,
})
