import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync, existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { GitProblem, openRepository, type GitOptions } from '../../src/adapters/git.ts'
import { changedFiles, contentId } from '../../src/manifest/tree.ts'
import { treeContract } from '../contracts/tree.ts'
import { temporaryDirectory, temporaryRepository } from '../temporary.ts'

const options: GitOptions = { env: { PATH: process.env.PATH } }
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')
const problem = async (promise: Promise<unknown>): Promise<GitProblem> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof GitProblem) return error
  throw new Error('no GitProblem', { cause: error })
}

treeContract('a commit', async files => {
  const directory = temporaryRepository(files)
  directory.commit()
  const repository = await openRepository(directory.path, options)
  return {
    tree: await repository.tree('HEAD'),
    [Symbol.asyncDispose]: async () => {
      await repository[Symbol.asyncDispose]()
      directory[Symbol.dispose]()
    },
  }
})

treeContract('a work tree', async files => {
  const directory = temporaryRepository(files)
  const repository = await openRepository(directory.path, options)
  return {
    tree: await repository.workTree(),
    [Symbol.asyncDispose]: async () => {
      await repository[Symbol.asyncDispose]()
      directory[Symbol.dispose]()
    },
  }
})

describe('the tree of a commit', () => {
  it('leaves out links and submodules, keeps LFS pointers, and does not look at the work tree', async () => {
    using sub = temporaryRepository({ 'x.yaml': '' })
    sub.commit()
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n'
    using directory = temporaryRepository({
      'a.yaml': 'a: 1\n',
      'large.bin': pointer,
      '.gitattributes': '*.bin filter=lfs\n*.yaml text eol=crlf\n',
    })
    symlinkSync('/etc/passwd', path.join(directory.path, 'link.yaml'))
    execFileSync(
      'git',
      ['-c', 'protocol.file.allow=always', 'submodule', 'add', '--quiet', sub.path, 'sub'],
      {
        cwd: directory.path,
        stdio: 'ignore',
      },
    )
    directory.commit()
    directory.write({ 'a.yaml': 'a: 2\n' })
    await using repository = await openRepository(directory.path, options)
    const tree = await repository.tree('HEAD')
    expect([...(await tree.files()).keys()]).toEqual(['.gitattributes', '.gitmodules', 'a.yaml', 'large.bin'])
    expect(Object.fromEntries(await tree.unread())).toEqual({
      'link.yaml': 'symbolic link',
      sub: 'submodule',
    })
    expect(text(await tree.read('a.yaml'))).toBe('a: 1\n')
    expect(text(await tree.read('large.bin'))).toBe(pointer)
    expect(tree.name).toBe(directory.git('rev-parse', 'HEAD').slice(0, 7))
  })

  it('reports names that are not UTF-8 and names that would lead out of a directory', async () => {
    using directory = temporaryRepository({ 'a.yaml': 'a: 1\n' })
    const blob = directory.git('hash-object', '-w', 'a.yaml')
    const entry = (name: Buffer | string) =>
      Buffer.concat([Buffer.from('100644 '), Buffer.from(name), Buffer.of(0), Buffer.from(blob, 'hex')])
    const tree = Buffer.concat([entry('..'), entry('a.yaml'), entry(Buffer.of(0x62, 0xe4))])
    const id = execFileSync('git', ['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], {
      cwd: directory.path,
      input: tree,
      encoding: 'utf8',
    }).trim()
    const commit = directory.git('commit-tree', id, '-m', 'crafted')
    await using repository = await openRepository(directory.path, options)
    const crafted = await repository.tree(commit)
    expect([...(await crafted.files()).keys()]).toEqual(['a.yaml'])
    expect(Object.fromEntries(await crafted.unread())).toEqual({
      '..': 'unusable name',
      'b\u{fffd}': 'unusable name',
    })
  })

  it('is read from a bare repository, which has no work tree', async () => {
    using directory = temporaryRepository({ 'a.yaml': 'a: 1\n' })
    directory.commit()
    using bare = temporaryDirectory()
    execFileSync('git', ['clone', '--quiet', '--bare', directory.path, bare.path])
    await using repository = await openRepository(bare.path, options)
    expect(repository.isBare).toBe(true)
    expect(text(await (await repository.tree('main')).read('a.yaml'))).toBe('a: 1\n')
    expect((await problem(repository.workTree())).repair).toContain('--head REF')
  })

  it('is read from a repository with sha256 ids', async () => {
    using directory = temporaryRepository({ 'a.yaml': 'a: 1\n' }, ['--object-format=sha256'])
    directory.commit()
    await using repository = await openRepository(directory.path, options)
    const [commit, work] = [await repository.tree('HEAD'), await repository.workTree()]
    expect(text(await commit.read('a.yaml'))).toBe('a: 1\n')
    expect([...changedFiles(await commit.files(), await work.files())]).toEqual([])
  })

  it('outlives a failed read', async () => {
    using directory = temporaryRepository({ 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' })
    directory.commit()
    await using repository = await openRepository(directory.path, options)
    const tree = await repository.tree('HEAD')
    const id = (await tree.files()).get('a.yaml') ?? ''
    rmSync(path.join(directory.path, '.git/objects', id.slice(0, 2), id.slice(2)))
    await expect(tree.read('a.yaml')).rejects.toThrow(`${id} is missing`)
    expect(text(await tree.read('b.yaml'))).toBe('b: 1\n')
  })
})

describe('the work tree', () => {
  it('is what a commit of everything would hold: new files in, deleted and ignored ones out', async () => {
    using directory = temporaryRepository({
      'kept.yaml': 'a: 1\n',
      'edited.yaml': 'a: 1\n',
      'deleted.yaml': 'a: 1\n',
      'staged-then-deleted.yaml': 'a: 1\n',
      '.gitignore': 'ignored/\n*.swp\n',
    })
    directory.commit()
    directory.write({ 'edited.yaml': 'a: 2\n', 'new/new.yaml': 'n: 1\n', 'ignored/x.yaml': '', 'a.swp': '' })
    rmSync(path.join(directory.path, 'deleted.yaml'))
    directory.git('rm', '--quiet', 'staged-then-deleted.yaml')
    await using repository = await openRepository(path.join(directory.path, 'new'), options)
    expect(repository.root).toBe(directory.path)
    const [base, head] = [await repository.tree('HEAD'), await repository.workTree()]
    expect([...(await head.files()).keys()].toSorted()).toEqual([
      '.gitignore',
      'edited.yaml',
      'kept.yaml',
      'new/new.yaml',
    ])
    expect((await head.files()).get('edited.yaml')).toBe(contentId(Buffer.from('a: 2\n')))
    expect(text(await head.read('edited.yaml'))).toBe('a: 2\n')
    expect(Object.fromEntries(changedFiles(await base.files(), await head.files()))).toEqual({
      'edited.yaml': 'changed',
      'new/new.yaml': 'added',
      'deleted.yaml': 'removed',
      'staged-then-deleted.yaml': 'removed',
    })
  })

  it('follows no link, neither a file nor a directory that became one', async () => {
    using outside = temporaryDirectory({ 'a.yaml': 'password: hunter2\n' })
    using directory = temporaryRepository({ 'dir/a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' })
    directory.commit()
    rmSync(path.join(directory.path, 'dir'), { recursive: true })
    symlinkSync(outside.path, path.join(directory.path, 'dir'))
    rmSync(path.join(directory.path, 'b.yaml'))
    symlinkSync(path.join(outside.path, 'a.yaml'), path.join(directory.path, 'b.yaml'))
    await using repository = await openRepository(directory.path, options)
    const tree = await repository.workTree()
    expect([...(await tree.files()).keys()]).toEqual([])
    expect(Object.fromEntries(await tree.unread())).toEqual({
      dir: 'symbolic link',
      'b.yaml': 'symbolic link',
    })
    await expect(tree.read('dir/a.yaml')).rejects.toThrow('no file')
  })

  it('has one entry for a file in conflict, and takes a repository inside it as a submodule', async () => {
    using directory = temporaryRepository({ 'a.yaml': 'a: 1\n' })
    directory.commit()
    directory.git('checkout', '--quiet', '-b', 'other')
    directory.write({ 'a.yaml': 'a: 2\n' })
    directory.commit()
    directory.git('checkout', '--quiet', 'main')
    directory.write({ 'a.yaml': 'a: 3\n' })
    directory.commit()
    expect(() => directory.git('merge', '--quiet', 'other')).toThrow('Command failed')
    execFileSync('git', ['init', '--quiet', path.join(directory.path, 'inner')])
    directory.write({ 'inner/x.yaml': '' })
    await using repository = await openRepository(directory.path, options)
    const tree = await repository.workTree()
    expect([...(await tree.files()).keys()]).toEqual(['a.yaml'])
    expect(text(await tree.read('a.yaml'))).toContain('<<<<<<<')
    expect(Object.fromEntries(await tree.unread())).toEqual({ inner: 'submodule' })
  })

  it('does not take what a sparse checkout left out for deleted', async () => {
    using directory = temporaryRepository({ 'in/a.yaml': 'a: 1\n', 'out/b.yaml': 'b: 1\n' })
    directory.commit()
    directory.git('sparse-checkout', 'set', 'in')
    expect(existsSync(path.join(directory.path, 'out/b.yaml'))).toBe(false)
    await using repository = await openRepository(directory.path, options)
    const tree = await repository.workTree()
    expect(text(await tree.read('out/b.yaml'))).toBe('b: 1\n')
    expect([...changedFiles(await (await repository.tree('HEAD')).files(), await tree.files())]).toEqual([])
  })

  it('exists before the first commit', async () => {
    using directory = temporaryRepository({ 'a.yaml': 'a: 1\n' })
    await using repository = await openRepository(directory.path, options)
    expect([...(await (await repository.workTree()).files()).keys()]).toEqual(['a.yaml'])
    expect((await problem(repository.tree('HEAD'))).reason).toBe('unknown-ref')
    expect(await repository.defaultBranch()).toBeUndefined()
  })

  it('starts nothing that the configuration of the repository names', async () => {
    using directory = temporaryRepository({
      'a.yaml': 'a: 1\n',
      '.gitattributes': '* filter=evil diff=evil\n',
    })
    directory.commit()
    const witness = path.join(directory.path, '.git/witness')
    const script = path.join(directory.path, '.git/evil.sh')
    writeFileSync(script, `#!/bin/sh\necho "$0 $*" >> ${witness}\ncat\n`)
    chmodSync(script, 0o755)
    for (const key of ['core.fsmonitor', 'filter.evil.clean', 'filter.evil.smudge', 'diff.evil.textconv'])
      directory.git('config', key, script)
    for (const key of [
      'core.pager',
      'core.sshCommand',
      'diff.external',
      'credential.helper',
      'alias.ls-files',
    ])
      directory.git('config', key, script)
    const hooks = path.join(directory.path, '.git/hooks')
    mkdirSync(hooks, { recursive: true })
    for (const hook of [
      'post-index-change',
      'post-checkout',
      'reference-transaction',
      'fsmonitor-watchman',
    ]) {
      writeFileSync(path.join(hooks, hook), `#!/bin/sh\necho ${hook} >> ${witness}\n`)
      chmodSync(path.join(hooks, hook), 0o755)
    }
    directory.write({ 'a.yaml': 'a: 2\n', 'b.yaml': 'b: 1\n' })
    await using repository = await openRepository(directory.path, options)
    const [base, head] = [await repository.tree('HEAD'), await repository.workTree()]
    await Promise.all([base.read('a.yaml'), head.read('a.yaml')])
    await repository.mergeBase('HEAD', 'main')
    await repository.defaultBranch()
    expect(existsSync(witness)).toBe(false)
    // the trap itself works
    directory.git('status')
    expect(existsSync(witness)).toBe(true)
  })

  it('is not led astray by GIT_ variables of the machine', async () => {
    using directory = temporaryRepository({ 'a.yaml': 'a: 1\n' })
    using other = temporaryRepository({ 'other.yaml': '' })
    const env = { PATH: process.env.PATH, GIT_DIR: path.join(other.path, '.git'), GIT_WORK_TREE: other.path }
    await using repository = await openRepository(directory.path, { env })
    expect([...(await (await repository.workTree()).files()).keys()]).toEqual(['a.yaml'])
  })
})

/** main moved on after feature/storage left it */
const history = () => {
  const directory = temporaryRepository({ 'a.yaml': 'a: 1\n' })
  const base = directory.commit('base')
  directory.git('checkout', '--quiet', '-b', 'feature/storage')
  directory.write({ 'b.yaml': 'b: 1\n' })
  const feature = directory.commit('feature')
  directory.git('checkout', '--quiet', 'main')
  directory.write({ 'c.yaml': 'c: 1\n' })
  directory.git('tag', 'v1.0.0')
  return { directory, base, feature, main: directory.commit('main moves on') }
}

describe('refs', () => {
  it('finds commits, the merge-base, the branch and the default branch', async () => {
    const { directory, base, feature, main } = history()
    using _ = directory
    await using repository = await openRepository(directory.path, { ...options, exact: true })
    expect(await repository.resolve('feature/storage')).toBe(feature)
    expect(await repository.resolve(main.slice(0, 8))).toBe(main)
    expect(await repository.resolve('v1.0.0')).toBe(base)
    expect(await repository.mergeBase('main', 'feature/storage')).toBe(base)
    expect(await repository.defaultBranch()).toBe('main')
    expect(await repository.branch()).toBe('main')
    expect(repository.isShallow).toBe(false)
    directory.git('checkout', '--quiet', '--detach')
    expect(await repository.branch()).toBeUndefined()
  })

  it('prefers what the remote calls its default branch, and finds branches that are only there', async () => {
    const { directory, main, feature } = history()
    using _ = directory
    using clone = temporaryDirectory()
    execFileSync('git', ['clone', '--quiet', directory.path, clone.path])
    await using repository = await openRepository(clone.path, options)
    expect(await repository.defaultBranch()).toBe('origin/main')
    expect(await repository.resolve('origin/main')).toBe(main)
    expect(await repository.resolve('feature/storage')).toBe(feature)
  })

  it.each(['--help', '--upload-pack=x', '', 'HEAD:a.yaml', '@{u}', 'main\n'])('refuses %j', async ref => {
    const { directory } = history()
    using _ = directory
    await using repository = await openRepository(directory.path, options)
    expect((await problem(repository.resolve(ref))).reason).toBe('unknown-ref')
  })

  it('proposes the name that was meant', async () => {
    const { directory } = history()
    using _ = directory
    await using repository = await openRepository(directory.path, options)
    expect((await problem(repository.resolve('feature/storgae'))).message).toBe(
      'feature/storgae is no commit of this repository; did you mean feature/storage?',
    )
    expect((await problem(repository.tree('release'))).repair).toBe(
      'Fetch it first: git fetch origin release',
    )
  })

  it('has no merge-base in a shallow clone, and says how to get the commit', async () => {
    const { directory } = history()
    using _ = directory
    using clone = temporaryDirectory()
    const url = `file://${directory.path}`
    execFileSync('git', ['clone', '--quiet', '--depth=1', '--no-single-branch', url, clone.path])
    await using repository = await openRepository(clone.path, options)
    expect(repository.isShallow).toBe(true)
    expect(await repository.mergeBase('main', 'feature/storage')).toBeUndefined()
    expect((await problem(repository.resolve('main~1'))).repair).toContain('fetch-depth: 0')
  })

  it('has no merge-base for histories without a common commit', async () => {
    const { directory } = history()
    using _ = directory
    directory.git('checkout', '--quiet', '--orphan', 'alone')
    directory.commit()
    await using repository = await openRepository(directory.path, options)
    expect(await repository.mergeBase('main', 'alone')).toBeUndefined()
  })
})

describe('openRepository', () => {
  it('says that a directory is no repository', async () => {
    using directory = temporaryDirectory()
    const error = await problem(openRepository(directory.path, options))
    expect(error.reason).toBe('not-a-repository')
    expect(error.repair).toContain('--repo DIR')
    expect((await problem(openRepository(path.join(directory.path, 'missing'), options))).message).toContain(
      'is no directory',
    )
  })

  it('says that git is missing', async () => {
    using directory = temporaryRepository()
    const error = await problem(openRepository(directory.path, { env: { PATH: directory.path } }))
    expect(error.reason).toBe('no-git')
    expect(error.repair).toBe('Install git, or put it into PATH.')
  })

  it('takes a directory inside for the repository only where it may', async () => {
    using directory = temporaryRepository({ 'sub/a.yaml': '' })
    const inside = path.join(directory.path, 'sub')
    await using found = await openRepository(inside, options)
    expect(found.root).toBe(directory.path)
    const error = await problem(openRepository(inside, { ...options, exact: true }))
    expect(error.reason).toBe('not-a-repository')
    expect(error.repair).toBe(`Name the root: --repo ${directory.path}`)
  })
})
