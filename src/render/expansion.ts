import { readSource } from '../manifest/source-file.ts'
import type { RenderFailure } from '../manifest/rendered.ts'

/** Aliases of a file from which on it is looked at: two on each of ten levels are a thousand values. */
const ALIASES = 20

/**
 * A file whose aliases stand for more than can be held. kustomize expands them in memory until the machine stops it, so it
 * does not see such a file.
 * @param files what kustomize is given
 */
export function expandingFile(files: ReadonlyMap<string, Uint8Array>): RenderFailure | undefined {
  for (const [file, bytes] of files) {
    // nearly every file has none
    if (!bytes.includes(0x26) || !bytes.includes(0x2a)) continue
    if ((new TextDecoder().decode(bytes).match(/[\s[{,:-]\*[\w-]/g)?.length ?? 0) < ALIASES) continue
    const limit = readSource(file, bytes).findings.find(({ ruleId }) => ruleId === 'parse-limit')
    if (limit !== undefined) {
      const { ruleId, message, repair, line = 1 } = limit
      return { ruleId, message, ...(repair === undefined ? {} : { repair }), file, line }
    }
  }
  return undefined
}
