import {
  childAt,
  itemsIn,
  textIn,
  type Spot,
  type Traced,
  type TracedMap,
  type TracedScalar,
} from '../../manifest/traced.ts'

/** Steps of a field path of replacements: `a.b\.c.[name=x].*.0` (kyaml utils SmarterPathSplitter). */
export function fieldPathSteps(path: string): string[] {
  const steps: string[] = []
  for (const match of path.matchAll(/\[[^\]]*\]|(?:\\.|[^.[])+/g))
    steps.push(match[0].replaceAll(/\\(.)/g, '$1'))
  return steps
}

/**
 * The fields of one target of a replacement, set. Without a value (its source is not known) the fields are there, but
 * nobody knows where from.
 */
export function replaceFields(node: TracedMap, target: Traced, value: TracedScalar | undefined): TracedMap {
  const paths = itemsIn(target, 'fieldPaths').flatMap(path =>
    path.kind === 'scalar' ? [String(path.value)] : [],
  )
  const options = childAt(target, 'options')
  let result: Traced = node
  for (const path of paths.length === 0 ? ['metadata.name'] : paths)
    result = put(result, fieldPathSteps(path), {
      options,
      create: isTrue(childAt(options, 'create')),
      value: value ?? { kind: 'scalar', value: '\0' },
    })
  return result.kind === 'map' ? result : node
}

interface Replacing {
  options: Traced | undefined
  create: boolean
  value: TracedScalar
}

function put(node: Traced, steps: readonly string[], how: Replacing): Traced {
  const [step, ...rest] = steps
  if (step === undefined) return node.kind === 'scalar' ? refined(node, how) : how.value
  if (node.kind === 'list') {
    const pair = /^\[([^=]+)=(.*)\]$/.exec(step)
    const items = node.items.map((item, index) => {
      const isMeant =
        step === '*' ||
        step === String(index) ||
        (pair !== null && scalarText(childAt(item, pair[1] ?? '')) === pair[2])
      return isMeant ? put(item, rest, how) : item
    })
    return { ...node, items }
  }
  if (node.kind !== 'map') return node
  const names = step === '*' ? [...node.entries.keys()] : [step]
  const entries = new Map(node.entries)
  for (const name of names) {
    const before = entries.get(name)
    if (before === undefined && !how.create) continue
    const below: Traced =
      before?.node ??
      (rest.length === 0 ? { kind: 'scalar', value: null } : { kind: 'map', entries: new Map() })
    const changed = put(below, rest, how)
    const key: Spot | undefined = changed.kind === 'scalar' && changed !== below ? changed.spot : before?.key
    entries.set(name, { key: key ?? (changed === below ? before?.key : undefined), node: changed })
  }
  return { ...node, entries }
}

/** The part of a text that options name, or all of it. */
function refined(target: TracedScalar, { options, value }: Replacing): TracedScalar {
  const delimiter = textIn(options, 'delimiter')
  if (delimiter === undefined || delimiter === '') return value
  const index = Number(scalarText(childAt(options, 'index')) ?? 0)
  const parts = String(target.value).split(delimiter)
  const text = String(value.value)
  if (index < 0) parts.unshift(text)
  else if (index >= parts.length) parts.push(text)
  else parts[index] = text
  return { ...value, block: undefined, value: parts.join(delimiter) }
}

function scalarText(node: Traced | undefined): string | undefined {
  return node?.kind === 'scalar' ? String(node.value) : undefined
}

function isTrue(node: Traced | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true
}
