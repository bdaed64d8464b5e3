/**
 * How long a review takes, against flate on the same trees:
 *
 *   npm run bench:review -- --repo DIR --flate PATH [--kustomize PATH] [--helm PATH] [--apps kubernetes/apps]
 *     [--sizes 1,10,40] [--rounds 3] [--only pull,tree] [--work DIR]
 *
 * `repo` is a clone of a public repository that keeps one directory a namespace below `apps`. Copies of it, with every
 * application once, ten and forty times, get a pull request that changes one value; a server on loopback is registry and
 * repository of all charts. The command line, bundled as the action is, and flate run in turn, cold (no cache) and then
 * warm (the same again). Wall time, CPU time and peak memory include children. Linux only; wants a quiet machine.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { packagedTools } from '../../src/adapters/packaged-tools.ts'
import { cacheDirectory, whichProgram } from '../../src/adapters/tools.ts'
import { buildProgram } from './built-program.ts'
import { measure, type Cost, type Run } from './measure.ts'
import { ratioTable, type Comparison } from './ratios.ts'
import { scaleRepository, type ScaledRepository } from './scaled-repository.ts'
import { serveStandInCharts } from './stand-in-charts.ts'

const { values: args } = parseArgs({
  options: {
    repo: { type: 'string' },
    flate: { type: 'string' },
    kustomize: { type: 'string' },
    helm: { type: 'string' },
    apps: { type: 'string', default: 'kubernetes/apps' },
    sizes: { type: 'string', default: '1,10,40' },
    'flate-up-to': { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'pull,tree' },
    port: { type: 'string', default: '18431' },
    work: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})
const { repo, flate } = args
if (repo === undefined || flate === undefined) throw new Error('give --repo DIR and --flate PATH')
const packaged = await packagedTools({ cache: path.join(cacheDirectory(process.env), 'tools') })
const kustomize = args.kustomize ?? whichProgram('kustomize', process.env.PATH) ?? packaged?.kubectl
const helm = args.helm ?? whichProgram('helm', process.env.PATH) ?? packaged?.helm
if (kustomize === undefined || helm === undefined) throw new Error('give --kustomize PATH and --helm PATH')

const scratch = args.work ?? mkdtempSync(path.join(tmpdir(), 'bench-review-'))
const port = Number(args.port)
const rounds = Number(args.rounds)
const program = await buildProgram(path.join(scratch, 'program'))
console.log(`bundled; copying ${repo}`)
const sizes = args.sizes.split(',').map(Number)
const repositories = sizes.map(size =>
  scaleRepository(repo, path.join(scratch, 'trees'), { apps: args.apps, size, port }),
)
using charts = await serveStandInCharts(repositories[0]?.charts ?? [], port, path.join(scratch, 'charts'))
console.log(`the pull request changes ${repositories[0]?.changed ?? ''}`)

const PROXY = 'http://127.0.0.1:9'
/** Nothing but loopback answers, for both alike; caches in a directory of the bench. */
function environment(cache: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: cache,
    XDG_CACHE_HOME: cache,
    HTTP_PROXY: PROXY,
    HTTPS_PROXY: PROXY,
    NO_PROXY: '127.0.0.1',
    // whom to believe: Go's way, and Node's
    SSL_CERT_FILE: charts.certificate,
    NODE_EXTRA_CA_CERTS: charts.certificate,
  }
}

type Tool = (at: ScaledRepository, cache: string) => readonly [string, ...string[]]
interface Work {
  name: string
  ours: Tool
  flate: Tool
  /** the exit codes that a finished run may have */
  fine: readonly number[]
  /** that a run did the work: '' where it did, else what is wrong */
  doubt: (run: Run) => string
  target: (size: number, cold: boolean) => string
  sizes: readonly number[]
}

