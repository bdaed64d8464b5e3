import { writeManifest, type Written } from '../adapters/crd-files.ts'
import { readCrdSource } from '../adapters/crd-sources.ts'
import type { Outbound } from '../adapters/outbound.ts'
import { crdsIn, importedCrdFile, type FoundCrds, type Refusal } from '../imported-crds.ts'
import type { SchemaCommand } from './arguments.ts'
import { CannotJudge, type Context, type Outcome } from './run.ts'
import { printable } from './terminal.ts'

export interface ImportPlace {
  /** of the repository that gets the files */
  root: string
  /** where relative paths begin */
  cwd: string
  outbound: Outbound
  progress: Context['progress']
}

interface Imported {
  group: string
  kind: string
  served: string[]
  /** from the root of the repository */
  file: string
  /** where it was found: 'crds.yaml:12' */
  from: string
  result: Written
}

/**
 * `schema import`: writes every CRD of the words as a file of its own, `.github/cnpg-steward/crds/<group>_<kind>.yaml`. Of
 * two CRDs of one kind the later one counts. What cannot be taken is said, with file and line, and keeps nothing else back.
 * @throws CannotJudge where nothing could be imported; as JSON that is told in the output
 */
export async function importCrds(
  { imports, output }: Pick<SchemaCommand, 'imports' | 'output'>,
  { root, cwd, outbound, progress }: ImportPlace,
): Promise<Outcome> {
  const found: FoundCrds = { crds: [], refused: [], passedOver: 0 }
  for (const word of imports) {
    progress(`reading ${word}`)
    const sources = await readCrdSource(word, { cwd, outbound })
    if (!Array.isArray(sources)) {
      found.refused.push({ file: sources.name, message: sources.message, repair: sources.repair })
      continue
    }
    for (const { name, bytes } of sources) {
      const { crds, refused, passedOver } = crdsIn(name, bytes)
      found.crds.push(...crds)
      found.refused.push(...refused)
      found.passedOver += passedOver
    }
  }
  const byFile = new Map(found.crds.map(entry => [importedCrdFile(entry.crd), entry]))
  const imported = [...byFile].map(([file, { crd, file: source, line }]): Imported => ({
    group: crd.group,
    kind: crd.kind,
    served: crd.served,
    file,
    from: `${source}:${line}`,
    result: writeManifest(root, file, crd.manifest),
  }))
  const exitCode = imported.length === 0 ? 2 : 0
  const { refused, passedOver } = found
  if (output === 'json')
    return { output: JSON.stringify({ version: 1, imported, refused, passedOver }, null, 2), exitCode }
  if (exitCode === 2) throw nothingImported(refused, passedOver)
  return { output: importText(imported, refused, passedOver), exitCode }
}

function importText(imported: readonly Imported[], refused: readonly Refusal[], passedOver: number): string {
  const lines = imported.map(
    ({ result, kind, group, served, file, from }) =>
      `${result.padEnd(9)} ${kind} ${group}/${served.join(', ')}: ${file} (${from})`,
  )
  for (const refusal of refused) lines.push(refusalText(refusal), `          ${refusal.repair}`)
  if (passedOver > 0) lines.push(`${objects(passedOver)} of other kinds passed over`)
  if (imported.some(({ result }) => result !== 'unchanged'))
    lines.push('Commit the files: they are taken before the bundled catalog.')
  return lines.map(printable).join('\n')
}

function nothingImported(refused: readonly Refusal[], passedOver: number): CannotJudge {
  const [first, ...others] = refused
  if (first === undefined)
    return new CannotJudge(
      `Nothing was imported: there is no CustomResourceDefinition${passedOver === 0 ? '' : ` among ${objects(passedOver)}`}.`,
      'Name files, directories or https addresses that hold CRDs.',
    )
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return new CannotJudge(`Nothing was imported: ${placeOf(first)}: ${first.message}${more}`, first.repair)
}

function refusalText(refusal: Refusal): string {
  return `${'refused'.padEnd(9)} ${placeOf(refusal)}: ${refusal.message}`
}

function placeOf({ file, line }: Refusal): string {
  return line === undefined ? file : `${file}:${line}`
}

function objects(count: number): string {
  return `${count} ${count === 1 ? 'object' : 'objects'}`
}
