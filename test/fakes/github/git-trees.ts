import type { GitRepository } from './git-repository.ts'

/** A file laid over a tree; no content: it is taken away. */
export interface LaidFile {
  path: string
  mode: string
  sha: string | undefined
}

export interface TreeEntry {
  mode: string
  name: string
  sha: string
}

export const DIRECTORY = '40000'

/** The entries of a tree, in git's order. */
export function entriesOf(git: GitRepository, tree: string): TreeEntry[] {
  const { content } = git.read(tree)
  const entries: TreeEntry[] = []
  for (let at = 0; at < content.length;) {
    const end = content.indexOf(0, at)
    const [mode = '', name = ''] = content.subarray(at, end).toString('utf8').split(/ (.*)/s)
    entries.push({ mode, name, sha: content.subarray(end + 1, end + 21).toString('hex') })
    at = end + 21
  }
  return entries
}

/** Every file of a tree: path → entry. */
export function filesOf(git: GitRepository, tree: string, prefix = ''): Map<string, TreeEntry> {
  return new Map(
    entriesOf(git, tree).flatMap((entry): [string, TreeEntry][] =>
      entry.mode === DIRECTORY
        ? [...filesOf(git, entry.sha, `${prefix}${entry.name}/`)]
        : [[`${prefix}${entry.name}`, entry]],
    ),
  )
}

/** Lays files over a tree. @returns the new tree; undefined where nothing is left in it */
export function layOver(
  git: GitRepository,
  tree: string | undefined,
  files: readonly LaidFile[],
): string | undefined {
  const entries = new Map((tree === undefined ? [] : entriesOf(git, tree)).map(entry => [entry.name, entry]))
  for (const [name, inside] of Map.groupBy(files, ({ path }) => path.split('/')[0] ?? '')) {
    const file = inside.find(({ path }) => path === name)
    const below = inside
      .filter(({ path }) => path !== name)
      .map(one => ({ ...one, path: one.path.slice(name.length + 1) }))
    const known = entries.get(name)
    const sha =
      file === undefined ? layOver(git, known?.mode === DIRECTORY ? known.sha : undefined, below) : file.sha
    if (sha === undefined) entries.delete(name)
    else entries.set(name, { name, mode: (file?.mode ?? DIRECTORY).replace(/^0+/, ''), sha })
  }
  return entries.size === 0 ? undefined : git.write('tree', treeContent([...entries.values()]))
}

/** Git orders directories as if their names ended in a slash. */
function treeContent(entries: readonly TreeEntry[]): Buffer {
  const key = ({ name, mode }: TreeEntry): string => (mode === DIRECTORY ? `${name}/` : name)
  const sorted = entries.toSorted((a, b) => Buffer.compare(Buffer.from(key(a)), Buffer.from(key(b))))
  return Buffer.concat(
    sorted.flatMap(({ mode, name, sha }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(sha, 'hex')]),
  )
}
