// What a call costs (cel-go 0.26, interpreter/runtimecost.go; k8s.io/apiserver 0.35, pkg/cel/library/cost.go): the API server
// refuses an object whose rules cost more than these.
import { Cidr, Ip } from './library/addresses.ts'
import { NamedFormat } from './library/named-formats.ts'
import { lengthOf } from './library/text.ts'
import { List, Mapping, Opaque, Optional, type Value } from './values.ts'

/** One evaluation of one expression (k8s.io/apiserver 0.35, pkg/apis/cel/config.go, PerCallLimit). */
export const COST_PER_CALL = 1_000_000
/** All rules of one object (RuntimeCELCostBudget). */
export const COST_PER_OBJECT = 10_000_000

export const LIST_COST = 10
export const MAP_COST = 30
const TRAVERSAL = 0.1
const REGEX = 0.25

function sizeOf(value: Value | undefined): number {
  if (typeof value === 'string') return lengthOf(value)
  if (value instanceof List || value instanceof Mapping) return value.size
  if (value instanceof Uint8Array) return value.length
  if (value instanceof Optional) return sizeOf(value.value)
  if (value instanceof Cidr) return Math.ceil(value.prefix / 8)
  if (value instanceof Ip) return value.bits / 8
  return 1
}

function traversal(size: number): number {
  return Math.ceil(size * TRAVERSAL)
}

function wholeTraversal(value: Value): number {
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * TRAVERSAL)
  if (value instanceof Uint8Array) return Math.floor(value.length * TRAVERSAL)
  if (value instanceof List)
    return value.items().reduce<number>((cost, item) => cost + wholeTraversal(item), 0)
  if (value instanceof Mapping)
    return value
      .keys()
      .reduce<number>((cost, key) => cost + wholeTraversal(key) + wholeTraversal(value.find(key) ?? null), 0)
  return 1
}

function regexCost(text: Value | undefined, patternSize: number): number {
  return Math.ceil((1 + sizeOf(text)) * TRAVERSAL) * Math.ceil(patternSize * REGEX)
}

/** @param args the values of the call, the target of a method first */
export function costOf(name: string, args: readonly Value[], result: Value): number {
  const [first = null, second = null] = args
  switch (name) {
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
      return wholeTraversal(first)
    case 'url':
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
    case 'semver':
    case 'isSemver':
    case 'startsWith':
    case 'endsWith':
    case 'strings.quote':
    case 'format':
      return traversal(sizeOf(first))
    case 'ip':
      return first instanceof Cidr ? 1 : traversal(sizeOf(first))
    case 'string':
      return first instanceof Uint8Array ? traversal(first.length) : 1
    case 'bytes':
      return traversal(sizeOf(first))
    case 'replace':
    case 'split':
    case 'ip.isCanonical':
      return Math.ceil(sizeOf(first) * 2 * TRAVERSAL)
    case 'join':
      return Math.ceil(sizeOf(result) * 2 * TRAVERSAL)
    case 'find':
    case 'findAll':
    case 'matches':
      return regexCost(first, sizeOf(second))
    case 'validate':
      return first instanceof NamedFormat ? regexCost(second, first.size) : 1
    case 'contains':
      return traversal(sizeOf(first)) * traversal(sizeOf(second))
    case 'containsIP':
      return (
        Math.ceil(2 * sizeOf(first) * TRAVERSAL) +
        (typeof second === 'string' ? traversal(sizeOf(second)) : 0)
      )
    case 'containsCIDR':
      return (
        Math.ceil(2 * sizeOf(first) * TRAVERSAL) +
        traversal(sizeOf(first)) +
        1 +
        (typeof second === 'string' ? traversal(sizeOf(second)) : 0)
      )
    case 'sets.contains':
    case 'sets.intersects':
      return sizeOf(first) * sizeOf(second) + 1
    case 'sets.equivalent':
      return 2 * sizeOf(first) * sizeOf(second) + 1
    case 'reverse':
    case 'slice':
    case 'flatten':
    case 'lists.range':
      return LIST_COST + sizeOf(result) + 1
    case 'sort':
    case 'distinct':
      return 2 * LIST_COST + sizeOf(first) ** 2
    case '@in':
      return second instanceof List ? second.size : 1
    case '_==_':
      return first instanceof Opaque ? 1 : traversal(Math.min(sizeOf(first), sizeOf(second)))
    case '_!=_':
      return traversal(Math.min(sizeOf(first), sizeOf(second)))
    case '_<_':
    case '_<=_':
    case '_>_':
    case '_>=_':
      return isText(first) && isText(second) ? traversal(Math.min(sizeOf(first), sizeOf(second))) : 1
    case '_+_':
      return isText(first) && isText(second) ? traversal(sizeOf(first) + sizeOf(second)) : 1
    default:
      return 1
  }
}

function isText(value: Value): boolean {
  return typeof value === 'string' || value instanceof Uint8Array
}
