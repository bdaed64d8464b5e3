import type { SignatureEvidence, SignatureSource } from '../../src/versions/signature-source.ts'
import type { Asked } from '../../src/versions/version-source.ts'

/** A source over a table by 'name@digest'; whatever is not in it has no signature. Counts what it is asked. */
export function tableSignatures(
  table: Readonly<Record<string, Partial<SignatureEvidence> | Exclude<Asked<never>, { outcome: 'present' }>>>,
): { source: SignatureSource; asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    source: {
      signatures: async (name, digest) => {
        const key = `${name}@${digest}`
        asked.push(key)
        const found = Object.hasOwn(table, key) ? table[key] : undefined
        if (found !== undefined && 'outcome' in found) return found
        return { outcome: 'present', value: { signatures: [], root: { state: 'current' }, ...found } }
      },
    },
  }
}
