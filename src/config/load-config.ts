import { isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import type { Finding } from '../manifest/finding.ts'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import { nearName } from '../manifest/near-name.ts'
import type { Tree } from '../manifest/tree.ts'
import { directoryFrom } from './directory-from.ts'
import { defaultConfig, type ClusterConfig, type Config, type RuleSetting } from './config.ts'
import { offsetOf } from './offset-of.ts'
import { fieldOf, schemaProblems, type Path } from './schema-problems.ts'
import { defaultUpdates, updatesFrom } from './updates-config.ts'
import { fluxMinor, kubernetesRelease, operatorRelease } from './versions.ts'

/** Where the configuration of a repository stands. */
export const CONFIG_FILE = '.github/cnpg-steward.yaml'

export interface LoadedConfig {
  /** the defaults where there is no file, or where `findings` is not empty */
  config: Config
  /** what is wrong, all of it errors: with such a configuration on the base branch nothing can be judged (exit 2) */
  findings: Finding[]
}

/**
 * Reads the configuration of a tree. A file of a near name that would be passed over is a finding.
 * @param file where it stands
 */
export async function readConfig(
  tree: Tree,
  knownRules: readonly string[],
  file: string = CONFIG_FILE,
): Promise<LoadedConfig> {
  const files = await tree.files()
  if (files.has(file)) {
    const bytes = await tree.read(file)
    let text: string
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      return refused([finding(file, 1, 'config-parse', 'The file is not UTF-8.', 'Save it as UTF-8.')])
    }
    return loadConfig(text, file, knownRules)
  }
  if (file !== CONFIG_FILE) {
    const message = 'The configuration that was named is not in this tree.'
    return refused([finding(file, 1, 'config-misplaced', message, 'Commit it there, or name another file.')])
  }
  for (const near of [
    '.github/cnpg-steward.yml',
    'cnpg-steward.yaml',
    'cnpg-steward.yml',
    '.cnpg-steward.yaml',
  ])
    if (files.has(near)) {
      const message = `This file is not read: the configuration stands in ${CONFIG_FILE}.`
      return refused([finding(near, 1, 'config-misplaced', message, `Rename it to ${CONFIG_FILE}.`)])
    }
  return loadConfig(undefined, CONFIG_FILE, knownRules)
}

/**
 * Parses a configuration.
 * @param text `undefined`: there is none, which is fine
 * @param file how findings name it
 * @param knownRules ids that `rules` may speak of
 */
export function loadConfig(
  text: string | undefined,
  file: string,
  knownRules: readonly string[],
): LoadedConfig {
  if (text === undefined) return { config: defaultConfig, findings: [] }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line)
  if (document.errors.length > 0)
    return refused(
      document.errors.map(error => {
        const [message = ''] = error.message.split(' at line ')
        return finding(file, lineAt(error.pos[0]), 'config-parse', `${message}.`, 'Mend the YAML.')
      }),
    )
  let value: Json
  try {
    value = document.toJS({ maxAliasCount: 50 })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return refused([finding(file, 1, 'config-parse', message, 'Write the values out, without aliases.')])
  }
  if (value === null) return { config: defaultConfig, findings: [] }

  const found: Finding[] = []
  const report: Report = (path, ruleId, message, repair) => {
    const line = lineAt(offsetOf(document, path))
    const field = path.length === 0 ? {} : { field: fieldOf(path) }
    found.push({ ...finding(file, line, ruleId, message, repair), ...field })
  }
  for (const { path, ruleId, message, repair } of schemaProblems(value)) report(path, ruleId, message, repair)
  if (found.length > 0 || !isObject(value)) return refused(found)
  const config = configFrom(value, document, report)
  for (const rule of Object.keys(config.rules)) {
    if (knownRules.includes(rule)) continue
    const near = nearName(rule, knownRules)
    const repair =
      near === undefined ? 'Take it out; findings name the rule they come from.' : `Did you mean ${near}?`
    report(['rules', rule], 'config-unknown-rule', `There is no rule ${rule}.`, repair)
  }
  return found.length > 0 ? refused(found) : { config, findings: [] }
}

type Report = (path: Path, ruleId: string, message: string, repair: string) => void

function refused(findings: Finding[]): LoadedConfig {
  return { config: defaultConfig, findings: findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)) }
}

function finding(file: string, line: number, ruleId: string, message: string, repair: string): Finding {
  return { ruleId, level: 'error', message, repair, file, line }
}

