import { parseArgs } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { directoryTree } from '../../src/adapters/directory-tree.ts'
import { editFile } from '../../src/versions/edit-file.ts'
import { findReferences } from '../../src/versions/find-references.ts'
import { updateEdits } from '../../src/versions/update-edits.ts'

/**
 * What is found in repositories, how long it takes, and whether every reference that may be edited can be: each is made to say
 * another version in memory, and the file read again by the YAML library differs in the fields of that one only.
 * Usage: node test/bench/references.ts DIRECTORY…
 */
const { positionals } = parseArgs({ allowPositionals: true })
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`
let failures = 0

for (const directory of positionals) {
  const tree = directoryTree(directory)
  const started = performance.now()
  const { references, unread } = await findReferences(tree)
  const milliseconds = Math.round(performance.now() - started)
  const refused: Record<string, number> = {}
  let proven = 0
  for (const reference of references) {
    const edits = updateEdits(reference, { version: '98.7.6', digest: DIGEST }, true)
    if (!edits.ok) {
      const why = reference.obstacle?.kind ?? (reference.current.range === undefined ? 'no version' : 'range')
      refused[why] = (refused[why] ?? 0) + 1
      continue
    }
    const before = await tree.read(edits.file)
    const edited = editFile(edits.file, before, edits.edits)
    const different = edited.ok ? leavesThatDiffer(before, edited.bytes) : undefined
    const along = edited.ok ? edited.along.length : 0
    // what is merged elsewhere (`<<`) the library writes out
    const isMerged = Buffer.from(before).includes('<<: *')
    if (different === edits.edits.length + along || (isMerged && (different ?? 0) > edits.edits.length))
      proven++
    else {
      failures++
      const why = edited.ok ? `${different} leaves differ` : edited.refusal.message
      process.stdout.write(`${edits.file}:${reference.place.line} ${why}\n`)
    }
  }
  process.stdout.write(
    `${directory}: ${references.length} references in ${milliseconds} ms, ${proven} edits proven, refused ${JSON.stringify(refused)}, ${unread.length} files unread\n`,
  )
}
process.exit(failures === 0 ? 0 : 1)

function leavesThatDiffer(before: Uint8Array, after: Uint8Array): number {
  const [old, now] = [before, after].map(bytes => leaves(Buffer.from(bytes).toString('utf8')))
  const keys = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])
  return [...keys].filter(key => old?.get(key) !== now?.get(key)).length
}

function leaves(text: string): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) found.set(path, JSON.stringify(value) ?? '')
    else for (const [key, inner] of Object.entries(value)) walk(inner, `${path}/${key}`)
  }
  for (const [index, document] of parseAllDocuments(text, {
    logLevel: 'silent',
    uniqueKeys: false,
  }).entries())
    walk(document.toJS({ maxAliasCount: -1 }), String(index))
  return found
}
