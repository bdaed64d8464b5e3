import { isObject, textAt, valueAt, type Json } from './manifest/json.ts'
import { readSource } from './manifest/source-file.ts'

/** One object to be judged, or a text that is none. */
export type Submission = { file: string; line: number } & ({ value: Json } | { problem: string })

/**
 * The objects of a file in their order, YAML or JSON, several documents and the items of Lists each on its own. A text is read
 * as kustomize reads it, which Flux has read all files: `off` is a text.
 * @param file how results name it
 */
export function submissionsIn(file: string, bytes: Uint8Array): Submission[] {
  const source = readSource(file, bytes)
  const problems = source.findings
    .filter(({ level }) => level === 'error')
    .map(({ line, message, repair }) => ({
      file,
      line: line ?? 1,
      problem: repair === undefined ? message : `${message} ${repair}`,
    }))
  const inDocuments = new Set<(typeof problems)[number]>()
  const found: Submission[] = []
  for (const { value, line, endLine } of source.documents) {
    // a key that stands twice: kustomize refuses the whole file, and which of the two is meant is not known
    const broken = problems.filter(problem => problem.line >= line && problem.line <= endLine)
    for (const problem of broken) inDocuments.add(problem)
    const [first] = broken
    if (first !== undefined) found.push({ ...first, line })
    else found.push(...itemsOf(value).map(item => ({ file, line, value: item })))
  }
  const apart = problems.filter(problem => !inDocuments.has(problem))
  return [...found, ...apart].toSorted((a, b) => a.line - b.line)
}

/** Flux applies the items of a List one by one (fluxcd/pkg/ssa, utils.ReadObjects). */
function itemsOf(value: Json): Json[] {
  const items = valueAt(value, 'items')
  const isList = isObject(value) && (textAt(value, 'kind') ?? '').endsWith('List')
  return isList && Array.isArray(items) ? items : [value]
}
