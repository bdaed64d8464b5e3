import { isObject, type Json } from '../manifest/json.ts'
import type { Manifest, Resource } from '../manifest/resource.ts'

/** What an object is made of, as hashes of its leaves and of the lines of its texts; enough to estimate how alike two are. */
export interface Sketch {
  resource: Resource
  unit: string
  content: ReadonlySet<number>
}

// Objects with more leaves keep the smallest hashes (bottom-k): sets of samples estimate the same ratio.
const SAMPLES = 512
// Leaves that many objects share ('apiVersion') do not make two of them candidates.
const COMMON = 24

export function sketch(manifest: Manifest, resource: Resource, unit: string): Sketch {
  const hashes = new Set<number>()
  visit('', manifest)
  const content =
    hashes.size <= SAMPLES ? hashes : new Set([...hashes].toSorted((a, b) => a - b).slice(0, SAMPLES))
  return { resource, unit, content }

  function visit(path: string, value: Json): void {
    if (Array.isArray(value)) for (const item of value) visit(`${path}[]`, item)
    else if (isObject(value)) {
      for (const [field, inner] of Object.entries(value)) {
        const where = `${path}.${field}`
        if (
          where !== '.metadata.name' &&
          where !== '.metadata.namespace' &&
          where !== '.apiVersion' &&
          where !== '.kind'
        )
          visit(where, inner)
      }
    } else if (typeof value === 'string' && value.includes('\n'))
      for (const line of value.split('\n')) hashes.add(hash(`${path}=${line.trim()}`))
    else hashes.add(hash(`${path}=${String(value)}`))
  }
}

/**
 * Pairs objects that left with objects that came, best first.
 * Only pairs that share a rare leaf, or the unit and the first word of the name, are looked at: n objects cost about n comparisons.
 * @param least the likeness, 0 to 1, below which two objects are strangers
 */
export function pairAlike(
  gone: readonly Sketch[],
  come: readonly Sketch[],
  least: number,
): { gone: number; come: number }[] {
  const holders = new Map<string | number, number[]>()
  gone.forEach((object, index) => {
    for (const mark of marks(object)) {
      const list = holders.get(mark)
      if (list === undefined) holders.set(mark, [index])
      else if (list.length <= COMMON) list.push(index)
    }
  })
  const pairs: { gone: number; come: number; score: number }[] = []
  come.forEach((object, index) => {
    const candidates = new Set<number>()
    for (const mark of marks(object)) {
      const list = holders.get(mark)
      if (list !== undefined && list.length <= COMMON) for (const candidate of list) candidates.add(candidate)
    }
    for (const candidate of candidates) {
      const other = gone[candidate]
      if (other === undefined) continue
      const score = likeness(other, object)
      if (score >= least) pairs.push({ gone: candidate, come: index, score })
    }
  })
  // ties in the order of the trees, so that equal input gives equal output
  pairs.sort((a, b) => b.score - a.score || a.gone - b.gone || a.come - b.come)
  const takenGone = new Set<number>()
  const takenCome = new Set<number>()
  return pairs.filter(pair => {
    if (takenGone.has(pair.gone) || takenCome.has(pair.come)) return false
    takenGone.add(pair.gone)
    takenCome.add(pair.come)
    return true
  })
}

/** Mostly what they hold (Jaccard), a little what they are called and where they stand; 0 for objects that hold next to nothing. */
export function likeness(a: Sketch, b: Sketch): number {
  const shared = [...a.content].filter(hashed => b.content.has(hashed)).length
  if (shared < 2) return 0
  const content = shared / (a.content.size + b.content.size - shared)
  const wordsA = new Set(a.resource.name.split(/[-.]/))
  const wordsB = new Set(b.resource.name.split(/[-.]/))
  const sharedWords = [...wordsA].filter(word => wordsB.has(word)).length
  const name = sharedWords / (wordsA.size + wordsB.size - sharedWords)
  const place = a.resource.namespace === b.resource.namespace ? 1 : 0
  return 0.7 * content + 0.2 * name + 0.1 * place
}

function* marks(object: Sketch): Iterable<string | number> {
  yield* object.content
  yield `${object.unit} ${object.resource.name.split(/[-.]/, 1)[0] ?? ''}`
  yield `${object.resource.namespace}/${object.resource.name}`
}

/** FNV-1a, 32 bit: no secret hangs on it, collisions only blur an estimate. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0
  return value
}
