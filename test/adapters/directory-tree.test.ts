import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { directoryTree } from '../../src/adapters/directory-tree.ts'
import { memoryTree } from '../../src/manifest/tree.ts'
import { treeContract } from '../contracts/tree.ts'
import { temporaryDirectory } from '../temporary.ts'

treeContract('a tree in memory', async files => ({
  tree: memoryTree(files),
  [Symbol.asyncDispose]: async () => {},
}))

treeContract('a directory', async files => {
  const directory = temporaryDirectory(files)
  return {
    tree: directoryTree(directory.path),
    [Symbol.asyncDispose]: async () => directory[Symbol.dispose](),
  }
})

describe('directoryTree', () => {
  it('leaves out links and what git keeps, and follows no link out of the directory', async () => {
    using outside = temporaryDirectory({ 'secret.yaml': 'a: 1\n' })
    using directory = temporaryDirectory({ 'a.yaml': 'a: 1\n', '.git/config': '', 'sub/.git/config': '' })
    symlinkSync(path.join(outside.path, 'secret.yaml'), path.join(directory.path, 'file.yaml'))
    symlinkSync(outside.path, path.join(directory.path, 'dir'))
    symlinkSync('a.yaml', path.join(directory.path, 'inside.yaml'))
    const tree = directoryTree(directory.path)
    expect([...(await tree.files()).keys()]).toEqual(['a.yaml'])
    expect([...(await tree.unread())]).toEqual([
      ['dir', 'symbolic link'],
      ['file.yaml', 'symbolic link'],
      ['inside.yaml', 'symbolic link'],
    ])
    await expect(tree.read('dir/secret.yaml')).rejects.toThrow('no file dir/secret.yaml')
  })

  it('reads no file that became a link after it was listed', async () => {
    using outside = temporaryDirectory({ 'secret.yaml': 'password: hunter2\n' })
    using directory = temporaryDirectory({ 'a.yaml': 'a: 1\n', 'sub/secret.yaml': 'b: 1\n' })
    const tree = directoryTree(directory.path)
    await tree.files()
    rmSync(path.join(directory.path, 'a.yaml'))
    symlinkSync(path.join(outside.path, 'secret.yaml'), path.join(directory.path, 'a.yaml'))
    await expect(tree.read('a.yaml')).rejects.toThrow('ELOOP')
  })

  it('reports a name that is not UTF-8', async () => {
    using directory = temporaryDirectory({ 'a.yaml': '' })
    const name = Buffer.concat([Buffer.from(`${directory.path}/b`), Buffer.of(0xe4), Buffer.from('.yaml')])
    writeFileSync(name, 'a: 1\n')
    mkdirSync(Buffer.concat([Buffer.from(`${directory.path}/d`), Buffer.of(0xff)]))
    const tree = directoryTree(directory.path)
    expect([...(await tree.files()).keys()]).toEqual(['a.yaml'])
    expect([...(await tree.unread())]).toEqual([
      ['b\u{fffd}.yaml', 'unusable name'],
      ['d\u{fffd}', 'unusable name'],
    ])
  })

  it('wants a directory', () => {
    using directory = temporaryDirectory({ 'a.yaml': '' })
    expect(() => directoryTree(path.join(directory.path, 'a.yaml'))).toThrow('is no directory')
    expect(() => directoryTree(path.join(directory.path, 'missing'))).toThrow('ENOENT')
  })
})
