import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import semver from 'semver'
import { parseAllDocuments } from 'yaml'
import { textAt, type Json } from '../../src/manifest/json.ts'
import type { NamedChart } from './stand-in-charts.ts'

/** A repository of one size with a pull request of one object: checkouts of both sides for who wants directories. */
export interface ScaledRepository {
  /** how many times the original's applications */
  size: number
  /** a git repository whose branches `base` and `head` are the two sides; `head` is checked out */
  repository: string
  /** a checkout of `base` */
  base: string
  /** the file that the pull request changes */
  changed: string
  charts: NamedChart[]
}

/**
 * Copies a public repository, every directory of its applications `size` times under other namespaces, with all chart
 * sources led to a server on loopback, and commits an edit of one value of one HelmRelease.
 * @param source a git repository; its HEAD is taken
 * @param apps the directory whose subdirectories are one namespace each
 */
export function scaleRepository(
  source: string,
  target: string,
  { apps, size, port }: { apps: string; size: number; port: number },
): ScaledRepository {
  const repository = path.join(target, `x${size}`)
  const base = path.join(target, `x${size}-base`)
  for (const directory of [repository, base]) rmSync(directory, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  git(target, 'clone', '--quiet', '--depth=1', `file://${path.resolve(source)}`, repository)
  // a tool tells by the address of the remote that a GitRepository of the tree is this one
  git(repository, 'remote', 'set-url', 'origin', remoteNamedIn(repository) ?? 'https://git.example.org/bench')
  const charts = leadChartsTo(`127.0.0.1:${port}`, repository)
  for (const namespace of directoriesOf(path.join(repository, apps)))
    for (let copy = 2; copy <= size; copy++) copyNamespace(path.join(repository, apps), apps, namespace, copy)
  allowHost(repository, `127.0.0.1:${port}`)
  git(repository, 'checkout', '--quiet', '-B', 'base')
  commit(repository, `${size} times the applications`)
  git(repository, 'worktree', 'prune')
  git(target, 'clone', '--quiet', '--shared', '--branch', 'base', repository, base)
  git(base, 'remote', 'set-url', 'origin', remoteNamedIn(repository) ?? 'https://git.example.org/bench')
  git(repository, 'checkout', '--quiet', '-B', 'head')
  const changed = editOneValue(repository, apps)
  commit(repository, 'one value of one HelmRelease')
  return { size, repository, base, changed, charts }
}

function git(cwd: string, ...args: string[]): void {
  execFileSync('git', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}

function commit(repository: string, message: string): void {
  git(repository, 'add', '--all')
  const person = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.org']
  git(repository, ...person, 'commit', '--quiet', '--no-verify', '--message', message)
}

function directoriesOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
}

function yamlFiles(directory: string): string[] {
  return globSync('**/*.{yaml,yml}', { cwd: directory }).toSorted()
}

function rewrite(file: string, change: (text: string) => string): void {
  const text = readFileSync(file, 'utf8')
  const changed = change(text)
  if (changed !== text) writeFileSync(file, changed)
}

function copyNamespace(parent: string, apps: string, namespace: string, copy: number): void {
  const target = path.join(parent, `${namespace}-${copy}`)
  cpSync(path.join(parent, namespace), target, { recursive: true })
  const escaped = namespace.replaceAll(/[.-]/g, String.raw`\$&`)
  const inNamespace = new RegExp(String.raw`(namespace:\s*(?:&\w+\s+)?)${escaped}(?![\w-])`, 'g')
  // the file of the Namespace itself
  const named = new RegExp(String.raw`(kind: Namespace\nmetadata:\n  name: )${escaped}(?![\w-])`, 'g')
  for (const file of yamlFiles(target))
    rewrite(path.join(target, file), text =>
      text
        .replaceAll(`${apps}/${namespace}/`, `${apps}/${namespace}-${copy}/`)
        .replaceAll(inNamespace, `$1${namespace}-${copy}`)
        .replaceAll(named, `$1${namespace}-${copy}`),
    )
}

/** Where a FluxInstance or a GitRepository of the tree says that the tree is. */
function remoteNamedIn(repository: string): string | undefined {
  for (const file of yamlFiles(repository)) {
    const text = readFileSync(path.join(repository, file), 'utf8')
    const found = /kind: GitRepository\n(?:.*\n)*?\s+url: "?(https:\/\/[^\s"]+)/.exec(text)?.[1]
    if (found !== undefined) return found
  }
  return undefined
}

