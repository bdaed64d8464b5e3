import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { run } from '../../src/cli/run.ts'
import { stories } from '../../src/cli/stories.ts'
import type { Finding, Unjudged } from '../../src/manifest/finding.ts'
import { annotationsOf } from '../../src/report/annotations.ts'
import { checkText } from '../../src/report/check.ts'
import { reviewComment, reviewSummary } from '../../src/report/markdown.ts'
import type { Review } from '../../src/report/review.ts'
import { reviewSarif } from '../../src/report/sarif.ts'
import { noCommands } from '../../src/report/escape.ts'
import { prettyJson } from '../../src/report/json.ts'
import { reviewText } from '../../src/report/text.ts'
import { workflowCommands } from '../../src/report/workflow-commands.ts'
import { serve, type LoopbackServer } from '../http.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../temporary.ts'

/** What must appear nowhere: in no output, no child's environment or arguments. */
export const CANARIES = {
  token: 'ghs_canaryTOKENcanary',
  environment: 'canary-of-the-environment',
  header: 'Y2FuYXJ5LW9mLWdpdC1jb25maWc=',
  outside: 'canary-outside-of-the-tree',
} as const

export type Files = Readonly<Record<string, string | Uint8Array>>

export const flux = (
  name: string,
  directory: string,
  more = '',
) => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 10m
  prune: true
  path: ${directory}
  sourceRef: { kind: GitRepository, name: fleet }
${more}`
export const configMap = (name: string, data = 'a: b') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: default }\ndata:\n  ${data}\n`

const BASE: Files = {
  'clusters/main/gotk-sync.yaml': flux('flux-system', './clusters/main'),
  'clusters/main/apps.yaml': flux('apps', './apps'),
  'apps/kustomization.yaml': 'resources: [web.yaml]\n',
  'apps/web.yaml': configMap('web'),
}

/** What a run made of a pull request, in every form that a person or a program reads. */
export interface Reviewed {
  exitCode: number
  review: Review
  /** by printer */
  printed: Readonly<Record<string, string>>
  /** findings and what was not judged, alike */
  entries: { id: string; file: string | undefined; line: number | undefined; message: string }[]
}

/**
 * A repository with canaries around it: a file and a chart outside of the tree, a program that leaves a trace, a server that
 * counts its requests, tokens in the environment and in .git/config; and kustomize, helm and git on PATH that write down
 * how they were started.
 */
export class HostileRepository implements Disposable {
  readonly #directory: TemporaryDirectory
  readonly root: string
  readonly outside: string
  readonly server: LoopbackServer
  readonly #env: Record<string, string>
  #slug = ''

  static async open(): Promise<HostileRepository> {
    const server = await serve((_request, response) => response.end(CANARIES.outside))
    return new HostileRepository(temporaryDirectory(), server)
  }

