import { mkdtempSync, writeFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { RenderFailure } from '../manifest/rendered.ts'
import type { HelmRequest, HelmResult, HelmTemplate } from '../render/tools.ts'
import { brokenLimit, Patience } from './child-limits.ts'
import { execute, ToolError } from './exec.ts'
import { withRoom } from './scratch-space.ts'

export interface HelmOptions {
  /** absolute path of the helm binary, version 3 or 4 */
  command: string
  /** where to make temporary directories; the system's by default */
  temporary?: string
  timeoutMs?: number
  /** bytes that one chart may print */
  maxOutput?: number
}

/**
 * HelmTemplate over the real helm. Each call has a home of its own without repositories, plugins and credentials;
 * helm gets the archive as a file and has nothing to fetch.
 * @throws ToolError where the binary cannot be run
 */
export async function helmTemplate(options: HelmOptions): Promise<HelmTemplate> {
  const limits = { timeoutMs: options.timeoutMs ?? 60_000, maxOutput: options.maxOutput ?? 64 * 1024 * 1024 }
  const patience = new Patience()
  const version = await inOwnHome(options, async home => {
    const result = await execute(options.command, ['version', '--template', '{{.Version}}'], {
      ...home,
      ...limits,
    })
    if (result.code !== 0) throw new ToolError(options.command, ['version'], result.code, result.stderr)
    return `helm ${result.stdout.toString('utf8').trim().replace(/^v/, '')}`
  })
  return {
    version,
    template: async request =>
      await inOwnHome(options, async home => {
        const chart = path.join(home.cwd, 'chart.tgz')
        const values = path.join(home.cwd, 'values.json')
        withRoom(home.cwd, () => {
          writeFileSync(chart, request.chart.archive)
          // JSON is YAML: numbers and texts keep their types
          writeFileSync(values, JSON.stringify(request.values))
        })
        if (patience.exhausted !== undefined) return limit(request, patience.exhausted)
        const result = await execute(options.command, templateArguments(request, chart, values), {
          ...home,
          ...limits,
          confine: true,
        })
        patience.count(result)
        const broken = brokenLimit(result, limits)
        if (broken !== undefined) return limit(request, broken)
        if (result.code === 0) return { ok: true, yaml: result.stdout.toString('utf8') }
        return { ok: false, error: readError(request, result.stderr, home.cwd) }
      }),
  }
}

function templateArguments(request: HelmRequest, chart: string, values: string): string[] {
  return [
    'template',
    request.releaseName,
    chart,
    '--namespace',
    request.namespace,
    '--values',
    values,
    '--kube-version',
    request.kubernetesVersion,
    ...(request.apiVersions ?? []).flatMap(version => ['--api-versions', version]),
    ...(request.includeCrds ? ['--include-crds'] : []),
    ...(request.skipSchemaValidation === true ? ['--skip-schema-validation'] : []),
  ]
}

async function inOwnHome<T>(
  options: HelmOptions,
  use: (home: { cwd: string; env: Record<string, string> }) => Promise<T>,
): Promise<T> {
  const parent = options.temporary ?? os.tmpdir()
  const home = withRoom(parent, () => mkdtempSync(path.join(parent, 'cnpg-steward-helm-')))
  try {
    const folder = (name: string) => path.join(home, name)
    await mkdir(folder('plugins'))
    return await use({
      cwd: home,
      env: {
        PATH: '/usr/bin:/bin',
        HOME: home,
        HELM_CACHE_HOME: folder('cache'),
        HELM_CONFIG_HOME: folder('config'),
        HELM_DATA_HOME: folder('data'),
        HELM_PLUGINS: folder('plugins'),
        TMPDIR: home,
        HELM_REGISTRY_CONFIG: folder('registry.json'),
        // whatever helm wanted to fetch ends here (discard port)
        HTTP_PROXY: 'http://127.0.0.1:9',
        HTTPS_PROXY: 'http://127.0.0.1:9',
      },
    })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** A limit of ours: Flux may well install it. */
function limit(request: HelmRequest, what: string): HelmResult {
  return {
    ok: false,
    error: {
      ruleId: 'render-limit',
      message: `helm ${what}, at the chart ${nameOf(request)}`,
      repair: 'look for a loop in its templates',
    },
  }
}

function nameOf({ chart }: HelmRequest): string {
  return `${chart.name} ${chart.version}`
}

/** Turns what helm says into one sentence. The shapes are helm 3.19's and 4.2's. */
function readError(request: HelmRequest, stderr: string, home: string): RenderFailure {
  const lines = stderr
    .replaceAll(`${home}${path.sep}`, '')
    .split('\n')
    .map(line => line.trim())
    // helm 4 logs with slog, some charts warn before they fail
    .filter(line => line !== '' && !/^(?:level=|time=|WARNING:|coalesce\.go|walk\.go)/.test(line))
  const said = lines
    .join('\n')
    .replace(/^Error: /m, '')
    .replace(/\n*Use --debug flag.*$/s, '')
  const schema = /values don't meet the specifications of the schema\(s\)/.test(said)
  if (schema) {
    const faults = [...said.matchAll(/^- (.+)$/gm)].map(([, fault]) => fault)
    return {
      ruleId: 'render-helm-values',
      message: `chart ${nameOf(request)} refuses the values: ${faults.join('; ') || oneLine(said)}`,
      repair: 'correct the values; values.schema.json of the chart says what it takes',
    }
  }
  const missing = /found in Chart\.yaml, but missing in charts\/ directory: (.+)/.exec(said)?.[1]
  if (missing !== undefined)
    return {
      ruleId: 'render-chart',
      message: `chart ${nameOf(request)} lacks its dependencies ${missing}`,
      repair: 'package the chart with its dependencies (helm dependency update)',
    }
  return {
    ruleId: 'render-helm',
    message: `chart ${nameOf(request)} cannot be rendered: ${oneLine(said)}`,
    repair: 'correct the values that the template at this place uses',
  }
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > 1000 ? `${line.slice(0, 1000)}…` : line
}
