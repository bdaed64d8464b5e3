// Names of properties as rules write them (k8s.io/apiserver 0.35, pkg/cel/escaping.go).

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const EXPANSIONS: Record<string, string> = { __: 'underscores', '.': 'dot', '-': 'dash', '/': 'slash' }
const CONTRACTIONS: Record<string, string> = { underscores: '__', dot: '.', dash: '-', slash: '/' }

/** `a-b` → `a__dash__b`; `undefined` for a name that no rule can write. */
export function escapeName(name: string): string | undefined {
  if (name === '' || /^\d/.test(name)) return undefined
  if (RESERVED.has(name)) return `__${name}__`
  if (/[^\w./-]/.test(name)) return undefined
  return name.replaceAll(/__|[-./]/g, part => `__${EXPANSIONS[part]}__`)
}

/** `a__dash__b` → `a-b`; `undefined` where an escape says nothing. */
export function unescapeName(escaped: string): string | undefined {
  if (!escaped.includes('__')) return escaped
  let broken = false
  const name = escaped.replaceAll(/_{2}[^_]+_{2}/g, part => {
    const inner = part.slice(2, -2)
    const plain = CONTRACTIONS[inner]
    if (plain !== undefined) return plain
    // a keyword is escaped as a whole, never inside a name
    if (!RESERVED.has(inner) || part.length !== escaped.length) broken = true
    return inner
  })
  return broken ? undefined : name
}
