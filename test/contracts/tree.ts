import { describe, expect, it } from 'vitest'
import { contentId, type Tree } from '../../src/manifest/tree.ts'

export interface TreeUnderTest extends AsyncDisposable {
  tree: Tree
}

/** What every implementation of `Tree` keeps. `make` builds one out of files by path. */
export function treeContract(
  name: string,
  make: (files: Record<string, string | Uint8Array>) => Promise<TreeUnderTest>,
): void {
  describe(`${name} is a tree`, () => {
    const files = {
      'kustomization.yaml': 'resources: [apps/web.yaml]\n',
      'apps/web.yaml': 'kind: Deployment\n',
      'apps/copy.yaml': 'kind: Deployment\n',
      'apps/empty.yaml': '',
      'apps/nul and latin-1.bin': Uint8Array.of(0, 10, 0xe4, 0xff, 0, 13, 10),
      'names/with space, ümlaut and 🐘.yaml': 'a: 1\n',
      'names/new\nline\tand "quotes".yaml': 'a: 2\n',
      'names/-dash.yaml': 'a: 3\n',
    }

    it('lists every file with the id of its content', async () => {
      await using made = await make(files)
      const listed = await made.tree.files()
      expect([...listed.keys()].toSorted()).toEqual(Object.keys(files).toSorted())
      for (const [file, content] of Object.entries(files))
        expect([file, listed.get(file)]).toEqual([file, contentId(Buffer.from(content))])
      expect(listed.get('apps/web.yaml')).toBe(listed.get('apps/copy.yaml'))
      expect([...(await made.tree.unread())]).toEqual([])
    })

    it('reads every byte of every file, many at once', async () => {
      await using made = await make(files)
      const read = await Promise.all(
        Object.keys(files).map(async file => [file, Buffer.from(await made.tree.read(file))]),
      )
      expect(read).toEqual(Object.entries(files).map(([file, content]) => [file, Buffer.from(content)]))
    })

    it('reads a large file and the small one after it', async () => {
      const large = Buffer.alloc(3_000_001, 'abc\n')
      await using made = await make({ 'large.yaml': large, 'small.yaml': 'a: 1\n' })
      const [first, second] = await Promise.all([made.tree.read('large.yaml'), made.tree.read('small.yaml')])
      expect(Buffer.from(first).equals(large)).toBe(true)
      expect(Buffer.from(second).toString()).toBe('a: 1\n')
    })

    it.each([
      'missing.yaml',
      'apps',
      '',
      '/etc/passwd',
      '../outside',
      'apps/../kustomization.yaml',
      '.git/config',
    ])('refuses to read what it does not list: %j', async file => {
      await using made = await make(files)
      await expect(made.tree.read(file)).rejects.toThrow('no file')
    })

    it('may be without files', async () => {
      await using made = await make({})
      expect([...(await made.tree.files())]).toEqual([])
    })
  })
}
