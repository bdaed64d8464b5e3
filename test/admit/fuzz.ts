// Seeded mutations of valid objects through admit: no crash, no run without end, the same answer twice.
//
//   npm run fuzz                  100,000 objects
//   npm run fuzz -- 5000 7        so many, from that seed
import process from 'node:process'
import { admit, type AdmitTools } from '../../src/admit.ts'
import { isObject, type Json, type JsonObject } from '../../src/manifest/json.ts'
import { readRecorded } from './recorded.ts'
import { toolsFor } from './tools.ts'

/** Longer for one object is a run without end. */
const MOST_MILLISECONDS = 5_000

export interface FuzzReport {
  objects: number
  accepted: number
  /** of the slowest object */
  milliseconds: number
  /** each with the object as JSON, to try it again */
  failures: string[]
}

/** mulberry32: the same seed gives the same objects on every machine */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** @param clock milliseconds of the processor: other work on the machine is no fault of ours */
export function fuzz(
  count: number,
  seed: number,
  clock: () => number,
  progress: (report: FuzzReport) => void = () => undefined,
): FuzzReport {
  const { recorded, crds } = readRecorded()
  const operators = ['1.30.0', '1.28.0', 'main'].map(operator => toolsFor(operator, crds))
  const valid = recorded.flatMap(({ manifest, verdicts }) =>
    isObject(manifest) && verdicts.get('1.30.0')?.accepted === true ? [manifest] : [],
  )
  const values = valid.flatMap(manifest => partsOf(manifest).map(({ value }) => value))
  const random = randomFrom(seed)
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
  const report: FuzzReport = { objects: 0, accepted: 0, milliseconds: 0, failures: [] }
  while (report.objects < count) {
    const base = pick(valid)
    const tools = pick(operators)
    if (base === undefined || tools === undefined) break
    const changed = mutate(base, values, random)
    tryOne(changed, random() < 0.5 ? [base] : [], tools, clock, report)
    report.objects++
    if (report.objects % 5000 === 0) progress(report)
  }
  return report
}

function tryOne(
  value: Json,
  old: JsonObject[],
  tools: AdmitTools,
  clock: () => number,
  report: FuzzReport,
): void {
  const again = () => JSON.stringify({ old, value })
  try {
    const started = clock()
    const submission = { file: 'fuzz', line: 1, value }
    const first = admit([submission], old, tools)
    const took = clock() - started
    report.milliseconds = Math.max(report.milliseconds, took)
    if (took > MOST_MILLISECONDS) report.failures.push(`took ${Math.round(took)} ms: ${again()}`)
    if (first[0]?.accepted === true) report.accepted++
    const [before, after] = [first, admit([submission], old, tools)].map(results => JSON.stringify(results))
    if (before !== after) report.failures.push(`two answers: ${before} and ${after}: ${again()}`)
  } catch (error) {
    report.failures.push(`${error instanceof Error ? error.stack : String(error)}: ${again()}`)
  }
}

const ODD: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 63,
  1e300,
  '',
  ' ',
  '0',
  '-1',
  '1Gi',
  '1e400',
  'x'.repeat(300),
  '😀',
  '\u0000',
  '\ud800',
  '${A}',
  '{{',
  '9'.repeat(400),
  '2027-02-30T00:00:00Z',
  '(',
  [],
  {},
  [[]],
  [null],
  { a: null },
  { name: '' },
]

const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  'a.b',
  'a/b',
  '0',
  'spec',
  'name',
  'é',
]

/** One to four changes of a copy. */
function mutate(base: JsonObject, values: readonly Json[], random: () => number): Json {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
  const any = (): Json => structuredClone((random() < 0.5 ? pick(ODD) : pick(values)) ?? null)
  const changed: JsonObject = structuredClone(base)
  const changes = 1 + Math.floor(random() * 4)
  for (let i = 0; i < changes; i++) {
    const place = pick(partsOf(changed))
    if (place === undefined) continue
    const { parent, key } = place
    const what = random()
    if (Array.isArray(parent)) {
      const index = Number(key)
      if (what < 0.3) parent.splice(index, 1)
      else if (what < 0.5) parent.splice(index, 0, structuredClone(parent[index] ?? null))
      else if (what < 0.6) parent.reverse()
      else parent[index] = any()
    } else if (what < 0.25) delete parent[key]
    else if (what < 0.35) define(parent, pick(NAMES) ?? '', any())
    else if (what < 0.45) {
      define(parent, `${key}${key.slice(0, 1)}`, parent[key] ?? null)
      delete parent[key]
    } else define(parent, key, any())
  }
  return changed
}

/** Milliseconds that this process has worked. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function define(parent: JsonObject, key: string, value: Json): void {
  Object.defineProperty(parent, key, { value, enumerable: true, writable: true, configurable: true })
}

interface Part {
  parent: Json[] | JsonObject
  key: string
  value: Json
}

/** Every value below another one, with where it stands. */
function partsOf(value: Json): Part[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]: [string, Json]) => [
    { parent: value, key, value: inner },
    ...partsOf(inner),
  ])
}

if (import.meta.filename === process.argv[1]) {
  const [count = '100000', seed = '1'] = process.argv.slice(2)
  const started = performance.now()
  const { failures, ...report } = fuzz(Number(count), Number(seed), processorTime, so =>
    process.stderr.write(
      `${so.objects} objects, ${so.accepted} accepted, ${so.failures.length} failures, slowest ${Math.round(so.milliseconds)} ms
`,
    ),
  )
  const seconds = Math.round((performance.now() - started) / 1000)
  process.stdout.write(
    `${JSON.stringify({ seed: Number(seed), ...report, seconds, failures: failures.length })}\n`,
  )
  for (const failure of failures.slice(0, 20)) process.stdout.write(`${failure}\n`)
  process.exitCode = failures.length === 0 ? 0 : 1
}
