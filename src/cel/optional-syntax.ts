// The parser of @bufbuild/cel 0.6.1 knows no optional syntax. It is written here into what the parser knows, under names
// that compile.ts takes back: `a.?b` → `a.b__optional__`, `a[?e]` → `a[__optional__(e)]`, `[?e]` and `{?k: v}` alike.

export const OPTIONAL_SUFFIX = '__optional__'
export const OPTIONAL_CALL = '__optional__'

// comments, and every kind of string literal (cel-spec, doc/langdef.md, Syntax)
const SKIPPED =
  /\/\/[^\n]*|[rR]?[bB]?[rR]?(?:"""[\s\S]*?"""|'''[\s\S]*?''')|(?:[rR][bB]?|[bB][rR])(?:"[^"\n]*"|'[^'\n]*')|[bB]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/y

/** The rule without optional syntax and comments (the parser refuses one that ends the text); the same text where it has neither. */
export function withoutOptionalSyntax(source: string): string {
  if (!source.includes('?') && !source.includes('//')) return source
  const tokens = tokenize(source)
  return rewrite(tokens, 0, tokens.length)
}

function tokenize(source: string): string[] {
  const tokens: string[] = []
  for (let i = 0; i < source.length;) {
    SKIPPED.lastIndex = i
    const literal = SKIPPED.exec(source)?.[0]
    const token = literal ?? /^(?:\w+|\s+|[^])/.exec(source.slice(i, i + 256))?.[0] ?? ''
    tokens.push(token)
    i += Math.max(token.length, 1)
  }
  return tokens
}

function isBlank(token: string | undefined): boolean {
  return token !== undefined && (/^\s/.test(token) || token.startsWith('//'))
}

function rewrite(tokens: readonly string[], from: number, to: number): string {
  let out = ''
  let before: string | undefined
  for (let i = from; i < to; i++) {
    const token = tokens[i] ?? ''
    if (token === '?' && before === '.') {
      const name = next(tokens, i + 1, to)
      out += `${tokens[name] ?? ''}${OPTIONAL_SUFFIX}`
      before = tokens[name]
      i = name
    } else if (token === '?' && (before === '[' || before === '{' || before === ',')) {
      const end = endOf(tokens, i + 1, to)
      out += `${OPTIONAL_CALL}(${rewrite(tokens, i + 1, end)})`
      before = ')'
      i = end - 1
    } else {
      out += token.startsWith('//') ? ' ' : token
      if (!isBlank(token)) before = token
    }
  }
  return out
}

/** The next token that says something. */
function next(tokens: readonly string[], from: number, to: number): number {
  let i = from
  while (i < to && isBlank(tokens[i])) i++
  return i
}

/** Where the item that begins at `from` ends: before its `,`, its bracket, or the `:` behind a key. */
function endOf(tokens: readonly string[], from: number, to: number): number {
  let depth = 0
  let ternaries = 0
  for (let i = from; i < to; i++) {
    const token = tokens[i] ?? ''
    if ('([{'.includes(token)) depth++
    else if (')]}'.includes(token)) {
      if (depth === 0) return i
      depth--
    } else if (depth === 0 && token === ',') return i
    else if (depth === 0 && token === '?' && tokens[i - 1] !== '.') ternaries++
    else if (depth === 0 && token === ':') {
      if (ternaries === 0) return i
      ternaries--
    }
  }
  return to
}
