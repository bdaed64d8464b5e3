import { untraced, type Spot, type Traced, type TracedMap, type TracedScalar } from '../../manifest/traced.ts'
import { parseGoYamlDocument } from '../../manifest/go-yaml.ts'
import { envsubst } from '../envsubst.ts'
import { placeholder } from '../kustomization.ts'

export interface Substitution {
  variables: ReadonlyMap<string, string>
  /** a variable that nobody defines stands as a placeholder, not as nothing */
  variablesUnknown: boolean
  strict: boolean
}

/** Substitutes variables scalar by scalar, keys included; each text knows the variables it holds. */
export function substituteTraced(node: Traced, options: Substitution): Traced {
  if (node.kind === 'scalar') return substituteScalar(node, options)
  if (node.kind === 'list') return { ...node, items: node.items.map(item => substituteTraced(item, options)) }
  const entries: TracedMap['entries'] = new Map()
  for (const [name, { key, node: child }] of node.entries)
    entries.set(substituteText(name, options)?.text ?? name, { key, node: substituteTraced(child, options) })
  return { ...node, entries }
}

function substituteScalar(node: TracedScalar, options: Substitution): TracedScalar {
  if (typeof node.value !== 'string' || !node.value.includes('$')) return node
  const done = substituteText(node.value, options)
  if (done === undefined || done.text === node.value) return node
  if (done.variables.length === 0) return { ...node, value: done.text }
  const spot: Spot | undefined = node.spot === undefined ? undefined : { ...node.spot, mechanism: 'variable' }
  return { ...node, value: done.text, spot, variables: done.variables }
}

/** @returns undefined where it cannot be substituted alone */
function substituteText(
  text: string,
  { variables, variablesUnknown, strict }: Substitution,
): { text: string; variables: string[] } | undefined {
  if (!text.includes('$')) return undefined
  const used = new Set<string>()
  const unknown = new Set<string>()
  for (;;) {
    const done = envsubst(text, name => {
      used.add(name)
      return variables.get(name) ?? (unknown.has(name) ? placeholder(name) : strict ? undefined : '')
    })
    if (done.ok) return { text: done.text, variables: [...used] }
    if (!variablesUnknown || done.variable === undefined || unknown.has(done.variable)) return undefined
    unknown.add(done.variable)
  }
}

/** What a text of variables alone is once Flux reads it again: `{a: 1}` becomes a map. */
export function readAgain({ value, spot }: TracedScalar): Traced | undefined {
  if (typeof value !== 'string') return undefined
  const read = parseGoYamlDocument(value)
  return read.ok ? untraced(read.document, spot) : undefined
}
