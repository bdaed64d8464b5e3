import type { Tree } from './manifest/tree.ts'
import type { RelatedFacts } from './versions/comment-facts.ts'
import { editFile, type EditedFile, type FieldEdit } from './versions/edit-file.ts'
import type { ReferenceUpdate } from './versions/reference-update.ts'

/** A file with all its updates in it, or why it has none of them. */
export type EditedSource =
  | ({ file: string; before: Uint8Array } & Extract<EditedFile, { ok: true }>)
  | { ok: false; file: string; reason: string }

/**
 * Edits every file that has updates which nothing holds back. In the order of files; nothing is written.
 * @param options held: edit what is held back, too
 */
export async function editUpdates(
  updates: readonly ReferenceUpdate[],
  tree: Tree,
  options: { held?: boolean } = {},
): Promise<EditedSource[]> {
  const byFile = new Map<string, { edits: FieldEdit[]; facts?: RelatedFacts }>()
  for (const update of updates) {
    const { edits, held } = update
    if (edits === undefined || (held.length > 0 && options.held !== true)) continue
    const known = byFile.get(edits.file) ?? { edits: [] }
    const facts = factsOf(update)
    byFile.set(edits.file, {
      ...known,
      ...(facts === undefined ? {} : { facts }),
      edits: [...known.edits, ...edits.edits],
    })
  }
  const edited: EditedSource[] = []
  for (const [file, { edits, facts }] of byFile) {
    const before = await tree.read(file)
    const result = editFile(file, before, edits, facts)
    if (result.ok) edited.push({ ...result, file, before })
    else edited.push({ ok: false, file, reason: `${result.refusal.message} ${result.refusal.repair}` })
  }
  return edited
}

/** What comments beside the operator's chart say of it. */
function factsOf({ choice, reference }: ReferenceUpdate): RelatedFacts | undefined {
  const { version } = reference.current
  const { release } = choice ?? {}
  if (choice === undefined || version === undefined || release?.from === undefined) return undefined
  if (!choice.classes.some(kind => kind.startsWith('operator-') || kind === 'chart-only')) return undefined
  return { chart: { from: version, to: choice.version }, operator: { from: release.from, to: release.to } }
}
