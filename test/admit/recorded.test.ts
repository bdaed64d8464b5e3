import { describe, expect, it } from 'vitest'
import { admit } from '../../src/admit.ts'
import { isObject, type Json, type JsonObject } from '../../src/manifest/json.ts'
import { readRecorded } from './recorded.ts'
import { compare, newScore, scoreTable, totalOf, type Difference, type Score } from './score.ts'
import { toolsFor } from './tools.ts'

const { recorded, crds } = readRecorded()

/** All was recorded in this namespace, which some warnings name. */
function placed(object: Json): Json {
  return isObject(object) ? inNamespace(object) : object
}

function inNamespace(object: JsonObject): JsonObject {
  const { metadata } = object
  if (!isObject(metadata) || metadata.namespace !== undefined) return object
  return { ...object, metadata: { ...metadata, namespace: 'oracle' } }
}

describe('admit says what the API server and the operator said', () => {
  // of 1.26.0 and main the same is held as of the versions that are asked for: it costs nothing more
  it.each(['1.30.0', '1.28.0', '1.26.0', 'main'])(
    'operator %s',
    version => {
      const tools = toolsFor(version, crds)
      const scores = new Map<string, Score>()
      const differences: Difference[] = []
      for (const one of recorded) {
        const verdict = one.verdicts.get(version)
        if (verdict === undefined) continue
        const submission = { file: one.id, line: 1, value: placed(one.manifest) }
        const [result] = admit([submission], one.old === undefined ? [] : [inNamespace(one.old)], tools)
        if (result === undefined) throw new Error(`no answer to ${one.id}`)
        const score = scores.get(one.group) ?? newScore()
        scores.set(one.group, score)
        differences.push(...compare(one, verdict, result, score))
      }
      const table = scoreTable(version, scores)
      const rest = differences.map(
        difference =>
          `${difference.what} of ${difference.id}\n  recorded: ${difference.recorded}\n  ours:     ${difference.ours}`,
      )
      process.stdout.write(`\n${[table, ...rest].join('\n')}\n`)
      const { cases, verdicts, refused, layers, fields, warnings } = totalOf(scores)
      expect(cases).toBeGreaterThan(1400)
      expect(verdicts / cases).toBeGreaterThanOrEqual(0.995)
      expect(layers / refused).toBeGreaterThanOrEqual(0.97)
      expect(fields / refused).toBeGreaterThanOrEqual(0.95)
      expect(warnings / cases).toBeGreaterThanOrEqual(0.995)
    },
    180_000,
  )
})
