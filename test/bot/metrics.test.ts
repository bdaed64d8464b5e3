import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { folderSize } from '../../src/adapters/folder-size.ts'
import { Metrics } from '../../bot/metrics.ts'
import { temporaryDirectory } from '../temporary.ts'

it('tells how large the render cache is, also where there is none yet', async () => {
  using directory = temporaryDirectory()
  const cache = path.join(directory.path, 'cache')
  const metrics = new Metrics(
    async () => [],
    () => folderSize(cache),
  )
  expect(await metrics.text()).toContain('\ncnpg_steward_render_cache_bytes 0\n')
  mkdirSync(path.join(cache, 'charts'), { recursive: true })
  writeFileSync(path.join(cache, 'charts/a'), Buffer.alloc(1000))
  writeFileSync(path.join(cache, 'b'), Buffer.alloc(234))
  expect(await metrics.text()).toContain('\ncnpg_steward_render_cache_bytes 1234\n')
})

it('has each of its own metrics in the documentation', async () => {
  const text = await new Metrics(
    async () => [],
    () => 0,
  ).text()
  const names = [...text.matchAll(/^# TYPE cnpg_steward(_\w+)/gm)].map(([, name = '']) => name)
  expect(names).toHaveLength(7)
  const pages = readFileSync('docs/bot.md', 'utf8')
  expect(names.filter(name => !pages.includes(`${name}\``))).toEqual([])
})