const SOURCE = /^(\s*)url: "?(oci|https):\/\/([^\s"]+?)\/?"?$/gm

/** Rewrites the addresses of OCIRepositories and HelmRepositories. @returns the charts that Helm repositories must have */
function leadChartsTo(host: string, repository: string): NamedChart[] {
  const wanted: { source: string; name: string; version: string }[] = []
  const repositories = new Map<string, string>()
  for (const file of yamlFiles(repository)) {
    const text = readFileSync(path.join(repository, file), 'utf8')
    for (const document of documentsOf(text)) {
      const kind = textAt(document, 'kind')
      const url = textAt(document, 'spec', 'url')
      const name = textAt(document, 'metadata', 'name') ?? ''
      if (kind === 'HelmRepository' && url !== undefined)
        repositories.set(name, url.replace(/^https:\/\/(.*?)\/?$/, 'helm/$1'))
      const chart = textAt(document, 'spec', 'chart', 'spec', 'chart')
      if (kind !== 'HelmRelease' || chart === undefined) continue
      const range = textAt(document, 'spec', 'chart', 'spec', 'version') ?? '*'
      wanted.push({
        source: textAt(document, 'spec', 'chart', 'spec', 'sourceRef', 'name') ?? '',
        name: chart,
        version: lowestOf(range),
      })
    }
    if (!/^kind: (?:OCIRepository|HelmRepository)$/m.test(text)) continue
    writeFileSync(
      path.join(repository, file),
      text
        .split(/^(?=---)/m)
        .map(part =>
          /^kind: (?:OCIRepository|HelmRepository)$/m.test(part)
            ? part
                .replaceAll(SOURCE, (_all, indent: string, scheme: string, rest: string) =>
                  scheme === 'oci'
                    ? `${indent}url: oci://${host}/${rest}`
                    : `${indent}url: https://${host}/helm/${rest}`,
                )
                // a stand-in has another digest, and no signature
                .replaceAll(/^\s+digest: .*\n/gm, '')
                .replaceAll(/^( +)verify:\n(?:\1 +.*\n)+/gm, '')
            : part,
        )
        .join(''),
    )
  }
  return wanted.flatMap(({ source, name, version }) => {
    const at = repositories.get(source)
    return at === undefined || at.startsWith('oci:') ? [] : [{ repository: at, name, version }]
  })
}

function lowestOf(range: string): string {
  try {
    return semver.valid(range) === null ? (semver.minVersion(range)?.version ?? '1.0.0') : range
  } catch {
    return '1.0.0'
  }
}

function documentsOf(text: string): Json[] {
  if (!/^kind: (?:HelmRelease|HelmRepository)$/m.test(text)) return []
  return parseAllDocuments(text, { logLevel: 'silent', strict: false }).map((document): Json =>
    document.toJS(),
  )
}

/** Charts come from inside the network only where the base's configuration says so. */
function allowHost(repository: string, host: string): void {
  const file = path.join(repository, '.github/cnpg-steward.yaml')
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `chartHosts: ["${host}"]\n`, { flag: 'a' })
}

/** The first plain tag of an image in the values of a HelmRelease, in the order of paths. */
function editOneValue(repository: string, apps: string): string {
  for (const file of yamlFiles(path.join(repository, apps))) {
    const where = path.join(repository, apps, file)
    const text = readFileSync(where, 'utf8')
    const tag = /^ +tag: "?([A-Za-z0-9][\w.-]*)/m.exec(text)
    if (tag === null || !/^kind: HelmRelease$/m.test(text)) continue
    const at = tag.index + tag[0].length
    writeFileSync(where, `${text.slice(0, at)}-bench${text.slice(at)}`)
    return path.join(apps, file)
  }
  throw new Error(`no HelmRelease below ${apps} has an image tag in its values`)
}
