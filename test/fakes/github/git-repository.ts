// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { deflateSync, inflateSync } from 'node:zlib'
import { layOver } from './git-trees.ts'

/** Files of a commit: path → content; null removes the file. */
export type Files = Record<string, string | null>

const ENVIRONMENT = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' }

/** A bare repository on disk, served over git's own smart HTTP. */
export class GitRepository {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
    // what `git init --bare` makes, without a process
    for (const folder of ['objects', 'refs/heads', 'refs/tags'])
      mkdirSync(path.join(directory, folder), { recursive: true })
    writeFileSync(path.join(directory, 'HEAD'), 'ref: refs/heads/main\n')
    // GitHub lets a client fetch any commit by its id; actions/checkout relies on it. Every object and ref is in a file of its
    // own, which is read and written without a process.
    const config = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[uploadpack]
\tallowAnySHA1InWant = true
[http]
\treceivepack = true
[transfer]
\tunpackLimit = 1000000
[gc]
\tauto = 0
`
    writeFileSync(path.join(directory, 'config'), config)
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.directory, env: ENVIRONMENT, encoding: 'utf8' }).trim()
  }

  bytes(...args: string[]): Buffer {
    return execFileSync('git', args, { cwd: this.directory, env: ENVIRONMENT })
  }

  /** An object as git keeps it. */
  read(sha: string): { type: string; content: Buffer } {
    const file = this.#fileOf(sha)
    if (!existsSync(file)) {
      const type = this.git('cat-file', '-t', sha)
      return { type, content: this.bytes('cat-file', type, sha) }
    }
    const data = inflateSync(readFileSync(file))
    const end = data.indexOf(0)
    return { type: data.subarray(0, end).toString().split(' ')[0] ?? '', content: data.subarray(end + 1) }
  }

  /** Writes an object. @returns its id */
  write(type: 'blob' | 'tree' | 'commit', content: Uint8Array): string {
    const data = Buffer.concat([Buffer.from(`${type} ${content.byteLength}\0`), content])
    const sha = createHash('sha1').update(data).digest('hex')
    const file = this.#fileOf(sha)
    if (!existsSync(file)) {
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, deflateSync(data))
    }
    return sha
  }

  #fileOf(sha: string): string {
    return path.join(this.directory, 'objects', sha.slice(0, 2), sha.slice(2))
  }

  /** The commit a ref, branch or id names; undefined where there is none. */
  resolve(name: string): string | undefined {
    // what most requests ask for needs no process
    if (/^refs\/[\w./-]+$/.test(name) && !name.includes('..')) {
      const file = path.join(this.directory, name)
      return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
    }
    if (/^[0-9a-f]{40}$/.test(name) && existsSync(this.#fileOf(name)))
      return this.read(name).type === 'commit' ? name : undefined
    try {
      return this.git('rev-parse', '--verify', '--quiet', `${name}^{commit}`)
    } catch {
      return undefined
    }
  }

  /** Moves, makes or (undefined) deletes a ref. */
  setRef(name: string, to: string | undefined): void {
    const file = path.join(this.directory, name)
    if (to === undefined) return rmSync(file, { force: true })
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, `${to}\n`)
  }

  /** Names of refs below 'refs/heads/', sorted. */
  refs(below: string): string[] {
    const folder = path.join(this.directory, below)
    const listed = readdirSync(folder, { recursive: true, withFileTypes: true })
    return listed
      .filter(entry => entry.isFile())
      .map(entry => path.relative(this.directory, path.join(entry.parentPath, entry.name)))
      .toSorted()
  }

  /** Tree and parents of a commit. */
  commitOf(sha: string): { tree: string; parents: string[] } {
    const [header = ''] = this.read(sha).content.toString('utf8').split('\n\n')
    const at = (name: string) => [...header.matchAll(new RegExp(`^${name} ([0-9a-f]{40})$`, 'gm'))]
    return { tree: at('tree')[0]?.[1] ?? '', parents: at('parent').map(([, parent = '']) => parent) }
  }

  /** A commit and all before it, children before parents. */
  history(sha: string): string[] {
    const seen = new Set<string>()
    const order: string[] = []
    const walk = (one: string): void => {
      if (seen.has(one)) return
      seen.add(one)
      for (const parent of this.commitOf(one).parents) walk(parent)
      order.unshift(one)
    }
    walk(sha)
    return order
  }

  /** The newest commit that both have; in a history with few merges. */
  mergeBase(one: string, other: string): string | undefined {
    const others = new Set(this.history(other))
    return this.history(one).find(sha => others.has(sha))
  }

  /** Adds a commit to a branch, which starts at `from` (a branch or commit) where it is new. */
  commit(branch: string, files: Files, options: { message?: string; from?: string } = {}): string {
    const parent = this.resolve(`refs/heads/${branch}`) ?? (options.from && this.resolve(options.from))
    const message = options.message ?? `change ${Object.keys(files).join(', ')}`
    const laid = Object.entries(files).map(([name, content]) => ({
      path: name,
      mode: '100644',
      sha: content === null ? undefined : this.write('blob', Buffer.from(content)),
    }))
    const below = parent === undefined || parent === '' ? undefined : parent
    const tree =
      layOver(this, below === undefined ? undefined : this.commitOf(below).tree, laid) ??
      this.write('tree', Buffer.alloc(0))
    const content = [
      `tree ${tree}`,
      ...(below === undefined ? [] : [`parent ${below}`]),
      'author Test <test@example.com> 1767225600 +0000',
      'committer Test <test@example.com> 1767225600 +0000',
      '',
      message,
    ].join('\n')
    const sha = this.write('commit', Buffer.from(content))
    this.setRef(`refs/heads/${branch}`, sha)
    return sha
  }
}

/** Answers git's smart HTTP with the real `git http-backend` (a CGI program). */
export function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  options: { root: string; path: string; query: string },
): void {
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...ENVIRONMENT,
      GIT_PROJECT_ROOT: options.root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: options.path,
      QUERY_STRING: options.query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'git',
    },
  })
  request.pipe(backend.stdin)
  backend.stdin.on('error', () => undefined)
  const chunks: Buffer[] = []
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  backend.on('close', () => {
    const output = Buffer.concat(chunks)
    const end = output.indexOf('\r\n\r\n')
    const headers = output.subarray(0, end).toString('latin1').split('\r\n')
    for (const header of headers) {
      const colon = header.indexOf(':')
      const name = header.slice(0, colon)
      const value = header.slice(colon + 1).trim()
      if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
      else if (colon > 0) response.setHeader(name, value)
    }
    response.end(output.subarray(end + 4))
  })
}
