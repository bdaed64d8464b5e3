import { isObject, type Json, type JsonObject } from '../manifest/json.ts'

/** Where Renovate looks for its configuration, in its order (docs/usage/configuration-options.md, "Configuration Options"). */
export const RENOVATE_FILES = [
  'renovate.json',
  'renovate.json5',
  '.github/renovate.json',
  '.github/renovate.json5',
  '.gitlab/renovate.json',
  '.gitlab/renovate.json5',
  '.renovaterc',
  '.renovaterc.json',
  '.renovaterc.json5',
] as const

/** How a package is named in the rule that leaves it to us. */
const DESCRIPTION = 'cnpg-steward updates these'

/** The configuration of Renovate that a tree has; undefined: none. */
export function renovateFile(files: Iterable<string>): string | undefined {
  const known = new Set(files)
  return RENOVATE_FILES.find(file => known.has(file))
}

/**
 * The rule for Renovate's `packageRules` that leaves packages to us. By name: a path may hold versions of others, too.
 * @param packages names of images and charts, as Renovate knows them: without scheme
 */
export function renovateRule(packages: Iterable<string>): JsonObject {
  const names = [...new Set([...packages].map(plainName))].toSorted()
  return { description: DESCRIPTION, matchPackageNames: names, enabled: false }
}

/**
 * Which of these packages a configuration of Renovate does not leave to us: both would update them. A configuration that cannot be
 * read (JSON5, presets) leaves nothing for sure.
 * @param config parsed; undefined: it could not be read
 */
export function sharedPackages(config: Json | undefined, packages: Iterable<string>): string[] {
  const rules = isObject(config) && Array.isArray(config.packageRules) ? config.packageRules : []
  const left = rules
    .filter(rule => isObject(rule) && rule.enabled === false)
    .flatMap(rule => {
      const names = isObject(rule) ? rule.matchPackageNames : undefined
      return Array.isArray(names) ? names.filter(name => typeof name === 'string') : []
    })
  if (isObject(config) && config.enabled === false) return []
  return [...new Set([...packages].map(plainName))].filter(name => !left.includes(name)).toSorted()
}

/** 'ghcr.io/owner/charts/name' of 'oci://…'; the chart alone of 'https://repository chart'. */
function plainName(name: string): string {
  return (name.split(' ').at(-1) ?? name).replace(/^oci:\/\//, '')
}
