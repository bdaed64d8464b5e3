import type { Tree, UnreadKind } from '../manifest/tree.ts'
import { parsePattern, type IgnorePattern } from './ignore-pattern.ts'

/** What source-controller would put into the artifact of a source: the only files that a Kustomization can see. */
export interface Artifact {
  /** the directory of the tree that is the artifact's root: '' but for artifacts that are made of a part of a repository */
  readonly root: string
  /** path → id of its content */
  readonly files: ReadonlyMap<string, string>
  /** directory ('' is the root) → its entries, names in Go's order; a directory without files is not in git */
  readonly directories: ReadonlyMap<string, readonly Entry[]>
  /** links and submodules of the tree: path → what it is */
  readonly unread: ReadonlyMap<string, UnreadKind>
  /** paths of the tree that ignore patterns leave out */
  readonly ignored: ReadonlySet<string>
}

export interface Entry {
  name: string
  directory: boolean
}

// fluxcd/pkg sourceignore v0.18.0, sourceignore.go.
const VCS = ['.git/', '.gitignore', '.gitmodules', '.gitattributes']
const DEFAULTS = (
  '*.jpg,*.jpeg,*.gif,*.png,*.wmv,*.flv,*.tar.gz,*.zip,' +
  '.github/,.circleci/,.travis.yml,.gitlab-ci.yml,appveyor.yml,.drone.yml,cloudbuild.yaml,' +
  'codeship-services.yml,codeship-steps.yml,' +
  '**/.goreleaser.yml,**/.sops.yaml,**/.flux.yaml'
).split(',')
const IGNORE_FILE = '.sourceignore'

/**
 * The files of a tree as source-controller archives them.
 * @param ignore `spec.ignore` of the source, patterns as in .gitignore
 * @param root the directory that was packed (`flux push artifact --path`), '' for the whole tree
 * @param like that of a tree with the same patterns and mostly the same paths: what it knows is not worked out again
 *
 * The default patterns hold only where no pattern is given at all: source-controller replaces the matcher as soon as a
 * .sourceignore file or spec.ignore has one (fluxcd/pkg artifact/storage/archive.go, SourceIgnoreFilter).
 */
export async function artifactOf(tree: Tree, ignore?: string, root = '', like?: Artifact): Promise<Artifact> {
  const every = await tree.files()
  if (like !== undefined && root === '' && like.root === '') {
    const same = await artifactWithPathsOf(tree, like)
    if (same !== undefined) return same
  }
  const all = root === '' ? every : new Map([...every].filter(([path]) => path.startsWith(`${root}/`)))
  const own = [
    ...(await ignoreFiles(tree, all.keys())),
    ...readPatterns(ignore ?? '', root === '' ? [] : root.split('/')),
  ]
  const domain = root === '' ? [] : root.split('/')
  const fixed = [...VCS, ...(own.length === 0 ? DEFAULTS : [])].map(line => parsePattern(line, domain))
  const patterns = [...fixed, ...own].toReversed()
  const files = new Map<string, string>()
  const ignored = new Set<string>()
  const concerned = concernedBy(patterns)
  for (const [path, id] of all) {
    if (!concerned(path)) files.set(path, id)
    else if (
      like?.files.has(path) !== true &&
      (like?.ignored.has(path) === true || isIgnored(path, patterns))
    )
      ignored.add(path)
    else files.set(path, id)
  }
  const samePaths = like?.files.size === files.size && [...files.keys()].every(path => like.files.has(path))
  return {
    root,
    files,
    directories: samePaths ? like.directories : listDirectories(files.keys()),
    unread: await tree.unread(),
    ignored,
  }
}

/** The artifact of a tree with the paths and the patterns of another; undefined where the paths differ. */
async function artifactWithPathsOf(tree: Tree, like: Artifact): Promise<Artifact | undefined> {
  const every = await tree.files()
  if (like.files.size + like.ignored.size !== every.size) return undefined
  const files = new Map(like.files)
  for (const [path, id] of every) {
    const known = files.get(path)
    if (known === undefined && !like.ignored.has(path)) return undefined
    if (known !== undefined && known !== id) files.set(path, id)
  }
  return { ...like, files, unread: await tree.unread() }
}

