import { isAlias, isMap, isNode, isPair, isScalar, isSeq, type Document, type Node, type YAMLMap } from 'yaml'

/** Lines and columns count from 1. `exact`: the field itself, not an ancestor. */
export interface Located {
  line: number
  column: number
  exact: boolean
}

type Step = { text: string; bracket: boolean }

/** spec.tablespaces[0].name, metadata.annotations[foo.io/bar], data["tls.crt"] */
export function fieldSteps(fieldPath: string): Step[] {
  const steps: Step[] = []
  for (const match of fieldPath.matchAll(/\[(?:"([^"]*)"|'([^']*)'|([^\]]*))\]|([^.[\]]+)/g)) {
    const bracketed = match[1] ?? match[2] ?? match[3]
    if (bracketed !== undefined) steps.push({ text: bracketed, bracket: true })
    else if (match[4] !== undefined) steps.push({ text: match[4], bracket: false })
  }
  return steps
}

/** Finds a field in a document; see SourceDocument.locate. */
export function locateIn(
  document: Document.Parsed,
  fieldPath: string,
  place: (offset: number) => { line: number; column: number },
): Located {
  const steps = fieldSteps(fieldPath)
  let here: unknown = document.contents
  let found = startOf(here)
  let at = 0
  while (at < steps.length) {
    const next = descend(document, here, steps, at)
    if (next === undefined) return { ...place(found), exact: false }
    found = next.offset
    here = next.value
    at += next.taken
  }
  return { ...place(found), exact: true }
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}

interface Below {
  offset: number
  value: unknown
  /** how many steps of the path led here */
  taken: number
}

function descend(
  document: Document.Parsed,
  node: unknown,
  steps: readonly Step[],
  at: number,
): Below | undefined {
  const target = isAlias(node) ? node.resolve(document) : node
  const step = steps[at]
  if (step === undefined) return undefined
  if (isSeq(target)) {
    const item: unknown = /^[0-9]+$/.test(step.text) ? target.items[Number(step.text)] : undefined
    if (item === undefined) return undefined
    // of a map in a list, the first key; of `- {}` or a scalar, itself
    const first: unknown = isMap(item) && item.flow !== true ? item.items[0]?.key : undefined
    return { offset: startOf(first ?? item), value: item, taken: 1 }
  }
  if (!isMap(target)) return undefined
  // a key may hold dots: data.tls.crt
  let key = ''
  for (let taken = 1; at + taken <= steps.length; taken++) {
    const part = steps[at + taken - 1]
    if (part === undefined || (part.bracket && taken > 1)) break
    key = taken === 1 ? part.text : `${key}.${part.text}`
    const below = entry(document, target, key, new Set())
    if (below !== undefined) return { ...below, taken }
    if (part.bracket) break
  }
  return undefined
}

/** A key of a map, or of what is merged into it. */
function entry(
  document: Document.Parsed,
  map: YAMLMap,
  key: string,
  seen: Set<Node>,
): { offset: number; value: unknown } | undefined {
  if (seen.has(map)) return undefined
  seen.add(map)
  const merged: unknown[] = []
  for (const pair of map.items) {
    if (!isPair(pair) || !isScalar(pair.key)) continue
    const name = typeof pair.key.value === 'string' ? pair.key.value : pair.key.source
    if (name === key) return { offset: startOf(pair.key), value: pair.value }
    if (name === '<<') merged.push(...(isSeq(pair.value) ? pair.value.items : [pair.value]))
  }
  for (const item of merged) {
    const target = isAlias(item) ? item.resolve(document) : item
    const found = isMap(target) ? entry(document, target, key, seen) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
