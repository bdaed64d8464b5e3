import { start } from './start.ts'
import { printers, review } from './wiring.ts'

await start(process.env, { review, printers })
