import { groupOf } from '../../manifest/resource.ts'
import { childAt, textIn, type Traced, type TracedMap } from '../../manifest/traced.ts'
import type { TracedObject } from './traced-object.ts'

/** resmap Select: by the names it was written with or has now, its kind as it is, labels and annotations as they are. */
export function matches(object: TracedObject, target: Traced): boolean {
  const { node, names, namespaces } = object
  const apiVersion = textIn(node, 'apiVersion') ?? ''
  return (
    isOne(textIn(target, 'name'), ends(names)) &&
    isOne(
      textIn(target, 'namespace'),
      ends(namespaces).map(name => name || 'default'),
    ) &&
    isOne(textIn(target, 'kind'), [textIn(node, 'kind')]) &&
    isOne(textIn(target, 'group'), [groupOf(apiVersion)]) &&
    isOne(textIn(target, 'version'), [apiVersion.split('/').at(-1)]) &&
    selects(textIn(target, 'labelSelector'), childAt(node, 'metadata', 'labels')) &&
    selects(textIn(target, 'annotationSelector'), childAt(node, 'metadata', 'annotations'))
  )
}

/** The first and the last: as written, and as it is now. */
function ends(values: readonly string[]): (string | undefined)[] {
  return [values[0], values.at(-1)]
}

function isOne(pattern: string | undefined, values: readonly (string | undefined)[]): boolean {
  return (
    pattern === undefined ||
    pattern === '' ||
    values.some(value => anchored(pattern)?.test(value ?? '') === true)
  )
}

function anchored(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`)
  } catch {
    return undefined
  }
}

/** A label selector: `a=b, c!=d, e in (f, g), h, !i`. */
export function selects(selector: string | undefined, labels: Traced | undefined): boolean {
  if (selector === undefined || selector.trim() === '') return true
  const valueAt = (key: string): string | undefined => {
    const found = childAt(labels, key)
    return found?.kind === 'scalar' ? String(found.value) : undefined
  }
  const requirements = selector.match(/(?:[^,(]|\([^)]*\))+/g) ?? []
  return requirements.every(requirement => {
    const text = requirement.trim()
    const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text)
    if (set !== null) {
      const values = (set[3] ?? '').split(',').map(value => value.trim())
      const found = valueAt(set[1] ?? '')
      return set[2] === 'in'
        ? found !== undefined && values.includes(found)
        : found === undefined || !values.includes(found)
    }
    const pair = /^([^!=\s]+)\s*(==|=|!=)\s*(.*)$/.exec(text)
    if (pair !== null) return (valueAt(pair[1] ?? '') === pair[3]) !== (pair[2] === '!=')
    return text.startsWith('!') ? valueAt(text.slice(1).trim()) === undefined : valueAt(text) !== undefined
  })
}

/** A patch without target names its object; its namespace counts as written, none is the default one. */
export function isNamed({ node, names, namespaces }: TracedObject, patch: TracedMap): boolean {
  const namespace = textIn(patch, 'metadata', 'namespace') ?? ''
  return (
    textIn(patch, 'kind') === textIn(node, 'kind') &&
    textIn(patch, 'apiVersion') === textIn(node, 'apiVersion') &&
    names.includes(textIn(patch, 'metadata', 'name') ?? '') &&
    namespaces.some(known => (known || 'default') === (namespace || 'default'))
  )
}
