import { posix } from 'node:path'
import {
  childAt,
  itemsIn,
  placingIn,
  textIn,
  traceYaml,
  untraced,
  type Traced,
  type TracedMap,
} from '../../manifest/traced.ts'
import { kustomizationIn } from '../generate.ts'
import { resolvePath } from '../tree-path.ts'
import type { TraceFiles } from './trace-files.ts'

/** A kustomization on the way from an object's file to what is built. */
export interface Level {
  directory: string
  /** the kustomization file's path */
  file: string
  node: TracedMap
  /** files and directories under `resources` (and `bases`), resolved */
  resources: readonly (string | Level)[]
  components: readonly Level[]
  /** configurations under `transformers`, each as a level that has nothing but its fields; 'unknown': not followed */
  plugins: readonly (Level | 'unknown')[]
}

/** How an object goes up: each level with the way it came in, the deepest first. */
export interface Step {
  level: Level
  /** index of the component it came from; undefined: a resource or generator of the level itself */
  component?: number
}

/** A way up per inclusion: a base that two overlays use has two. */
export type Chain = readonly Step[]

// A tree that includes one base in more ways than this is not traced.
const MAX_CHAINS = 64
const MAX_DEPTH = 30

/**
 * Reads the kustomization of a directory and all that it includes.
 * @param node the root's fields, as they are built
 */
export async function readLevel(
  files: TraceFiles,
  directory: string,
  file: string,
  node: TracedMap,
  depth = 0,
): Promise<Level> {
  const resources: (string | Level)[] = []
  const components: Level[] = []
  for (const item of [...itemsIn(node, 'resources'), ...itemsIn(node, 'bases')]) {
    const target = item.kind === 'scalar' ? resolvePath(directory, String(item.value)) : undefined
    if (target === undefined) continue
    if (files.has(target)) resources.push(target)
    else {
      const below = await levelIn(files, target, depth)
      if (below !== undefined) resources.push(below)
    }
  }
  for (const item of itemsIn(node, 'components')) {
    const target = item.kind === 'scalar' ? resolvePath(directory, String(item.value)) : undefined
    const below = target === undefined ? undefined : await levelIn(files, target, depth)
    if (below !== undefined) components.push(below)
  }
  const level = { directory, file, node, resources, components }
  return { ...level, plugins: await pluginsOf({ ...level, plugins: [] }, files) }
}

/** Built-in plugins under `transformers`, as the fields of a kustomization that do the same. */
async function pluginsOf(level: Level, files: TraceFiles): Promise<(Level | 'unknown')[]> {
  const plugins: (Level | 'unknown')[] = []
  for (const item of itemsIn(level.node, 'transformers')) {
    const text = item.kind === 'scalar' ? String(item.value) : ''
    const file = fileOf(level, text)
    const documents = files.has(file)
      ? await files.documents(file, 'transformer')
      : item.kind === 'scalar'
        ? traceYaml(text, { file: level.file, mechanism: 'transformer' }, placingIn(item))
        : []
    if (documents.length === 0) plugins.push('unknown')
    for (const document of documents) {
      const node = pluginFields(document)
      plugins.push(node === undefined ? 'unknown' : { ...level, node, resources: [], components: [] })
    }
  }
  return plugins
}

const PLUGINS: Readonly<Record<string, (plugin: Traced) => TracedMap | undefined>> = {
  PatchTransformer: plugin => withField('patches', listOf(plugin)),
  LabelTransformer: plugin => withField('labels', listOf(pairs(plugin, 'labels'))),
  AnnotationsTransformer: plugin => withField('labels', listOf(pairs(plugin, 'annotations'))),
  ReplicaCountTransformer: plugin => withField('replicas', listOf(childAt(plugin, 'replica'))),
  ReplacementTransformer: plugin => withField('replacements', childAt(plugin, 'replacements')),
  PrefixTransformer: plugin => nameField(plugin, 'namePrefix', 'prefix'),
  SuffixTransformer: plugin => nameField(plugin, 'nameSuffix', 'suffix'),
}

function pluginFields(plugin: Traced): TracedMap | undefined {
  const kind = textIn(plugin, 'kind') ?? ''
  return Object.hasOwn(PLUGINS, kind) ? PLUGINS[kind]?.(plugin) : undefined
}

function withField(name: string, node: Traced | undefined): TracedMap | undefined {
  return node === undefined
    ? undefined
    : { kind: 'map', entries: new Map([[name, { key: node.spot, node }]]) }
}

function listOf(node: Traced | undefined): Traced | undefined {
  return node === undefined ? undefined : { kind: 'list', items: [node] }
}

/** With fieldSpecs of its own the plugin changes more than names. */
function nameField(plugin: Traced, field: string, own: string): TracedMap | undefined {
  return childAt(plugin, 'fieldSpecs') === undefined ? withField(field, childAt(plugin, own)) : undefined
}

/** Labels or annotations of a plugin, which go where its fieldSpecs say and nowhere else. */
function pairs(plugin: Traced, name: string): Traced {
  const specs = childAt(plugin, 'fieldSpecs')
  const node: Traced = childAt(plugin, name) ?? { kind: 'map', entries: new Map() }
  return {
    kind: 'map',
    entries: new Map([
      ['pairs', { key: node.spot, node }],
      ...(specs === undefined ? [] : [['fields', { key: specs.spot, node: specs }] as const]),
      ['onlyFields', { key: undefined, node: untraced(true) }],
    ]),
  }
}

async function levelIn(files: TraceFiles, directory: string, depth: number): Promise<Level | undefined> {
  const file = kustomizationIn(files.artifact, directory)
  if (file === undefined || depth > MAX_DEPTH) return undefined
  const [node] = await files.documents(file, 'transformer')
  return node?.kind === 'map' ? await readLevel(files, directory, file, node, depth + 1) : undefined
}

/**
 * Every way from a file up to the root.
 * @param file the file that holds an object, or, `generated`, the kustomization whose generator made it
 */
export function chainsTo(root: Level, file: string, generated: boolean): Chain[] {
  const chains: Chain[] = []
  const walk = (level: Level, above: Chain): void => {
    if (chains.length >= MAX_CHAINS) return
    const own = generated
      ? level.file === file
        ? 1
        : 0
      : level.resources.filter(found => found === file).length
    for (let index = 0; index < own; index++) chains.push([{ level }, ...above])
    for (const resource of level.resources)
      if (typeof resource !== 'string') walk(resource, [{ level }, ...above])
    for (const [component, below] of level.components.entries()) walk(below, [{ level, component }, ...above])
  }
  walk(root, [])
  return chains
}

export function isComponent({ node }: Level): boolean {
  return textIn(node, 'kind') === 'Component'
}

/** The path of a file that a level names. */
export function fileOf({ directory }: Level, path: string): string {
  return resolvePath(directory, path) ?? posix.join(directory, path)
}
