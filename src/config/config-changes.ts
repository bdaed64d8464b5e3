import { canonicalJson, isObject, type Json, type JsonObject } from '../manifest/json.ts'
import type { Config, RuleSetting } from './config.ts'

/** What a new configuration does once it decides. */
export interface ConfigChange {
  /** the key: 'rules.house-image-digest', 'chartHosts' */
  key: string
  /** the words behind it: 'becomes "off" (warning by default): the reason' */
  effect: string
  /** less is reported, or more is allowed, than before */
  loosens: boolean
}

const STRENGTH: Record<RuleSetting['level'], number> = { error: 3, warning: 2, note: 1, off: 0 }

/** Keys under which more entries allow more. */
const ALLOWING = new Set(['chartHosts', 'external'])

/**
 * How two configurations differ, key by key.
 * @param levelOf the level of a rule that no configuration sets
 */
export function configChanges(
  before: Config,
  after: Config,
  levelOf: (rule: string) => RuleSetting['level'] | undefined,
): ConfigChange[] {
  const [old, now] = [asJson(before), asJson(after)]
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(key => key !== 'rules')
  const others = keys
    .filter(key => canonicalJson(old[key] ?? null) !== canonicalJson(now[key] ?? null))
    .map(key => ({
      key,
      effect: `changes from ${written(old[key])} to ${written(now[key])}`,
      loosens: loosens(key, old[key], now[key]),
    }))
  const rules = [...new Set([...Object.keys(before.rules), ...Object.keys(after.rules)])].flatMap(rule => {
    const level = (config: Config) => config.rules[rule]?.level ?? levelOf(rule) ?? 'error'
    const [was, becomes] = [level(before), level(after)]
    if (was === becomes) return []
    const reason = after.rules[rule]?.reason
    return {
      key: `rules.${rule}`,
      effect: `becomes ${becomes}, so far ${was}${reason === undefined ? '' : `: ${reason}`}`,
      loosens: STRENGTH[becomes] < STRENGTH[was],
    }
  })
  return [...rules, ...others]
}

function asJson(config: Config): JsonObject {
  const value: Json = JSON.parse(JSON.stringify(config))
  return isObject(value) ? value : {}
}

function loosens(key: string, before: Json | undefined, after: Json | undefined): boolean {
  if (ALLOWING.has(key)) return allowsMore(before, after)
  if (key === 'updates') return automerges(after) && !automerges(before)
  return key === 'branches' || key === 'clusters'
}

function automerges(updates: Json | undefined): boolean {
  return canonicalJson(updates ?? null).includes('"automerge":true')
}

function allowsMore(before: Json | undefined, after: Json | undefined): boolean {
  const known = new Set((Array.isArray(before) ? before : []).map(item => canonicalJson(item)))
  return (Array.isArray(after) ? after : []).some(item => !known.has(canonicalJson(item)))
}

function written(value: Json | undefined): string {
  const text = value === undefined ? 'unset' : JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
