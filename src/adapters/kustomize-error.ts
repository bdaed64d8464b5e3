import { posix } from 'node:path'
import type { Finding } from '../manifest/finding.ts'
import type { RenderFailure } from '../manifest/rendered.ts'
import { readSource } from '../manifest/source-file.ts'
import { KUSTOMIZATION_NAMES } from '../render/kustomization-file.ts'
import type { KustomizeRequest } from '../render/tools.ts'

/**
 * Makes one readable sentence of what kustomize printed: warnings and paths of the machine left out, and of
 * "accumulating resources: accumulation err='…': …" chains the cause, with the file it speaks of.
 * @param root the directory that held the tree
 */
export function describeKustomizeError(
  stderr: string,
  root: string,
  { directory, files }: KustomizeRequest,
): RenderFailure {
  const text = stderr
    .split('\n')
    .filter(line => !line.startsWith('# Warning:'))
    .join('\n')
    .trim()
    // kubectl logs its last error, quoted: E1123 00:41:06.093632 19050 run.go:72] "command failed" err="…"
    .replace(/^[EF]\d{4} [^\]]*\] "command failed" err="(.*)"$/s, (_line, quoted: string) => unquote(quoted))
    // and unquoted on lines of their own where there are several
    .replace(/^[EF]\d{4} [^\]]*\] "command failed" err=<\s*(.*?)\s*>$/s, '$1')
    .replace(/^(Error|error): /, '')
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.')
  const ruleId = text.includes('cycle detected') ? 'render-cycle' : 'render-build'
  const within =
    lastOf(text, /couldn't make target for path '([^']*)'/g) ??
    lastOf(text, /recursed accumulation of path '([^']*)'/g) ??
    directory
  const resource = lastOf(text, /(?:accumulating|merging) resources from '([^']*)'/g)
  const candidates = [...(resource === undefined ? [] : [resource]), ...KUSTOMIZATION_NAMES]
  const file = candidates.map(path => posix.join(within, path)).find(path => files.has(path))
  const line = /\bline (\d+)/.exec(text)?.[1]
  const message = `kustomize: ${plain(causeOf(text)).slice(0, 1000)}`
  const duplicate = /mapping key "([^"]*)" already defined/.exec(text)?.[1]
  if (duplicate !== undefined) return placeOfDuplicate(duplicate, files) ?? { ruleId, message }
  const unreadable = file === undefined ? undefined : unreadableFile(file, files)
  if (unreadable !== undefined) return unreadable
  return {
    ruleId,
    message,
    ...(file === undefined ? {} : { file, line: line === undefined ? 1 : Number(line) }),
  }
}

/** What kustomize could not read, in our words and under the rule it breaks; undefined where we can read it. */
function unreadableFile(file: string, files: ReadonlyMap<string, Uint8Array>): RenderFailure | undefined {
  const problem = readSource(file, files.get(file) ?? new Uint8Array()).findings.find(
    ({ level }) => level === 'error',
  )
  return problem === undefined ? undefined : failureOf(problem, file)
}

function failureOf({ ruleId, message, repair, line }: Finding, file: string): RenderFailure {
  return { ruleId, message, ...(repair === undefined ? {} : { repair }), file, line: line ?? 1 }
}

/** Of a key that is there twice kustomize says the line and not the file: it is looked for; undefined where several have one. */
function placeOfDuplicate(key: string, files: ReadonlyMap<string, Uint8Array>): RenderFailure | undefined {
  const places = [...files].flatMap(([file, bytes]) =>
    readSource(file, bytes).findings.filter(
      ({ ruleId, message }) => ruleId === 'parse-duplicate-key' && message.includes(JSON.stringify(key)),
    ),
  )
  const [place] = places
  if (place?.file === undefined || new Set(places.map(({ file }) => file)).size > 1) return undefined
  return failureOf(place, place.file)
}

// How kustomize prints ids, Go values and its own configuration, and what a person reads instead.
const PLAIN: [RegExp, string][] = [
  [/\s*\n\s*/g, ' '],
  [/map\[string\]interface \{\}\(nil\): /g, ''],
  [/yaml: unmarshal errors: /g, ''],
  [/MalformedYAMLError: yaml: (.*?) in File: \S+/g, '$1'],
  [/ in object \{\{.*\}\}$/g, ''],
  // 'no matches for Id …; failed to find unique target …' says the same three times
  [/(no resource matches strategic merge patch "[^"]*"): no matches for Id .*/g, '$1'],
  [/trouble configuring builtin (\w+) with config: `[^`]*`/g, '$1'],
  // resid.ResId of kustomize: Kind.version.group/name.namespace
  [
    /\b([A-Z]\w*)\.(?:v\w+|\[noVer\])\.(?:[\w.-]+|\[noGrp\])\/([\w.-]+?)\.(?:\[noNs\]|([\w-]+))(?![\w.])/g,
    '$1 $3/$2',
  ],
  [/([A-Z]\w*) \/([\w.-]+)/g, '$1 $2'],
]

function plain(text: string): string {
  return PLAIN.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), text)
}

/** Of Go's %q what matters here. */
function unquote(text: string): string {
  return text.replaceAll(/\\(["\\n])/g, (_escape, character: string) =>
    character === 'n' ? '\n' : character,
  )
}

function lastOf(text: string, pattern: RegExp): string | undefined {
  return [...text.matchAll(pattern)].at(-1)?.[1]
}

// Each wraps the error of one level; a file that cannot be read as a directory either says both, the first counts.
const WRAPPERS: [RegExp, string][] = [
  [/^accumulating (?:resources|components): /, ''],
  [/^recursed accumulation of path '[^']*': /, ''],
  [/^accumulation err='accumulating resources from '[^']*': (?:read [^:]*: )?is a directory': /, ''],
  [/^accumulation err='(.*)': must build at directory: .*$/s, '$1'],
  [/^accumulateDirectory: "(.*)"$/s, '$1'],
  [/^couldn't make target for path '[^']*': /, ''],
  [/^(?:accumulating|merging) resources from '([^']*)': /, '$1: '],
]

function causeOf(text: string): string {
  let cause = text
  for (;;) {
    const peeled = WRAPPERS.reduce(
      (rest, [pattern, replacement]) => rest.replace(pattern, replacement),
      cause,
    )
    if (peeled === cause) return cause
    cause = peeled
  }
}