/** An artifact without any ignore rule: what kustomize sees in a checkout. */
export async function wholeTree(tree: Tree): Promise<Artifact> {
  const files = await tree.files()
  return {
    root: '',
    files,
    directories: listDirectories(files.keys()),
    unread: await tree.unread(),
    ignored: new Set(),
  }
}

/**
 * The last pattern that says anything about a path decides, also below an excluded directory (gitignore/matcher.go).
 * @param patterns last one first
 */
function isIgnored(path: string, patterns: readonly IgnorePattern[]): boolean {
  const segments = path.split('/')
  const decisive = patterns.find(pattern => pattern.matches(segments))
  return decisive !== undefined && !decisive.inclusion
}

/** Tells the paths that no pattern concerns by their names alone: nearly all of them, and names are few. */
function concernedBy(patterns: readonly IgnorePattern[]): (path: string) => boolean {
  const names = new Map<string, boolean>()
  const directories = new Map<string, boolean>([['', false]])
  const isNamed = (name: string): boolean => {
    const known = names.get(name)
    if (known !== undefined) return known
    const found = patterns.some(pattern => pattern.needs(name))
    names.set(name, found)
    return found
  }
  const hasNamed = (directory: string): boolean => {
    const before = directories.get(directory)
    if (before !== undefined) return before
    const slash = directory.lastIndexOf('/')
    const found = isNamed(directory.slice(slash + 1)) || (slash !== -1 && hasNamed(directory.slice(0, slash)))
    directories.set(directory, found)
    return found
  }
  // git lists the files of a directory one after another
  let last = ''
  let lastHasNamed = false
  return path => {
    const slash = path.lastIndexOf('/')
    if (slash > 0 && (slash !== last.length || !path.startsWith(last))) {
      last = path.slice(0, slash)
      lastHasNamed = hasNamed(last)
    }
    return (slash > 0 && lastHasNamed) || isNamed(path.slice(slash + 1))
  }
}

/** The patterns of every .sourceignore file, in the order of LoadIgnorePatterns: a directory before its children. */
async function ignoreFiles(tree: Tree, paths: Iterable<string>): Promise<IgnorePattern[]> {
  const found = [...paths].filter(path => path === IGNORE_FILE || path.endsWith(`/${IGNORE_FILE}`))
  const domains = found.map(path => path.split('/').slice(0, -1)).toSorted(parentsFirst)
  const patterns: IgnorePattern[] = []
  for (const domain of domains) {
    const bytes = await tree.read([...domain, IGNORE_FILE].join('/'))
    patterns.push(...readPatterns(new TextDecoder().decode(bytes), domain))
  }
  return patterns
}

function parentsFirst(a: readonly string[], b: readonly string[]): number {
  for (const [index, name] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    if (name !== other) return name < other ? -1 : 1
  }
  return a.length - b.length
}

function readPatterns(text: string, domain: readonly string[]): IgnorePattern[] {
  return text
    .split('\n')
    .map(line => line.replace(/\r$/, ''))
    .filter(line => !line.startsWith('#') && line.trim() !== '')
    .map(line => parsePattern(line, domain))
}

function listDirectories(paths: Iterable<string>): Map<string, Entry[]> {
  const entries = new Map<string, Map<string, boolean>>([['', new Map()]])
  for (const path of paths) {
    let child = path
    let directory = false
    for (;;) {
      const slash = child.lastIndexOf('/')
      const parent = slash === -1 ? '' : child.slice(0, slash)
      const known = entries.get(parent)
      const siblings = known ?? new Map<string, boolean>()
      siblings.set(child.slice(slash + 1), directory)
      // a parent that is listed has its own parents listed, too
      if (known !== undefined) break
      entries.set(parent, siblings)
      child = parent
      directory = true
    }
  }
  return new Map(
    [...entries].map(([path, names]) => [
      path,
      [...names]
        .map(([name, directory]) => ({ name, directory }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ]),
  )
}