const ourTools = ['--kustomize', kustomize, '--helm', helm]
const works: Work[] = [
  {
    name: 'pull',
    ours: ({ repository }) => [
      process.execPath,
      program,
      'review',
      '--repo',
      repository,
      '--base',
      'base',
      '--head',
      'head',
      '--output',
      'markdown',
      ...ourTools,
    ],
    flate: ({ repository, base }, cache) => [
      flate,
      'diff',
      'all',
      '--path',
      repository,
      '--path-orig',
      base,
      '--cache-dir',
      path.join(cache, 'flate'),
      '-o',
      'github',
    ],
    fine: [0, 1],
    doubt: ({ stdout, stderr }) =>
      stdout.includes('-bench')
        ? ''
        : `the changed value is not in the output: ${(stderr || stdout).slice(-500)}`,
    target: size =>
      size === 1
        ? 'wall, CPU, peak at most flate'
        : size === 10
          ? 'a fifth of flate; peak as at 1'
          : 'three times ours at 1',
    sizes,
  },
  {
    name: 'tree',
    ours: ({ repository }) => [
      process.execPath,
      program,
      'render',
      '--repo',
      repository,
      '--ref',
      'base',
      '--output',
      'yaml',
      ...ourTools,
    ],
    flate: ({ base }, cache) => [
      flate,
      'build',
      'all',
      '--path',
      base,
      '--cache-dir',
      path.join(cache, 'flate'),
    ],
    fine: [0, 1],
    doubt: ({ stdout, stderr }) => {
      const objects = stdout.match(/^kind: /gm)?.length ?? 0
      return objects > 100 ? '' : `only ${objects} objects: ${stderr.slice(-500)}`
    },
    target: () => 'wall, CPU, peak at most flate',
    sizes: sizes.filter(size => size === 1),
  },
]

const comparisons: Comparison[] = []
const reviewsAtOne = new Map<string, readonly Cost[]>()
for (const work of works.filter(({ name }) => args.only.split(',').includes(name)))
  for (const at of repositories.filter(({ size }) => work.sizes.includes(size))) {
    const costs = {
      ours: { cold: [] as Run[], warm: [] as Run[] },
      flate: { cold: [] as Run[], warm: [] as Run[] },
    }
    const tools = (['ours', 'flate'] as const).filter(
      tool => tool === 'ours' || at.size <= Number(args['flate-up-to']),
    )
    for (let round = 0; round < rounds; round++) {
      for (const tool of tools) rmSync(path.join(scratch, 'cache', tool), { recursive: true, force: true })
      for (const state of ['cold', 'warm'] as const)
        for (const tool of round % 2 === 0 ? tools : tools.toReversed()) {
          const cache = path.join(scratch, 'cache', tool)
          const asked = charts.requests
          const run = await measure(work[tool](at, cache), { cwd: scratch, env: environment(cache) })
          costs[tool][state].push(run)
          const doubt = work.fine.includes(run.exitCode) ? work.doubt(run) : run.stderr.slice(-500)
          const objects = run.stdout.match(/^kind: /gm)?.length ?? 0
          console.log(
            `${work.name} x${at.size} ${state} ${tool}: ${run.wall.toFixed(2)} s, ${run.cpu.toFixed(2)} s CPU, ${run.peak.toFixed(0)} MiB, exit ${run.exitCode}, ${charts.requests - asked} requests${work.name === 'tree' ? `, ${objects} objects` : ''}${doubt === '' ? '' : ` DOUBT: ${doubt}`}`,
          )
          if (args.verbose && round === 0) console.log(run.stderr.slice(0, 3000), run.stdout.slice(0, 3000))
        }
    }
    for (const state of ['cold', 'warm'] as const) {
      const atOne = reviewsAtOne.get(`${work.name} ${state}`) ?? costs.ours[state]
      reviewsAtOne.set(`${work.name} ${state}`, atOne)
      comparisons.push({
        work: `${work.name} x${at.size} ${state}`,
        ours: costs.ours[state],
        peers: {
          flate: costs.flate[state],
          ...(at.size === 1 || work.name !== 'pull' ? {} : { 'ours x1': atOne }),
        },
        target: work.target(at.size, state === 'cold'),
      })
    }
  }
console.log(`\nmedians of ${rounds} rounds, ours and flate in turn\n${ratioTable(comparisons)}`)
if (args.work === undefined) rmSync(scratch, { recursive: true, force: true })
