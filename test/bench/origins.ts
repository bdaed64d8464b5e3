/**
 * How well the origins of fields are known: `node test/bench/origins.ts --repo DIR [--ref REF] [--sample N] [--seed N]`.
 *
 * Every scalar of every object that the Kustomizations of a tree apply is asked for. `exact`: the text at the place that is
 * told gives the value; `object`: only the object's line is known; `wrong`: see below.
 *
 * What is exact is then put to the proof, on a sample, by what kustomize and Flux really do, not by how origins are found:
 * the text at the place is changed in the source, the tree is rendered again, and the field must have changed. A place
 * that does not move its field is wrong. Where the change breaks the build (a name that patches look for) nothing is
 * proven, and the count says so.
 */
import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { openRepository } from '../../src/adapters/git.ts'
import { openToolbox } from '../../src/adapters/toolbox.ts'
import { decisionsOf } from '../../src/decisions.ts'
import { Locator, type Origin } from '../../src/locate.ts'
import { canonicalJson, isObject, valueAt, type Json } from '../../src/manifest/json.ts'
import type { RenderedKustomization, RenderedObject } from '../../src/manifest/rendered.ts'
import { identify, resourceLabel } from '../../src/manifest/resource.ts'
import { readSource } from '../../src/manifest/source-file.ts'
import { buildKustomization } from '../../src/render/build.ts'
import { finishKustomization } from '../../src/render/kustomization.ts'
import { contentId, type Tree } from '../../src/manifest/tree.ts'
import { renderTree } from '../../src/render-tree.ts'
import { validateTree } from '../../src/validate-tree.ts'
import { RenderCache } from '../../src/render/render-cache.ts'
import type { KustomizeBuild } from '../../src/render/tools.ts'

const { values: args } = parseArgs({
  options: {
    repo: { type: 'string', default: '.' },
    ref: { type: 'string', default: 'HEAD' },
    sample: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    unknown: { type: 'string', default: '0' },
  },
})

type Path = (string | number)[]
interface Asked {
  unit: RenderedKustomization
  object: RenderedObject
  path: Path
  value: Json
  origin: Origin | undefined
}

await using repository = await openRepository(args.repo, { env: process.env })
const tree = await repository.tree(args.ref)
const config = await decisionsOf(tree, {})
const toolbox = await openToolbox({
  env: process.env,
  cwd: process.cwd(),
  platform: process.platform,
  offline: true,
  chartHosts: config.chartHosts,
  progress: () => undefined,
})
const { kustomize, charts, isNamespaced } = toolbox.tools
const cache = new RenderCache()
// what a change leaves as it is, is not built again
const builds = new Map<string, ReturnType<KustomizeBuild['build']>>()
const remembering: KustomizeBuild = {
  version: kustomize.version,
  build: async request => {
    const hash = createHash('sha1').update(request.directory)
    for (const [path, bytes] of [...request.files].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      hash.update(`${path}\0`).update(bytes)
    const key = hash.digest('hex')
    const known = builds.get(key) ?? kustomize.build(request)
    builds.set(key, known)
    return await known
  },
}
const render = async (of: Tree) =>
  await renderTree(
    { tree: of, config, entries: [] },
    { kustomize: remembering, charts, cache, isNamespaced, progress: () => undefined },
  )

const renderStarted = performance.now()
const rendered = await render(tree)
const renderSeconds = (performance.now() - renderStarted) / 1000
const locator = new Locator(tree, rendered, cache)
const asked: Asked[] = []
const traceStarted = performance.now()
for (const unit of rendered.kustomizations)
  for (const object of unit.objects)
    for (const { path, value } of scalarsOf(object.manifest))
      asked.push({ unit, object, path, value, origin: await locator.origin(unit, object, path) })
const traceSeconds = (performance.now() - traceStarted) / 1000

const failed = rendered.kustomizations.filter(unit => unit.status === 'failed')
console.log(
  `${args.repo} ${args.ref}: ${rendered.kustomizations.length} Kustomizations (${failed.length} failed), ${asked.length} scalars`,
)
for (const unit of failed.slice(0, 5)) console.log(`  failed ${unit.name}: ${unit.error?.message}`)
const exact = asked.filter(({ origin }) => origin?.exact === true)
const share = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`
console.log(
  `exact ${exact.length} (${share(exact.length, asked.length)}), object's line ${asked.length - exact.length}`,
)
const mechanisms = new Map<string, number>()
for (const { origin } of exact)
  mechanisms.set(origin?.mechanism ?? '', (mechanisms.get(origin?.mechanism ?? '') ?? 0) + 1)
