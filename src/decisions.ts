import { configChanges } from './config/config-changes.ts'
import { defaultConfig, type Config } from './config/config.ts'
import { CONFIG_FILE, readConfig } from './config/load-config.ts'
import type { Finding } from './manifest/finding.ts'
import type { Tree } from './manifest/tree.ts'
import { ruleIds, rules } from './rules.ts'

/** What a person asks for on the command line, above the configuration. */
export interface Overrides {
  fluxVersion?: string
  kubernetesVersion?: string
  cnpgVersion?: string
}

/** The configuration of the base cannot be read: nothing can be judged. The message names key, line and repair. */
export class ConfigurationError extends Error {
  readonly repair: string
  readonly findings: readonly Finding[]
  constructor(findings: readonly Finding[]) {
    super(findings.map(({ file, line, message }) => `${file ?? ''}:${line ?? 1}: ${message}`).join('\n'))
    this.name = 'ConfigurationError'
    this.findings = findings
    this.repair = findings.map(({ repair }) => repair ?? '').join('\n')
  }
}

/**
 * The decisions of a run: the configuration of a trusted tree (the base branch), with what the person asked for above it.
 * @param file where it stands; absent: the usual place
 * @throws ConfigurationError
 */
export async function decisionsOf(tree: Tree, overrides: Overrides = {}, file?: string): Promise<Config> {
  const { config, findings } = await readConfig(tree, ruleIds, file)
  if (findings.length > 0) throw new ConfigurationError(findings)
  return { ...config, ...overrides }
}

/**
 * What a pull request brings as configuration: it decides nothing yet, but will after the merge. Told are its mistakes, else its
 * effect; what makes later reviews say less is a warning.
 * @param base the configuration that decides now
 */
export async function proposedDecisions(
  head: Tree,
  file: string = CONFIG_FILE,
  base: Config = defaultConfig,
): Promise<Finding[]> {
  const { config, findings } = await readConfig(head, ruleIds, file)
  if (findings.length > 0) return findings
  const place = (await head.files()).has(file) ? { file, line: 1 } : {}
  return configChanges(base, config, rule => rules.find(({ id }) => id === rule)?.level).map(
    ({ key, effect, loosens }) => ({
      ruleId: 'config-effect',
      level: loosens ? 'warning' : 'note',
      message: `After the merge ${key} ${effect}. This review is decided by the base branch.`,
      field: key,
      ...place,
    }),
  )
}
