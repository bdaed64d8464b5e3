import type { RenderFailure } from '../manifest/rendered.ts'

/**
 * Makes one readable sentence of what kustomize printed: warnings and paths of the machine left out, and of
 * "accumulating resources: accumulation err='…': …" chains the cause.
 * @param root the directory that held the tree
 */
export function describeKustomizeError(stderr: string, root: string): RenderFailure {
  const text = stderr
    .split('\n')
    .filter(line => !line.startsWith('# Warning:'))
    .join('\n')
    .trim()
    .replace(/^(Error|error): /, '')
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.')
  const ruleId = text.includes('cycle detected') ? 'render-cycle' : 'render-build'
  return {
    ruleId,
    message: `kustomize: ${causeOf(text)
      .replaceAll(/\s*\n\s*/g, ' ')
      .slice(0, 1000)}`,
  }
}

/** Peels the wrappers that repeat the way to the failing file. */
function causeOf(text: string): string {
  let cause = text
  for (;;) {
    const peeled = cause
      .replace(/^accumulating (resources|components): /, '')
      .replace(/^recursed accumulation of path '[^']*': /, '')
      // the first error is that of reading a directory as a file; the second one is the cause
      .replace(
        /^accumulation err='accumulating resources from '[^']*': (read [^:]*: is a directory|[^']*is a directory)': /,
        '',
      )
      .replace(/^accumulateDirectory: "(.*)"$/s, '$1')
    if (peeled === cause) return cause
    cause = peeled
  }
}