for (const [mechanism, count] of [...mechanisms].toSorted(([, a], [, b]) => b - a))
  console.log(`  ${mechanism.padEnd(12)} ${count}`)
console.log(`rendering ${renderSeconds.toFixed(2)} s, all origins ${traceSeconds.toFixed(2)} s`)
for (const { unit, object, path } of asked
  .filter(({ origin }) => origin?.exact !== true)
  .slice(0, Number(args.unknown)))
  console.log(
    `  unknown: ${unit.name}: ${resourceLabel(object.resource)} ${path.join('.')} (${object.origin?.file})`,
  )

// ---- what a review pays for it ----

const validateStarted = performance.now()
const { findings } = await validateTree(tree, rendered, config, {
  ...toolbox.tools,
  today: '2026-01-01',
  progress: () => undefined,
})
const validateSeconds = (performance.now() - validateStarted) / 1000
const lazy = new Locator(tree, rendered, cache)
const findingsStarted = performance.now()
for (const { cluster, resource, field } of findings) {
  const found = resource === undefined || field === undefined ? undefined : lazy.applied(cluster, resource)
  if (found !== undefined && field !== undefined) await lazy.origin(found.unit, found.object, field)
}
const findingsSeconds = (performance.now() - findingsStarted) / 1000
console.log(
  `validating ${validateSeconds.toFixed(2)} s; of that the origins of ${findings.length} findings ${findingsSeconds.toFixed(2)} s: ` +
    `a review takes ${((renderSeconds + validateSeconds) / (renderSeconds + validateSeconds - findingsSeconds)).toFixed(3)} times as long with them`,
)

// ---- the proof ----

const perMechanism = new Map<string, Map<string, number>>()
const random = seeded(Number(args.seed))
const outcomes: string[] = []
for (const mechanism of mechanisms.keys()) {
  const pool = exact.filter(({ origin }) => origin?.mechanism === mechanism)
  const sample = Array.from(
    { length: Math.min(Number(args.sample), pool.length) },
    () => pool.splice(Math.floor(random() * pool.length), 1)[0],
  )
  const counts = new Map<string, number>()
  for (const one of sample) {
    if (one === undefined) continue
    const outcome = await prove(one)
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    if (outcome === 'wrong' || outcome === 'more' || outcome === 'no text')
      outcomes.push(
        `  ${outcome}: ${mechanism} ${one.unit.name}: ${resourceLabel(one.object.resource)} ${one.path.join('.')} = ${JSON.stringify(one.value).slice(0, 60)} at ${one.origin?.file}:${one.origin?.line}:${one.origin?.column}`,
      )
  }
  perMechanism.set(mechanism, counts)
}
console.log('proof by changing the source and rendering again:')
for (const [mechanism, counts] of perMechanism)
  console.log(
    `  ${mechanism.padEnd(12)} ${[...counts].map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`,
  )
for (const line of outcomes) console.log(line)

/**
 * proven: the field changed, and nothing changed that is told to come from elsewhere. more: it changed, with fields whose
 * origins are told elsewhere. wrong: it did not change. breaks: the changed tree does not render. constant: nothing to
 * change (an apiVersion that a generator makes).
 */
async function prove({ unit, object, path, origin }: Asked): Promise<string> {
  const at = origin?.value
  if (origin === undefined || at === undefined) return 'no text'
  const bytes = await tree.read(at.file)
  const text = new TextDecoder().decode(bytes)
  const changed = mutated(text, at.line, at.column ?? 1)
  if (changed === undefined) return 'constant'
  if (origin.mechanism === 'generator' && (path.at(-1) === 'apiVersion' || path.at(-1) === 'kind'))
    return 'constant'
  const objects = await renderUnit(unit, withFile(tree, at.file, changed))
  if (objects === undefined) return 'breaks'
  const index = unit.objects.indexOf(object)
  const same = objects.length === unit.objects.length ? objects[index] : undefined
  if (same === undefined) return 'breaks'
  const before = valueAt(object.manifest, ...path)
  const after = valueAt(same.manifest, ...path)
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return 'wrong'
  // what an object is decides what else is done to it
  if (['apiVersion', 'kind'].includes(String(path[0]))) return 'proven'
  for (const { path: otherPath, value } of scalarsOf(object.manifest)) {
    // a generated name ends in a hash of all the rest
    if (origin.mechanism === 'generator' && otherPath.join('.') === 'metadata.name') continue
    if (canonicalJson(valueAt(same.manifest, ...otherPath) ?? null) === canonicalJson(value)) continue
    const elsewhere = await locator.origin(unit, object, otherPath)
    if (elsewhere?.exact === true && (elsewhere.value?.file !== at.file || elsewhere.value.line !== at.line))
      return 'more'
  }
  return 'proven'
}

