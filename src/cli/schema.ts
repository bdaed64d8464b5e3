import { GitProblem, openRepository, type Repository } from '../adapters/git.ts'
import { Outbound } from '../adapters/outbound.ts'
import { openCatalog } from '../adapters/schema-catalog.ts'
import { IMPORTED_CRDS, readImportedCrds } from '../imported-crds.ts'
import { summarizeCatalog, type CatalogKind, type CatalogProject } from '../schema/catalog-summary.ts'
import { compactCrd } from '../schema/compact-crd.ts'
import type { SchemaCommand } from './arguments.ts'
import { CannotJudge, type Context, type Outcome } from './run.ts'
import { importCrds } from './schema-import.ts'

const WIDTH = 100

/**
 * `schema`: the kinds that can be validated without their CRDs in what is rendered; `schema import` adds CRDs to the
 * repository around the working directory.
 * @param outbound what fetches addresses
 * @throws CannotJudge where nothing could be imported
 */
export async function schema(
  command: SchemaCommand,
  { io, progress }: Pick<Context, 'io' | 'progress'>,
  outbound: Outbound = new Outbound(),
): Promise<Outcome> {
  await using repository = await repositoryAround(io)
  if (command.imports.length > 0) {
    if (repository === undefined)
      throw new CannotJudge(
        'There is no repository with a work tree around the working directory.',
        'Start it inside the repository that the CRDs are for.',
      )
    return await importCrds(command, { root: repository.root, cwd: io.cwd, outbound, progress })
  }
  const projects = summarizeCatalog(openCatalog().index)
  const imported = repository === undefined ? [] : await importedKinds(repository)
  return {
    output:
      command.output === 'json'
        ? JSON.stringify({ version: 1, projects, imported }, null, 2)
        : listText(projects, imported),
    exitCode: 0,
  }
}

/** The catalog is the same everywhere: without a repository there is only nothing of its own to list. */
async function repositoryAround(io: Context['io']): Promise<Repository | undefined> {
  const repository = await openRepository(io.cwd, { env: io.env }).catch((error: unknown) => {
    if (error instanceof GitProblem) return undefined
    throw error
  })
  if (repository?.isBare !== true) return repository
  await repository[Symbol.asyncDispose]()
  return undefined
}

async function importedKinds(repository: Repository): Promise<Omit<CatalogKind, 'scope'>[]> {
  const manifests = await readImportedCrds(await repository.workTree())
  return manifests.map(compactCrd).flatMap(compacted => {
    if (!compacted.ok) return []
    const { group, kind, served } = compacted.crd
    return [{ group, kind, served }]
  })
}

function listText(
  projects: readonly CatalogProject[],
  imported: readonly Pick<CatalogKind, 'group' | 'kind'>[],
): string {
  const blocks = projects.map(
    ({ project, versions, kinds }) => `${project} ${versions.join(' ')}\n${kindsText(kinds)}`,
  )
  if (imported.length > 0) blocks.push(`imported, in ${IMPORTED_CRDS}\n${kindsText(imported)}`)
  return blocks.join('\n')
}

/** A line for each group, wrapped. */
function kindsText(kinds: readonly Pick<CatalogKind, 'group' | 'kind'>[]): string {
  const groups = Map.groupBy(kinds, ({ group }) => group)
  return [...groups]
    .map(([group, ofGroup]) =>
      wrapped(
        `  ${group}:`,
        ofGroup.map(({ kind }) => kind),
      ),
    )
    .join('\n')
}

function wrapped(head: string, words: readonly string[]): string {
  const lines = [head]
  for (const word of words) {
    const last = lines.at(-1) ?? ''
    if (last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`    ${word}`)
  }
  return lines.join('\n')
}
