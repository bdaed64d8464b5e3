import type { Config } from './config/config.ts'
import { readConfig } from './config/load-config.ts'
import type { Finding } from './manifest/finding.ts'
import type { Tree } from './manifest/tree.ts'
import { ruleIds } from './rules.ts'

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

/** What is wrong with the configuration that a pull request brings: it decides nothing yet, but will after the merge. */
export async function proposedDecisions(head: Tree, file?: string): Promise<Finding[]> {
  return (await readConfig(head, ruleIds, file)).findings
}
