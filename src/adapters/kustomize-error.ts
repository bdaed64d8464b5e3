import { posix } from 'node:path'
import type { RenderFailure } from '../manifest/rendered.ts'
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
  const within = lastOf(text, /recursed accumulation of path '([^']*)'/g) ?? directory
  const resource = lastOf(text, /(?:accumulating|merging) resources from '([^']*)'/g)
  const candidates = [...(resource === undefined ? [] : [resource]), ...KUSTOMIZATION_NAMES]
  const file = candidates.map(path => posix.join(within, path)).find(path => files.has(path))
  const line = /\bline (\d+)/.exec(text)?.[1]
  return {
    ruleId,
    message: `kustomize: ${causeOf(text)
      .replaceAll(/\s*\n\s*/g, ' ')
      .slice(0, 1000)}`,
    ...(file === undefined ? {} : { file, line: line === undefined ? 1 : Number(line) }),
  }
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