/**
 * Renders one Kustomization again, and before it those above it, whose objects decide what it is; undefined where one fails.
 * Variables stay as they are: what is changed is the text that holds them.
 */
async function renderUnit(
  unit: Pick<RenderedKustomization, 'cluster' | 'namespace' | 'name' | 'path'>,
  of: Tree,
): Promise<readonly RenderedObject[] | undefined> {
  const sources = rendered.sources.get(unit.cluster)
  const source = sources?.units.get(`${unit.namespace}/${unit.name}`)
  if (sources === undefined || source === undefined) return undefined
  const artifact = { ...sources.artifact, files: await of.files() }
  let { manifest } = source
  if (source.parent !== undefined) {
    const parent = rendered.kustomizations.find(
      ({ cluster, namespace, name }) => cluster === unit.cluster && `${namespace}/${name}` === source.parent,
    )
    const index = parent?.objects.findIndex(
      ({ resource }) =>
        resource.kind === 'Kustomization' &&
        resource.namespace === unit.namespace &&
        resource.name === unit.name,
    )
    manifest = parent === undefined ? undefined : (await renderUnit(parent, of))?.[index ?? -1]?.manifest
  } else if (manifest !== undefined && source.place !== undefined) {
    const { name } = identify(manifest)
    const written = readSource(source.place.file, await of.read(source.place.file)).documents.find(
      ({ resource }) => resource?.kind === 'Kustomization' && resource.name === name,
    )
    if (
      isObject(written?.value) &&
      canonicalJson(valueAt(written.value, 'spec') ?? null) !==
        canonicalJson(await writtenSpec(source.place.file, name))
    )
      manifest = written.value
  }
  if (source.manifest !== undefined && manifest === undefined) return undefined
  const built = await buildKustomization({
    tree: of,
    artifact,
    kustomize: remembering,
    cache,
    unit: manifest === undefined ? { directory: unit.path } : { manifest },
  })
  if (!built.ok) return undefined
  const finished = finishKustomization(manifest ?? {}, built.objects, source)
  return finished.ok ? finished.objects : undefined
}

async function writtenSpec(file: string, name: string): Promise<Json> {
  const document = readSource(file, await tree.read(file)).documents.find(
    ({ resource }) => resource?.kind === 'Kustomization' && resource.name === name,
  )
  return (document && valueAt(document.value, 'spec')) ?? null
}

/** The text with the scalar that begins at a place changed; undefined where no scalar that can be changed begins there. */
function mutated(text: string, line: number, column: number): string | undefined {
  const lines = text.split('\n')
  const here = lines[line - 1]
  if (here === undefined) return undefined
  const rest = here.slice(column - 1)
  const put = (what: string, length: number) => {
    lines[line - 1] = here.slice(0, column - 1) + what + here.slice(column - 1 + length)
    return lines.join('\n')
  }
  const word = /^(true|false)(?=[\s,}\]]|$)/.exec(rest)?.[1]
  if (word !== undefined) return put(word === 'true' ? 'false' : 'true', word.length)
  const number = /^[0-9]+(?=[\s,}\]]|$)/.exec(rest)?.[0]
  if (number !== undefined) return put(String(Number(number) + 1), number.length)
  if (/^["']/.test(rest)) {
    const quote = rest[0] ?? ''
    return put(`${quote}x`, 1)
  }
  if (/^[|>]/.test(rest)) {
    const next = lines.findIndex((candidate, index) => index >= line && candidate.trim() !== '')
    const content = lines[next]
    if (content === undefined) return undefined
    lines[next] = `${content.replace(/\s+$/, '')}x`
    return lines.join('\n')
  }
  if (rest === '' || /^[\s#&*!{[]/.test(rest))
    return rest.startsWith('{}') || rest.startsWith('[]')
      ? undefined
      : column === 1 && line === 1
        ? `${text}\n# x\n`
        : undefined
  return put(`x${rest[0] ?? ''}`, 1)
}

function withFile(of: Tree, path: string, text: string): Tree {
  const content = new TextEncoder().encode(text)
  return {
    name: of.name,
    files: async () => new Map(await of.files()).set(path, contentId(content)),
    read: async file => (file === path ? content : await of.read(file)),
    unread: async () => await of.unread(),
  }
}

function scalarsOf(value: Json, path: Path = []): { path: Path; value: Json }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => scalarsOf(item, [...path, index]))
  if (isObject(value))
    return Object.entries(value).flatMap(([key, child]) => scalarsOf(child, [...path, key]))
  return [{ path, value }]
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
