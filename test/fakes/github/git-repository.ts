// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, renameSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { dirname } from 'node:path'

/** Files of a commit: path → content; null removes the file. */
export type Files = Record<string, string | null>

const ENVIRONMENT = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' }

/** A bare repository on disk, served over git's own smart HTTP. */
export class GitRepository {
  directory: string

  constructor(directory: string) {
    this.directory = directory
    mkdirSync(directory, { recursive: true })
    this.git('init', '--quiet', '--bare', '--initial-branch=main', '.')
    // GitHub lets a client fetch any commit by its id; actions/checkout relies on it.
    this.git('config', 'uploadpack.allowAnySHA1InWant', 'true')
    this.git('config', 'http.receivepack', 'true')
  }

  move(directory: string): void {
    mkdirSync(dirname(directory), { recursive: true })
    renameSync(this.directory, directory)
    this.directory = directory
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.directory, env: ENVIRONMENT, encoding: 'utf8' }).trim()
  }

  bytes(...args: string[]): Buffer {
    return execFileSync('git', args, { cwd: this.directory, env: ENVIRONMENT })
  }

  /** The commit a ref, branch or id names; undefined where there is none. */
  resolve(name: string): string | undefined {
    try {
      return this.git('rev-parse', '--verify', '--quiet', `${name}^{commit}`)
    } catch {
      return undefined
    }
  }

  /** Adds a commit to a branch, which starts at `from` (a branch or commit) where it is new. */
  commit(branch: string, files: Files, options: { message?: string; from?: string } = {}): string {
    const parent = this.resolve(`refs/heads/${branch}`) ?? (options.from && this.resolve(options.from))
    const message = options.message ?? `change ${Object.keys(files).join(', ')}`
    const lines = [
      `commit refs/heads/${branch}`,
      'committer Test <test@example.com> 1767225600 +0000',
      `data ${Buffer.byteLength(message)}`,
      message,
      ...(parent === undefined || parent === '' ? [] : [`from ${parent}`]),
      ...Object.entries(files).flatMap(([path, content]) =>
        content === null
          ? [`D ${path}`]
          : [`M 100644 inline ${path}`, `data ${Buffer.byteLength(content)}`, content],
      ),
      '',
    ]
    execFileSync('git', ['fast-import', '--quiet', '--force'], {
      cwd: this.directory,
      env: ENVIRONMENT,
      input: lines.join('\n'),
    })
    return this.resolve(`refs/heads/${branch}`) ?? ''
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
