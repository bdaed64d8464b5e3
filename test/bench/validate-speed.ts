/**
 * How long it takes to judge objects, against kubeconform and kubectl-validate on the same files by the same schemas:
 *
 *   npm run bench:validate -- --repo DIR --kubeconform PATH --kubectl-validate PATH [--kustomize PATH] [--cluster NAME]
 *     [--sizes 1,8] [--rounds 3] [--work DIR]
 *
 * `repo` is a clone of a public repository: its Kustomizations are rendered once, each object goes into a file of its own,
 * and all of them again under other names. `admit` of the bundled command line does everything an object goes through:
 * server-side apply, defaults, schema, CEL rules, names, the operator's webhooks; the peers hold it against its schema,
 * kubectl-validate by CEL rules, too. CPU time includes start-up and the loading of schemas. Linux only.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ASSUMED_KUBERNETES, NEWEST_FLUX } from '../../src/config/config.ts'
import { splitDocuments } from '../../src/manifest/go-yaml.ts'
import { buildProgram } from './built-program.ts'
import { measure, type Run } from './measure.ts'
import { writePeerSchemas } from './peer-schemas.ts'
import { ratioTable, type Comparison } from './ratios.ts'

const { values: args } = parseArgs({
  options: {
    repo: { type: 'string' },
    kubeconform: { type: 'string' },
    'kubectl-validate': { type: 'string' },
    kustomize: { type: 'string' },
    cluster: { type: 'string' },
    sizes: { type: 'string', default: '1,8' },
    rounds: { type: 'string', default: '3' },
    work: { type: 'string' },
  },
})
const { repo, kubeconform, 'kubectl-validate': kubectlValidate } = args
if (repo === undefined || kubeconform === undefined || kubectlValidate === undefined)
  throw new Error('give --repo DIR, --kubeconform PATH and --kubectl-validate PATH')

const scratch = args.work ?? mkdtempSync(path.join(tmpdir(), 'bench-validate-'))
const env = { PATH: process.env.PATH ?? '', HOME: scratch, XDG_CACHE_HOME: path.join(scratch, 'cache') }
const program = await buildProgram(path.join(scratch, 'program'))
const schemas = writePeerSchemas(path.join(scratch, 'schemas'), {
  kubernetes: ASSUMED_KUBERNETES,
  flux: NEWEST_FLUX,
})
const objects = await renderedObjects(repo)
const sizes = args.sizes.split(',').map(Number)
const directories = new Map(sizes.map(size => [size, writeObjects(size)]))
console.log(`${objects.length} objects rendered from ${repo}`)

const tools: Record<string, (directory: string) => readonly [string, ...string[]]> = {
  ours: directory => [process.execPath, program, 'admit', directory, '--output', 'json'],
  kubeconform: directory => [
    kubeconform,
    '-strict',
    '-output',
    'json',
    '-schema-location',
    schemas.kubeconform,
    directory,
  ],
  'kubectl-validate': directory => [
    kubectlValidate,
    directory,
    '--local-crds',
    schemas.crds,
    '--version',
    '1.30',
    '-o',
    'json',
  ],
}
const names = Object.keys(tools)
const comparisons: Comparison[] = []
for (const [size, directory] of directories) {
  const runs: Record<string, Run[]> = Object.fromEntries(names.map(name => [name, []]))
  for (let round = 0; round < Number(args.rounds); round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const command = tools[name]?.(directory)
      if (command === undefined) continue
      const run = await measure(command, { cwd: scratch, env })
      runs[name]?.push(run)
      console.log(
        `x${size} ${name}: ${run.wall.toFixed(2)} s, ${run.cpu.toFixed(2)} s CPU, ${run.peak.toFixed(0)} MiB, exit ${run.exitCode}, ${said(name, run)}`,
      )
    }
  const { ours = [], ...peers } = runs
  comparisons.push({
    work: `${objects.length * size} objects`,
    ours,
    peers,
    target: `CPU at most ${size === 1 ? '' : 'twice '}kubeconform, less than kubectl-validate; under 300 MiB`,
  })
}
console.log(`\nmedians of ${args.rounds} rounds, all in turn\n${ratioTable(comparisons)}`)
if (args.work === undefined) rmSync(scratch, { recursive: true, force: true })

async function renderedObjects(directory: string): Promise<string[]> {
  const command = [
    process.execPath,
    program,
    'render',
    '--repo',
    path.resolve(directory),
    '--offline',
  ] as const
  const { stdout, stderr, exitCode } = await measure(
    [
      ...command,
      ...(args.cluster === undefined ? [] : ['--cluster', args.cluster]),
      ...(args.kustomize === undefined ? [] : ['--kustomize', args.kustomize]),
    ],
    { cwd: scratch, env },
  )
  if (exitCode === 2) throw new Error(stderr)
  return splitDocuments(stdout).map(({ text }) => text)
}

function writeObjects(size: number): string {
  const directory = path.join(scratch, `objects-x${size}`)
  if (existsSync(directory)) rmSync(directory, { recursive: true })
  mkdirSync(directory, { recursive: true })
  for (let copy = 0; copy < size; copy++)
    for (const [index, text] of objects.entries())
      writeFileSync(
        path.join(directory, `${String(index).padStart(5, '0')}-${copy}.yaml`),
        copy === 0 ? text : text.replace(/^( {2}name: )([a-z0-9][\w.-]*)$/m, `$1$2-${copy}`),
      )
  return directory
}

/** What a tool answered, in numbers: a tool that refuses all, or looks at nothing, is quick for the wrong reason. */
function said(name: string, { stdout, stderr }: Run): string {
  const count = (pattern: RegExp) => stdout.match(pattern)?.length ?? 0
  if (name === 'ours')
    return `${count(/"accepted": true/g)} accepted, ${count(/"accepted": false/g)} refused, ${count(/There is no schema for/g)} without schema`
  if (name === 'kubeconform')
    return `${count(/"status": "statusInvalid"/g)} invalid, ${count(/"status": "statusError"/g)} without schema`
  return `${count(/"status": "Failure"/g)} failures ${stderr.slice(0, 200)}`
}