/** Reads what fits the schema; what a schema cannot say is reported. */
function configFrom(value: JsonObject, document: Document.Parsed, report: Report): Config {
  // 2.10 is a number that ends in 1: the text as written is what counts
  const written = (key: string): string | undefined => {
    const node = document.get(key, true)
    return isScalar(node) ? (node.source ?? String(node.value)) : textAt(value, key)
  }
  const version = (key: string, read: (text: string) => string | undefined, example: string) => {
    const text = written(key)
    if (text === undefined) return undefined
    const found = read(text)
    if (found === undefined)
      report([key], 'config-value', `${key} is ${text}, no version.`, `Write it like ${example}.`)
    return found
  }
  const cnpgVersion = version('cnpgVersion', operatorRelease, '1.28.0')
  const kubernetesVersion = version('kubernetesVersion', kubernetesRelease, '"1.35"')
  const fluxVersion = version('fluxVersion', fluxMinor, '"2.9"')
  const annotationPrefix = textAt(value, 'annotationPrefix')
  const names = new Map<string, number>()
  const clusters = itemsOf(value, 'clusters').map((cluster, index) => {
    const read = clusterFrom(cluster)
    if (read.path === undefined)
      report(
        ['clusters', index, 'path'],
        'config-value',
        `${textAt(cluster, 'path') ?? ''} is no path inside the repository.`,
        'Write it from the root of the repository, without "..": clusters/infra.',
      )
    const earlier = names.get(read.name)
    if (earlier !== undefined)
      report(
        ['clusters', index, 'name'],
        'config-duplicate',
        `clusters[${earlier}] is called ${read.name}, too.`,
        'Give each cluster a name of its own.',
      )
    names.set(read.name, earlier ?? index)
    return { ...read, path: read.path ?? '' }
  })
  const branches = textsOf(value, 'branches')
  const { budgets, updates } = value
  return {
    clusters,
    external: itemsOf(value, 'external').map(item => ({
      kind: textAt(item, 'kind') ?? '',
      namespace: textAt(item, 'namespace') ?? '',
      name: textAt(item, 'name') ?? '',
    })),
    ...(fluxVersion === undefined ? {} : { fluxVersion }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(cnpgVersion === undefined ? {} : { cnpgVersion }),
    ...(annotationPrefix === undefined ? {} : { annotationPrefix }),
    rules: isObject(value.rules) ? rulesFrom(value.rules) : {},
    ...(branches.length === 0 ? {} : { branches }),
    chartHosts: textsOf(value, 'chartHosts'),
    budgets: isObject(budgets) ? budgetsFrom(budgets) : {},
    updates: isObject(updates)
      ? updatesFrom(updates, (path, message, repair) =>
          report(['updates', ...path], 'config-value', message, repair),
        )
      : defaultUpdates,
  }
}

function clusterFrom(value: Json): Omit<ClusterConfig, 'path'> & { path: string | undefined } {
  const [branch, delay] = [textAt(value, 'branch'), textAt(value, 'delay')]
  const variables = valueAt(value, 'variables')
  return {
    name: textAt(value, 'name') ?? '',
    path: directoryFrom(textAt(value, 'path') ?? ''),
    ...(branch === undefined ? {} : { branch }),
    ...(delay === undefined ? {} : { delay }),
    variables: isObject(variables) ? textsByKey(variables) : {},
  }
}

function rulesFrom(value: JsonObject): Record<string, RuleSetting> {
  const rules: [string, RuleSetting][] = []
  for (const [rule, setting] of Object.entries(value)) {
    const level = textAt(setting, 'level')
    if (level === 'error' || level === 'warning' || level === 'note' || level === 'off')
      rules.push([rule, { level, reason: textAt(setting, 'reason') ?? '' }])
  }
  return Object.fromEntries(rules)
}

function budgetsFrom({ comment, diffLines }: JsonObject): Config['budgets'] {
  return {
    ...(typeof comment === 'number' ? { comment } : {}),
    ...(typeof diffLines === 'number' ? { diffLines } : {}),
  }
}

function itemsOf(value: JsonObject, key: string): Json[] {
  const list = value[key]
  return Array.isArray(list) ? list : []
}

function textsByKey(value: JsonObject): Record<string, string> {
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return Object.fromEntries(texts)
}

function textsOf(value: JsonObject, key: string): string[] {
  return itemsOf(value, key).filter(item => typeof item === 'string')
}
