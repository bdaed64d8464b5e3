// Patterns of the API server are RE2 (Go's regexp); these are JavaScript's.

const POSIX: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
}

const compiled = new Map<string, RegExp | undefined>()

/** The pattern as JavaScript, or `undefined` for one that cannot be translated: it is not judged then. */
export function compilePattern(pattern: string): RegExp | undefined {
  if (!compiled.has(pattern)) compiled.set(pattern, translate(pattern))
  return compiled.get(pattern)
}

function translate(pattern: string): RegExp | undefined {
  // flags for the whole pattern: (?i)…; s and m mean the same in both, U (ungreedy) does not change what matches
  const leading = /^\(\?([imsU]+)\)/.exec(pattern)
  const flags = (leading?.[1] ?? '').replaceAll('U', '')
  const body = pattern
    .slice(leading?.[0].length ?? 0)
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\\z/g, '(?![^])')
    .replaceAll(/\\A/g, '(?<![^])')
    .replaceAll(/\\Q(.*?)(?:\\E|$)/gs, (_, text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .replaceAll(/\[:(\w+):\]/g, (whole, name: string) => POSIX[name] ?? whole)
    .replaceAll(/\\p([A-Z])/g, '\\p{$1}')
  // 'u' counts code points as RE2 does, but refuses escapes that RE2 takes (\-, \_)
  for (const mode of ['u', '']) {
    try {
      return new RegExp(body, flags + mode)
    } catch {
      continue
    }
  }
  return undefined
}
