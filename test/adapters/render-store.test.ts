import { globSync, mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { renderStore } from '../../src/adapters/render-store.ts'
import { renderStoreContract } from '../contracts/render-store.ts'
import { temporaryDirectory } from '../temporary.ts'

const keyOf = (digit: string) => digit.repeat(64)

const rooms: Disposable[] = []
afterEach(() => rooms.splice(0).forEach(room => room[Symbol.dispose]()))

function freshDirectory(): string {
  const room = temporaryDirectory()
  rooms.push(room)
  return room.path
}

function open(directory = freshDirectory(), limit?: number) {
  const complaints: string[] = []
  const complain = (message: string) => void complaints.push(message)
  const store = renderStore({ directory, complain, ...(limit === undefined ? {} : { limit }) })
  const files = () => globSync('*/*', { cwd: directory }).map(file => path.join(directory, file))
  return { store, directory, complaints, files }
}

describe('on disk', () => {
  renderStoreContract(async () => open().store)

  it('is there for the next run', async () => {
    const { store, directory } = open()
    await store.put(keyOf('a'), 'x')
    expect(await open(directory).store.get(keyOf('a'))).toBe('x')
  })

  it.each<[string, (file: string) => void]>([
    ['cut off', file => writeFileSync(file, readFileSync(file).subarray(0, -3))],
    ['changed', file => writeFileSync(file, readFileSync(file, 'utf8').replace('objects', 'OBJECTS'))],
    ['emptied', file => writeFileSync(file, '')],
    ['filled with something else', file => writeFileSync(file, Buffer.from([0xff, 0xfe, 0, 10, 1]))],
  ])('takes an entry that was %s for none, and writes it again', async (_name, damage) => {
    const { store, files } = open()
    await store.put(keyOf('a'), 'some objects')
    damage(files()[0] ?? '')
    expect(await store.get(keyOf('a'))).toBeUndefined()
    await store.put(keyOf('a'), 'some objects')
    expect(await store.get(keyOf('a'))).toBe('some objects')
  })

  it('takes an entry that was filed under another key for none', async () => {
    const { store, directory, files } = open()
    await store.put(keyOf('a'), 'of a')
    mkdirSync(path.join(directory, 'bb'))
    renameSync(files()[0] ?? '', path.join(directory, 'bb', 'b'.repeat(62)))
    expect(await store.get(keyOf('b'))).toBeUndefined()
  })

  it('stays within its limit, and lets go of what was used longest ago', async () => {
    const megabyte = 'x'.repeat(1024 * 1024)
    const { store, directory } = open(freshDirectory(), 2.5 * 1024 * 1024)
    for (const [digit, days] of [
      ['a', 3],
      ['b', 9],
    ] as const) {
      await store.put(keyOf(digit), megabyte)
      const time = Date.now() / 1000 - days * 86_400
      utimesSync(path.join(directory, digit.repeat(2), digit.repeat(62)), time, time)
    }
    await store.put(keyOf('c'), megabyte)
    expect(await store.get(keyOf('a'))).toBe(megabyte)
    expect(await store.get(keyOf('b'))).toBeUndefined()
    expect(await store.get(keyOf('c'))).toBe(megabyte)
  })

  it('knows a read as a use', async () => {
    const megabyte = 'x'.repeat(1024 * 1024)
    const { store, directory } = open(freshDirectory(), 2.5 * 1024 * 1024)
    for (const digit of ['a', 'b']) {
      await store.put(keyOf(digit), megabyte)
      const time = Date.now() / 1000 - 9 * 86_400 + (digit === 'b' ? 1 : 0)
      utimesSync(path.join(directory, digit.repeat(2), digit.repeat(62)), time, time)
    }
    await store.get(keyOf('a'))
    await store.put(keyOf('c'), megabyte)
    expect(await store.get(keyOf('a'))).toBe(megabyte)
    expect(await store.get(keyOf('b'))).toBeUndefined()
  })

  it('says once that nothing can be kept, and goes on', async () => {
    const directory = path.join(freshDirectory(), 'file')
    writeFileSync(directory, '')
    const { store, complaints } = open(directory)
    await store.put(keyOf('a'), 'x')
    await store.put(keyOf('b'), 'x')
    expect(await store.get(keyOf('a'))).toBeUndefined()
    expect(complaints).toEqual([expect.stringContaining('nothing is kept for the next run')])
  })
})
