import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import type { Json, JsonObject } from '../../src/manifest/json.ts'

/**
 * What the API server of a real cluster answered in one state of a real database (CloudNativePG 1.28.0, Kubernetes 1.35.4),
 * and what the real plugin printed from exactly these answers.
 */
export interface Recording {
  namespace: string
  /** of the Cluster */
  name: string
  /** when it was taken */
  at: string
  cluster: JsonObject
  pods?: JsonObject
  pdbs?: JsonObject
  backups?: JsonObject
  scheduledbackups?: JsonObject
  objectstores?: JsonObject
  databases?: JsonObject
  jobs?: JsonObject
  pvcs?: JsonObject
  events?: JsonObject
  /** by Pod; without httpStatus it never answered */
  'pg-status': Record<string, { httpStatus: number; contentType: string | null; body: Json }>
  /** at -v 0, 1, 2, in the normal form; absent where the plugin hung */
  text?: [string, string, string]
}

const FIXTURES = `${import.meta.dirname}/../fixtures/status`

/** Every recording by its state: '04-fenced/a-replica-0s'. */
export const recordings: Readonly<Record<string, Recording>> = read('recordings')

export function recording(state: string): Recording {
  const found = recordings[state]
  if (found === undefined) throw new Error(`no recording ${state}`)
  return structuredClone(found)
}

/** @param name of a fixture, without its ending */
export function read(name: string) {
  return JSON.parse(brotliDecompressSync(readFileSync(`${FIXTURES}/${name}.json.br`)).toString('utf8'))
}
