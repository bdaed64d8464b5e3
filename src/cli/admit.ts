import { styleText } from 'node:util'
import { readCrdSource, type CrdSource } from '../adapters/crd-sources.ts'
import { openCatalog } from '../adapters/schema-catalog.ts'
import { admissionTools } from '../admission-tools.ts'
import { admit as judge } from '../admit.ts'
import { ASSUMED_KUBERNETES, NEWEST_FLUX } from '../config/config.ts'
import { crdsIn } from '../imported-crds.ts'
import { isObject, type JsonObject } from '../manifest/json.ts'
import type { Manifest } from '../manifest/resource.ts'
import { admissionJson, admissionText } from '../report/admission.ts'
import { fromCatalog, nearestVersion } from '../schema/catalog.ts'
import { fromCrds } from '../schema/crd.ts'
import { createValidator } from '../schema/validator.ts'
import { submissionsIn, type Submission } from '../submissions.ts'
import type { AdmitCommand } from './arguments.ts'
import { CannotJudge, type Context, type Outcome } from './run.ts'

/**
 * `admit`: whether the API server with the operator would take the objects of files. Exit code 1 where it refuses one, 2 where a
 * part that decides was not known.
 * @throws CannotJudge for a file that cannot be read, holds nothing, or is no CRD
 */
export async function admit(command: AdmitCommand, { io, color, progress }: Context): Promise<Outcome> {
  const read = async (words: readonly string[]) => {
    const sources: CrdSource[] = []
    for (const word of words) {
      progress(`reading ${word}`)
      sources.push(...(await sourcesOf(word, io.cwd)))
    }
    return sources
  }
  const crds = crdsOf(await read(command.crds))
  const old = oldOf(await read(command.old))
  const files = await read(command.files)
  const catalog = openCatalog()
  const kubernetes = command.kubernetesVersion ?? ASSUMED_KUBERNETES
  const operator =
    command.cnpgVersion ?? nearestVersion(Object.keys(catalog.index.cnpg ?? {}), undefined) ?? 'main'
  const validator = createValidator([
    fromCrds(crds, 'the CRD given'),
    fromCatalog(catalog, {
      kubernetes,
      flux: NEWEST_FLUX,
      // there is no CRD of main in the catalog: the newest stands in, and that is said
      ...(operator === 'main' ? {} : { cnpg: operator }),
    }),
  ])
  const results = judge(submissionsOf(files), old, admissionTools(validator, operator))
  if (results.length === 0)
    throw new CannotJudge(
      `There is no object in ${command.files.join(', ')}.`,
      'Name files that hold objects.',
    )
  const exitCode = results.some(({ accepted }) => !accepted)
    ? 1
    : results.some(({ judged }) => !judged)
      ? 2
      : 0
  const scope = { operator, kubernetes }
  if (command.output === 'json') return { output: admissionJson(results, scope), exitCode }
  return {
    output: admissionText(results, scope, (style, text) =>
      color ? styleText(style, text, { validateStream: false }) : text,
    ),
    exitCode,
  }
}

/** One file after the other: what a file holds is gone from memory when the next one is read. */
function* submissionsOf(files: readonly CrdSource[]): Iterable<Submission> {
  for (const { name, bytes } of files) yield* submissionsIn(name, bytes)
}

async function sourcesOf(word: string, cwd: string): Promise<CrdSource[]> {
  const found = await readCrdSource(word, { cwd })
  if (Array.isArray(found)) return found
  throw new CannotJudge(`${found.name}: ${found.message}`, found.repair)
}

function crdsOf(sources: readonly CrdSource[]): Manifest[] {
  return sources.flatMap(({ name, bytes }) => {
    const { crds, refused } = crdsIn(name, bytes)
    const [first] = refused
    if (first !== undefined) throw new CannotJudge(`${first.file}: ${first.message}`, first.repair)
    return crds.map(({ crd }) => crd.manifest)
  })
}

/** What was applied before has been taken: a text that is no object cannot be it. */
function oldOf(sources: readonly CrdSource[]): JsonObject[] {
  return sources
    .flatMap(({ name, bytes }): Submission[] => submissionsIn(name, bytes))
    .map(submission => {
      const { file, line } = submission
      if ('value' in submission && isObject(submission.value)) return submission.value
      const says = 'problem' in submission ? submission.problem : 'This is no object.'
      throw new CannotJudge(`${file}:${line}: ${says}`, 'Give what was applied before as it was applied.')
    })
}
