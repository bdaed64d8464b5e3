import {
  childAt,
  entriesIn,
  itemsIn,
  textIn,
  untraced,
  type Spot,
  type Traced,
  type TracedMap,
} from '../../manifest/traced.ts'
import { fileOf, type Level } from './level.ts'
import type { TraceFiles } from './trace-files.ts'

export type GeneratorField = 'configMapGenerator' | 'secretGenerator'

/** One item of configMapGenerator or secretGenerator. */
export interface Generator {
  field: GeneratorField
  name: string
  behavior: string
  node: Traced
}

export function generatorsOf({ node }: Level): Generator[] {
  return (['configMapGenerator', 'secretGenerator'] as const).flatMap(field =>
    itemsIn(node, field).map(item => ({
      field,
      name: textIn(item, 'name') ?? '',
      behavior: textIn(item, 'behavior') ?? 'create',
      node: item,
    })),
  )
}

/** The object that a generator makes (kustomize api v0.21 generators/configmap.go, secret.go), before names are changed. */
export async function generatedObject(
  { field, name, node }: Generator,
  level: Level,
  files: TraceFiles,
): Promise<TracedMap> {
  const item = node.kind === 'map' ? firstKey(node) : node.spot
  const asked: Spot | undefined = item === undefined ? undefined : { ...item, mechanism: 'generator' }
  const entries: TracedMap['entries'] = new Map()
  set(entries, 'apiVersion', untraced('v1', asked))
  set(entries, 'kind', untraced(field === 'secretGenerator' ? 'Secret' : 'ConfigMap', asked))
  const metadata: TracedMap['entries'] = new Map()
  set(metadata, 'name', generated(childAt(node, 'name')) ?? untraced(name, asked))
  set(metadata, 'namespace', generated(childAt(node, 'namespace')))
  for (const kind of ['labels', 'annotations']) {
    const merged: TracedMap['entries'] = new Map()
    for (const [key, entry] of [
      ...entriesIn(level.node, 'generatorOptions', kind),
      ...entriesIn(node, 'options', kind),
    ])
      merged.set(key, { key: entry.key, node: generated(entry.node) ?? entry.node })
    if (merged.size > 0) metadata.set(kind, { key: undefined, node: { kind: 'map', entries: merged } })
  }
  set(entries, 'metadata', { kind: 'map', entries: metadata, spot: asked })
  set(
    entries,
    'immutable',
    childAt(node, 'options', 'immutable') ?? childAt(level.node, 'generatorOptions', 'immutable'),
  )
  if (field === 'secretGenerator')
    set(entries, 'type', generated(childAt(node, 'type')) ?? untraced('Opaque', asked))
  const data: TracedMap['entries'] = new Map()
  for (const [key, child] of await dataOf(node, level, files)) set(data, key, child)
  if (data.size > 0) entries.set('data', { key: asked, node: { kind: 'map', entries: data, spot: asked } })
  return { kind: 'map', entries, spot: asked }
}

function set(into: TracedMap['entries'], key: string, child: Traced | undefined): void {
  if (child !== undefined) into.set(key, { key: child.spot, node: child })
}

/** env files, then files, then literals, as kv.Loader goes through them. */
async function dataOf(node: Traced, level: Level, files: TraceFiles): Promise<[string, Traced][]> {
  const data: [string, Traced][] = []
  const envs = [
    ...itemsIn(node, 'envs'),
    ...(childAt(node, 'env') === undefined ? [] : [childAt(node, 'env')]),
  ]
  for (const env of envs) {
    if (env?.kind !== 'scalar') continue
    const path = fileOf(level, String(env.value))
    for (const [index, line] of ((await files.text(path)) ?? '').split('\n').entries()) {
      const text = line.replace(/^\uFEFF/, '').trimStart()
      const at = text.indexOf('=')
      if (text === '' || text.startsWith('#') || at === -1) continue
      const spot: Spot = {
        file: path,
        line: index + 1,
        column: line.indexOf('=') + 2,
        mechanism: 'generator',
      }
      data.push([text.slice(0, at), { kind: 'scalar', value: text.slice(at + 1).replace(/\r$/, ''), spot }])
    }
  }
  for (const file of itemsIn(node, 'files')) {
    if (file.kind !== 'scalar') continue
    const [first = '', second] = String(file.value).split('=')
    const path = fileOf(level, second ?? first)
    const text = await files.text(path)
    if (text === undefined) continue
    const key = second === undefined ? (first.split('/').at(-1) ?? '') : first
    const spot: Spot = { file: path, line: 1, column: 1, mechanism: 'generator' }
    data.push([key, { kind: 'scalar', value: text, spot, block: { line: 1, column: 1 } }])
  }
  for (const literal of itemsIn(node, 'literals')) {
    if (literal.kind !== 'scalar' || typeof literal.value !== 'string') continue
    const at = literal.value.indexOf('=')
    if (at === -1) continue
    // generators/utils, kv.go: quotes around a value are taken off
    const value = literal.value.slice(at + 1).replace(/^(["'])([\s\S]*)\1$/, '$2')
    data.push([literal.value.slice(0, at), { ...literal, value, spot: generatorSpot(literal.spot) }])
  }
  return data
}

function generated(node: Traced | undefined): Traced | undefined {
  return node?.kind === 'scalar' ? { ...node, spot: generatorSpot(node.spot) } : node
}

function generatorSpot(spot: Spot | undefined): Spot | undefined {
  return spot === undefined ? undefined : { ...spot, mechanism: 'generator' }
}

function firstKey(node: TracedMap): Spot | undefined {
  return [...node.entries.values()][0]?.key ?? node.spot
}