  private constructor(directory: TemporaryDirectory, server: LoopbackServer) {
    this.#directory = directory
    this.server = server
    this.root = path.join(directory.path, 'repository')
    this.outside = path.join(directory.path, 'outside')
    const trace = path.join(directory.path, 'ran')
    directory.write({
      'outside/secret.yaml': configMap(CANARIES.outside, `stolen: ${CANARIES.outside}`),
      'outside/kustomization.yaml': 'resources: [secret.yaml]\n',
      'outside/values.env': `STOLEN=${CANARIES.outside}\n`,
      'outside/chart/Chart.yaml': 'apiVersion: v2\nname: outside\nversion: 1.0.0\n',
      'outside/chart/templates/a.yaml': configMap(CANARIES.outside, `stolen: ${CANARIES.outside}`),
      'outside/run': `#!/bin/sh\ntouch '${trace}'\n`,
      'tmp/keep': '',
    })
    chmodSync(path.join(this.outside, 'run'), 0o755)
    for (const program of ['kustomize', 'helm', 'git']) this.#record(program)
    this.#env = {
      PATH: `${path.join(directory.path, 'bin')}:/usr/bin:/bin`,
      HOME: path.join(directory.path, 'home'),
      GITHUB_TOKEN: CANARIES.token,
      INPUT_TOKEN: CANARIES.token,
      AWS_SECRET_ACCESS_KEY: CANARIES.environment,
      KUBECONFIG: `/tmp/${CANARIES.environment}`,
    }
    mkdirSync(this.root)
    this.git('init', '--quiet', '--initial-branch=main')
    this.git('config', `http.https://github.com/.extraheader`, `AUTHORIZATION: basic ${CANARIES.header}`)
    this.#commit(BASE)
    this.git('branch', 'base')
  }

  /** Whether the program outside was started. */
  get ran(): boolean {
    return existsSync(path.join(this.#directory.path, 'ran'))
  }

  /** The environment, arguments and network devices of each child so far. */
  get children(): { program: string; args: string; env: string[]; devices: string[] }[] {
    const log = path.join(this.#directory.path, 'children')
    return readdirSync(log)
      .flatMap(name => readFileSync(path.join(log, name), 'utf8').split('== child ').slice(1))
      .map(text => {
        const [head = '', env = '', devices = ''] = text.split('== part\n')
        const [program = '', ...args] = head.trimEnd().split('\n')
        return {
          program,
          args: args.join('\n'),
          env: env.trimEnd().split('\n'),
          devices: [...devices.matchAll(/^\s*(\w+):/gm)].map(([, name = '']) => name),
        }
      })
  }

  git(...args: string[]): string {
    return execFileSync(
      realProgram('git'),
      args.map(word => word.replaceAll('{slug}', this.#slug)),
      {
        cwd: this.root,
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_CONFIG_GLOBAL: '/dev/null',
          GIT_AUTHOR_NAME: 'A',
          GIT_AUTHOR_EMAIL: 'a@example.org',
          GIT_COMMITTER_NAME: 'A',
          GIT_COMMITTER_EMAIL: 'a@example.org',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    ).trimEnd()
  }

  /** Fills '{slug}' in the names that `link` and `git` are given from now on. */
  at(slug: string): this {
    this.#slug = slug
    return this
  }

  link(name: string, target: string): void {
    const file = path.join(this.root, name.replaceAll('{slug}', this.#slug))
    execFileSync('rm', ['-rf', file])
    mkdirSync(path.dirname(file), { recursive: true })
    symlinkSync(target, file)
  }

  /** Commits a change on top of a base, and reviews it through the command line. */
  async review(change: {
    base?: Files
    files?: Files
    more?: (repository: HostileRepository) => void
  }): Promise<Reviewed> {
    this.git('checkout', '--quiet', '--force', '--detach', 'base')
    this.git('clean', '--quiet', '-ffdx')
    if (change.base !== undefined) this.#commit(change.base)
    const base = this.git('rev-parse', 'HEAD')
    this.#write(change.files ?? {})
    change.more?.(this)
    this.git('add', '--all')
    this.git('commit', '--quiet', '--allow-empty', '--message', 'a change')
    const head = this.git('rev-parse', 'HEAD')
    return await this.command(['review', '--base', base, '--head', head])
  }

  async command(words: string[], env: Record<string, string> = {}): Promise<Reviewed> {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const output = { out: '', error: '' }
    stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString('utf8')))
    stderr.on('data', (chunk: Buffer) => (output.error += chunk.toString('utf8')))
    const io = {
      stdout,
      stderr,
      env: { ...this.#env, ...env },
      cwd: this.root,
      platform: process.platform,
      now: () => new Date(),
    }
    const argv = [...words, '--repo', this.root, '--output', 'json']
    const exitCode = await run(argv, io, '1.0.0', async () => stories)
    if (output.error !== '') throw new Error(output.error)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own output, held against its schema elsewhere
    const review = JSON.parse(output.out) as Review
    return {
      exitCode,
      review,
      printed: { json: output.out, ...printedBy(review) },
      entries: [
        ...review.findings.map(finding => entry(finding, finding.ruleId)),
        ...review.incomplete.map(unjudged => entry(unjudged, unjudged.reason)),
      ],
    }
  }

  [Symbol.dispose](): void {
    this.server.stop()
    this.#directory[Symbol.dispose]()
  }

  #write(files: Files): void {
    const inside = Object.entries(files).map(([file, content]) => [`repository/${file}`, content] as const)
    this.#directory.write(Object.fromEntries(inside))
  }

  #commit(files: Files): void {
    this.#write(files)
    this.git('add', '--all')
    this.git('commit', '--quiet', '--message', 'base')
  }

  /** Puts a program in front of the real one that writes down how it was started. */
  #record(program: string): void {
    const file = path.join(this.#directory.path, 'bin', program)
    mkdirSync(path.dirname(file), { recursive: true })
    const log = path.join(this.#directory.path, 'children')
    mkdirSync(log, { recursive: true })
    writeFileSync(
      file,
      `#!/bin/sh
{ echo '== child ${program}'; printf '%s\\n' "$@"; echo '== part'; env; echo '== part'; cat /proc/net/dev 2>/dev/null; } >> '${log}'/$$
exec '${realProgram(program)}' "$@"
`,
    )
    chmodSync(file, 0o755)
  }
}

const entry = ({ file, line, message }: Finding | Unjudged, id: string) => ({ id, file, line, message })

function printedBy(review: Review): Record<string, string> {
  const links = {
    linkTo: (file: string) => `https://github.example/o/r/blob/x/${encodeURIComponent(file)}`,
    summaryUrl: 'https://github.example/run/1',
  }
  const check = { ...checkText(review, links), annotations: annotationsOf(review) }
  return {
    text: reviewText(review),
    comment: reviewComment(review, links),
    summary: reviewSummary(review, links),
    check: `${check.title}\n${check.summary}`,
    annotations: annotationsOf(review)
      .map(({ title, message, raw_details }) => [title, message, raw_details].join('\n'))
      .join('\n'),
    commands: workflowCommands(review).lines.join('\n'),
    markdown: noCommands(reviewComment(review, links)),
    sarif: prettyJson(reviewSarif(review, { toolVersion: '1.0.0' })),
  }
}

function realProgram(name: string): string {
  const directories = (process.env.PATH ?? '').split(path.delimiter)
  const found = directories.map(directory => path.join(directory, name)).find(file => existsSync(file))
  if (found === undefined) throw new Error(`${name} is not on PATH`)
  return found
}
