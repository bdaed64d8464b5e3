import { describe, expect, it } from 'vitest'
import { memoryTree } from '../../src/manifest/tree.ts'
import { artifactOf } from '../../src/render/source-ignore.ts'

/** Which of the paths are in the artifact. */
async function kept(
  paths: string[],
  ignoreFiles: Record<string, string> = {},
  ignore?: string,
): Promise<string[]> {
  const files = Object.fromEntries(paths.map(path => [path, '']))
  const artifact = await artifactOf(memoryTree({ ...files, ...ignoreFiles }), ignore)
  return paths.filter(path => artifact.files.has(path))
}

describe('patterns', () => {
  // [pattern, kept, left out]; the verdicts are those of fluxcd/pkg sourceignore v0.18.0
  it.each<[string, string[], string[]]>([
    ['docs', ['a.yaml'], ['docs/a', 'x/docs/b', 'docs']],
    ['docs/', ['docs'], ['docs/a', 'x/docs/b']],
    ['/docs', ['x/docs/a'], ['docs/a']],
    ['/*\n!/apps', ['apps/a/b.yaml'], ['README.md', 'infra/a.yaml']],
    ['apps/\n!apps/keep.yaml', ['apps/keep.yaml'], ['apps/other.yaml']],
    ['*.md', ['a.mdx'], ['a.md', 'x/y/b.md']],
    ['apps/*.yaml', ['apps/x/a.yaml', 'x/apps/a.yaml'], ['apps/a.yaml']],
    ['**/test', ['x/testing'], ['test/a', 'x/y/test']],
    ['apps/**/secret.yaml', ['secret.yaml'], ['apps/secret.yaml', 'apps/x/y/secret.yaml']],
    ['apps/**', ['x/apps/a'], ['apps/a', 'apps/x/y']],
    ['a**b/c', ['axb/c'], []],
    ['[ab].yaml', ['c.yaml'], ['a.yaml', 'x/b.yaml']],
    ['[^ab].yaml', ['a.yaml'], ['c.yaml']],
    ['[a.yaml', ['[a.yaml', 'a.yaml'], []],
    ['file?.txt', ['file.txt', 'file12.txt'], ['file1.txt']],
    ['trailing.txt  ', [], ['trailing.txt']],
    [' #not-a-comment', ['#not-a-comment'], [' #not-a-comment']],
    ['#comment\n\n   \nx', ['#comment'], ['x']],
    ['x\r\n', [], ['x']],
  ])('%j', async (pattern, inside, outside) => {
    expect(await kept([...inside, ...outside], { '.sourceignore': pattern })).toEqual(inside)
  })
})

it('leaves out pictures, archives and CI files by default', async () => {
  const paths = [
    'a.yaml',
    'icons/a.png',
    'x.tar.gz',
    '.github/workflows/a.yaml',
    'sub/.sops.yaml',
    '.gitignore',
  ]
  expect(await kept(paths)).toEqual(['a.yaml'])
})

it('drops the default patterns as soon as there is a pattern, but never those for git', async () => {
  const paths = ['icons/a.png', '.github/a.yaml', '.gitignore', 'x']
  expect(await kept(paths, { '.sourceignore': 'x' })).toEqual(['icons/a.png', '.github/a.yaml'])
  expect(await kept(paths, {}, 'x')).toEqual(['icons/a.png', '.github/a.yaml'])
  expect(await kept(paths, { 'deep/.sourceignore': 'y' })).toEqual(['icons/a.png', '.github/a.yaml', 'x'])
  expect(await kept(paths, { '.sourceignore': '# nothing\n' })).toEqual(['x'])
})

it('reads a .sourceignore below its directory only, and spec.ignore last', async () => {
  const paths = ['apps/a.yaml', 'infra/a.yaml']
  expect(await kept(paths, { 'apps/.sourceignore': '*.yaml' })).toEqual(['infra/a.yaml'])
  expect(await kept(paths, { 'apps/.sourceignore': '*.yaml' }, '!apps/a.yaml')).toEqual(paths)
})

it('lists directories in the order of Go', async () => {
  const artifact = await artifactOf(memoryTree({ 'b/x': '', 'a.yaml': '', 'a/y': '', 'b/c/z': '' }))
  expect([...artifact.directories.keys()].toSorted()).toEqual(['', 'a', 'b', 'b/c'])
  expect(artifact.directories.get('')).toEqual([
    { name: 'a', directory: true },
    { name: 'a.yaml', directory: false },
    { name: 'b', directory: true },
  ])
})
