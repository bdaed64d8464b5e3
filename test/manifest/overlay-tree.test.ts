import { expect, it } from 'vitest'
import { keptTree, overlayTree } from '../../src/manifest/overlay-tree.ts'
import { changedFiles, memoryTree, type Tree } from '../../src/manifest/tree.ts'
import { treeContract } from '../contracts/tree.ts'

const under = (tree: Tree) => ({ tree, [Symbol.asyncDispose]: async () => undefined })
const bytes = (text: string | Uint8Array) => (typeof text === 'string' ? Buffer.from(text) : text)

treeContract('overlayTree', async files => {
  const entries = Object.entries(files)
  // one file is edited, one comes with the edit, the others are as they were
  const [first, second, ...rest] = entries
  const before = memoryTree({
    ...Object.fromEntries(rest),
    ...(first === undefined ? {} : { [first[0]]: 'as it was' }),
  })
  const edited = new Map(
    [first, second].flatMap(one => (one === undefined ? [] : [[one[0], bytes(one[1])] as const])),
  )
  return under(overlayTree(before, edited, 'after'))
})
treeContract('keptTree', async files => under(keptTree(memoryTree(files))))

it('differs from what it lies over in the edited files alone', async () => {
  const base = memoryTree({ 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' })
  const head = overlayTree(base, new Map([['a.yaml', Buffer.from('a: 2\n')]]), 'head')
  expect([...changedFiles(await base.files(), await head.files())]).toEqual([['a.yaml', 'changed']])
  expect(head.name).toBe('head')
})

it('reads a file that is kept once', async () => {
  const base = memoryTree({ 'a.yaml': 'a: 1\n' })
  let reads = 0
  const kept = keptTree({
    ...base,
    read: async file => {
      reads++
      return await base.read(file)
    },
  })
  await Promise.all([kept.read('a.yaml'), kept.read('a.yaml')])
  await kept.read('a.yaml')
  expect(reads).toBe(1)
})
