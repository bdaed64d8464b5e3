import { realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { nearName } from '../manifest/near-name.ts'
import type { Tree, UnreadKind } from '../manifest/tree.ts'
import { execute, ToolError } from './exec.ts'
import { FilesOnDisk } from './files-on-disk.ts'
import { GitObjects } from './git-objects.ts'
import { splitAtNul, treePath } from './tree-paths.ts'

/** A local git repository, only ever read: no checkout, no network, nothing that its configuration could start. */
export interface Repository extends AsyncDisposable {
  /** absolute; of a bare repository, where git keeps it */
  readonly root: string
  /** a clone without its whole history, as actions/checkout makes it by default */
  readonly isShallow: boolean
  readonly isBare: boolean
  /** The files of a commit, read from git's objects. @throws GitProblem 'unknown-ref' */
  tree(ref: string): Promise<Tree>
  /** What is on disk: tracked files and new ones that are not ignored. @throws GitProblem 'no-work-tree' */
  workTree(): Promise<Tree>
  /** The full id of a commit; a branch that is only on the remote is found, too. @throws GitProblem 'unknown-ref' */
  resolve(ref: string): Promise<string>
  /** `undefined`: none, or a shallow clone that does not reach it (`isShallow`) */
  mergeBase(a: string, b: string): Promise<string | undefined>
  /** A ref that `resolve` takes: 'origin/main'; `undefined` where nothing says which branch it is. */
  defaultBranch(): Promise<string | undefined>
  /** The branch that is checked out; `undefined`: a detached HEAD. */
  branch(): Promise<string | undefined>
}

export type GitReason = 'no-git' | 'not-a-repository' | 'unknown-ref' | 'no-work-tree'

/** Why git cannot answer, for the person who asked: `message` is one sentence, `repair` what to do. */
export class GitProblem extends Error {
  readonly reason: GitReason
  readonly repair: string
  constructor(reason: GitReason, message: string, repair: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'GitProblem'
    this.reason = reason
    this.repair = repair
  }
}

export interface GitOptions {
  /** PATH is taken from it, nothing else */
  env: Readonly<Record<string, string | undefined>>
  /** the program, 'git' */
  git?: string
  /** `directory` must be the root of the repository itself, not something below it */
  exact?: boolean
}

// What a repository's own configuration can start or reach, switched off; the container of an action runs as another user
// than the owner of the work tree, and what safe.directory guards against is exactly what is off here.
const SETTINGS = [
  'safe.directory=*',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.hooksPath=/dev/null',
  'protocol.allow=never',
  'credential.helper=',
].flatMap(setting => ['-c', setting])

/**
 * Opens the repository that holds `directory`.
 * @throws GitProblem 'no-git', 'not-a-repository'; ToolError where git fails otherwise
 */
export async function openRepository(directory: string, options: GitOptions): Promise<Repository> {
  const git = options.git ?? 'git'
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new GitProblem(
      'not-a-repository',
      `${directory} is no directory`,
      'Name one that exists: --repo DIR.',
    )
  const env = {
    PATH: options.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    // a partial clone would fetch what is missing, with the programs that its configuration names
    GIT_NO_LAZY_FETCH: '1',
  }
  const facts = await execute(
    git,
    [
      ...SETTINGS,
      'rev-parse',
      '--is-bare-repository',
      '--is-shallow-repository',
      '--show-object-format',
      '--absolute-git-dir',
      '--show-cdup',
    ],
    { cwd: directory, env, timeoutMs: 30_000, maxOutput: 1024 * 1024 },
  ).catch((cause: unknown) => {
    throw new GitProblem('no-git', `${git} cannot be run`, 'Install git, or put it into PATH.', { cause })
  })
  if (facts.code !== 0) {
    if (!/not a git repository/i.test(facts.stderr))
      throw new ToolError(git, ['rev-parse'], facts.code, facts.stderr)
    throw new GitProblem(
      'not-a-repository',
      `${directory} is no git repository`,
      'Start it inside the repository, or name one with --repo DIR.',
    )
  }
  const [bare, shallow, format = 'sha1', gitDirectory = '', up = ''] = facts.stdout
    .toString('utf8')
    .split('\n')
  const isBare = bare === 'true'
  const root = isBare ? gitDirectory : path.resolve(realpathSync(directory), up)
  if (options.exact && root !== realpathSync(directory))
    throw new GitProblem(
      'not-a-repository',
      `${directory} is a directory of the repository ${root}, no repository itself`,
      `Name the root: --repo ${root}`,
    )
  return new LocalRepository({ git, env, root, isBare, isShallow: shallow === 'true', format })
}

interface Facts {
  git: string
  env: Record<string, string>
  root: string
  isBare: boolean
  isShallow: boolean
  /** 'sha1', or 'sha256' */
  format: string
}

/** What a commit holds. */
interface Listing {
  commit: string
  files: Map<string, string>
  unread: Map<string, UnreadKind>
}

function put({ files, unread }: Listing, name: Uint8Array, mode: string, id: string): void {
  const { path: file, usable } = treePath(name)
  if (!usable) unread.set(file, 'unusable name')
  else if (mode === '120000') unread.set(file, 'symbolic link')
  else if (mode === '160000') unread.set(file, 'submodule')
  else files.set(file, id)
}

class LocalRepository implements Repository {
  readonly root: string
  readonly isBare: boolean
  readonly isShallow: boolean
  readonly #facts: Facts
  readonly #objects: GitObjects
  /** the first commit whose files were listed */
  #listed: Listing | undefined
  /** full ids of commits that were asked for in this run */
  readonly #commits = new Set<string>()

  constructor(facts: Facts) {
    this.root = facts.root
    this.isBare = facts.isBare
    this.isShallow = facts.isShallow
    this.#facts = facts
    this.#objects = new GitObjects(facts.git, SETTINGS, { cwd: facts.root, env: facts.env })
  }

  async tree(ref: string): Promise<Tree> {
    const commit = await this.resolve(ref)
    const listing = await (this.#listed === undefined
      ? this.#list(commit)
      : this.#listLike(this.#listed, commit))
    this.#listed ??= listing
    const { files, unread } = listing
    return treeOf(commit.slice(0, 7), files, unread, async (_file, id) => await this.#objects.read(id))
  }

  async #list(commit: string): Promise<Listing> {
    const listing: Listing = { commit, files: new Map(), unread: new Map() }
    for (const line of splitAtNul(await this.#run('ls-tree', '-r', '-z', '--full-tree', commit))) {
      // '<mode> <type> <id>\t<path>'; the id is read for itself: a part of a text would keep all of it
      const tab = line.indexOf(9)
      const mode = line.toString('latin1', 0, line.indexOf(32))
      const id = line.toString('latin1', line.lastIndexOf(32, tab) + 1, tab)
      put(listing, line.subarray(tab + 1), mode, id)
    }
    return listing
  }

  /** The files of a commit by how they differ from those of another: most of the paths are the same, and are held once. */
  async #listLike(known: Listing, commit: string): Promise<Listing> {
    const listing: Listing = { commit, files: new Map(known.files), unread: new Map(known.unread) }
    if (commit === known.commit) return listing
    const differing = await this.#run(
      'diff-tree',
      '-r',
      '-z',
      '--raw',
      '--no-renames',
      '--no-ext-diff',
      '--no-textconv',
      '--ignore-submodules=none',
      '--no-abbrev',
      '--full-index',
      known.commit,
      commit,
    )
    // ':<mode> <mode> <id> <id> <status>' and the path
    const fields = splitAtNul(differing)
    for (const head of fields) {
      const name = fields.next().value
      if (name === undefined) break
      const [, mode = '', , id = ''] = Buffer.from(head).toString('latin1').split(' ')
      const { path: file } = treePath(name)
      listing.files.delete(file)
      listing.unread.delete(file)
      if (mode !== '000000') put(listing, name, mode, id)
    }
    return listing
  }

  async workTree(): Promise<Tree> {
    if (this.isBare)
      throw new GitProblem(
        'no-work-tree',
        `${this.root} is a bare repository: it has no work tree`,
        'Name the commit to look at: --head REF, or --ref REF.',
      )
    const disk = new FilesOnDisk(this.root, this.#facts.format)
    const [tracked, others] = await Promise.all([
      this.#run('ls-files', '-z', '--cached', '-s', '-t'),
      this.#run('ls-files', '-z', '--others', '--exclude-standard'),
    ])
    const files = new Map<string, string>()
    const unread = new Map<string, UnreadKind>()
    const sparse = new Set<string>()
    for (const { file, usable, tag, mode, id } of indexEntries(tracked)) {
      if (!usable) unread.set(file, 'unusable name')
      else if (mode === '160000') unread.set(file, 'submodule')
      else if (tag === 'S' && mode !== '120000' && disk.look(file) === 'nothing') {
        // a sparse checkout leaves files out that every commit keeps: they are no deletions
        sparse.add(file)
        files.set(file, id)
      } else addFromDisk(file, disk, files, unread)
    }
    for (const line of splitAtNul(others)) {
      const { path: file, usable } = treePath(line)
      if (usable) addFromDisk(file, disk, files, unread)
      // a repository inside this one is listed as 'directory/'
      else unread.set(file.replace(/\/$/, ''), file.endsWith('/') ? 'submodule' : 'unusable name')
    }
    return treeOf('work tree', files, unread, async (file, id) =>
      sparse.has(file) ? await this.#objects.read(id) : await disk.read(file),
    )
  }

  async resolve(ref: string): Promise<string> {
    // in a clone that checked out a pull request the base branch is only on the remote
    for (const candidate of [ref, `refs/remotes/origin/${ref}`]) {
      const id = await this.#commit(candidate)
      if (id !== undefined) return id
    }
    const names = (await this.#run('for-each-ref', '--format=%(refname:short)')).toString('utf8').split('\n')
    const near = nearName(ref, names)
    throw new GitProblem(
      'unknown-ref',
      `${ref} is no commit of this repository${near === undefined ? '' : `; did you mean ${near}?`}`,
      this.isShallow
        ? 'This clone is shallow: fetch the commit, or give actions/checkout `fetch-depth: 0`.'
        : `Fetch it first: git fetch origin ${ref}`,
    )
  }

  async mergeBase(a: string, b: string): Promise<string | undefined> {
    return await this.#line('merge-base', await this.resolve(a), await this.resolve(b))
  }

  async defaultBranch(): Promise<string | undefined> {
    const remote = await this.#line('symbolic-ref', '--quiet', '--short', 'refs/remotes/origin/HEAD')
    const configured = await this.#line('config', '--get', 'init.defaultBranch')
    const names = [configured, 'main', 'master'].filter(name => name !== undefined)
    for (const ref of [remote, ...names.flatMap(name => [`origin/${name}`, name])])
      if (ref !== undefined && (await this.#commit(ref)) !== undefined) return ref
    return undefined
  }

  async branch(): Promise<string | undefined> {
    return await this.#line('symbolic-ref', '--quiet', '--short', 'HEAD')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#objects[Symbol.asyncDispose]()
  }

  async #commit(ref: string): Promise<string | undefined> {
    if (this.#commits.has(ref)) return ref
    const commit = await this.#line('rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`)
    if (commit !== undefined) this.#commits.add(commit)
    return commit
  }

  async #execute(args: string[]) {
    const { git, env, root } = this.#facts
    return await execute(git, [...SETTINGS, ...args], {
      cwd: root,
      env,
      timeoutMs: 120_000,
      maxOutput: 512 * 1024 * 1024,
    })
  }

  async #run(...args: string[]): Promise<Buffer> {
    const { code, stdout, stderr, stopped } = await this.#execute(args)
    if (code !== 0) throw new ToolError(this.#facts.git, args, code, stopped ?? stderr)
    return stdout
  }

  /** The one line that git prints; `undefined` where it says no. */
  async #line(...args: string[]): Promise<string | undefined> {
    const { code, stdout } = await this.#execute(args)
    const [line = ''] = stdout.toString('utf8').split('\n')
    return code === 0 && line !== '' ? line : undefined
  }
}

/** Reads `git ls-files -z -s -t`: '<tag> <mode> <id> <stage>\t<path>'; a path in conflict is given once. */
function* indexEntries(output: Buffer) {
  let last: string | undefined
  for (const line of splitAtNul(output)) {
    const tab = line.indexOf(9)
    const [tag = '', mode = '', id = ''] = Buffer.from(line.subarray(0, tab)).toString('latin1').split(' ')
    const { path: file, usable } = treePath(line.subarray(tab + 1))
    if (file !== last) yield { file, usable, tag, mode, id }
    last = file
  }
}

/** Adds what stands on disk at a path; a deleted file, or one behind a link, is not added. */
function addFromDisk(
  file: string,
  disk: FilesOnDisk,
  files: Map<string, string>,
  unread: Map<string, UnreadKind>,
): void {
  const kind = disk.look(file)
  if (kind === 'symbolic link' || kind === 'no permission') unread.set(file, kind)
  if (kind !== 'file') return
  const id = disk.id(file)
  if (id === undefined) unread.set(file, 'no permission')
  else files.set(file, id)
}

function treeOf(
  name: string,
  files: ReadonlyMap<string, string>,
  unread: ReadonlyMap<string, UnreadKind>,
  read: (file: string, id: string) => Promise<Uint8Array>,
): Tree {
  return {
    name,
    files: async () => files,
    unread: async () => unread,
    read: async file => {
      const id = files.get(file)
      if (id === undefined) throw new Error(`no file ${file} in ${name}`)
      return await read(file, id)
    },
  }
}
