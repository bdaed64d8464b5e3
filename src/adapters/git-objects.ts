import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { ToolError } from './exec.ts'

interface Waiting {
  id: string
  resolve: (content: Uint8Array) => void
  reject: (error: Error) => void
}

/**
 * Reads git objects through one `git cat-file --batch` that lives as long as its repository. Requests are written together
 * and answered in order, so that many reads cost one round trip. Starts with the first read.
 */
export class GitObjects implements AsyncDisposable {
  readonly #start: () => ChildProcessWithoutNullStreams
  #child: ChildProcessWithoutNullStreams | undefined
  #closed: Promise<void> | undefined
  readonly #waiting: Waiting[] = []
  /** ids that are not yet written to git */
  #asked = ''
  #received: Buffer[] = []
  #size = 0
  /** bytes that the next answer needs, header included; 0: the header is not complete yet */
  #needed = 0

  constructor(git: string, args: readonly string[], options: { cwd: string; env: Record<string, string> }) {
    this.#start = () => spawn(git, [...args, 'cat-file', '--batch'], { ...options, stdio: 'pipe' })
  }

  /** @throws ToolError where git has no such object or died */
  async read(id: string): Promise<Uint8Array> {
    const child = (this.#child ??= this.#open())
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject })
      if (this.#asked === '') queueMicrotask(() => this.#ask(child))
      this.#asked += `${id}\n`
    })
  }

  /** What was asked for in one turn is one write: thousands of small ones cost more than reading the objects. */
  #ask(child: ChildProcessWithoutNullStreams): void {
    const asked = this.#asked
    this.#asked = ''
    child.stdin.write(asked)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.stdin.end()
    await this.#closed
  }

  #open(): ChildProcessWithoutNullStreams {
    const child = this.#start()
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(-4096)))
    child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk))
    // EPIPE when git dies; its end says it better
    child.stdin.on('error', () => undefined)
    this.#closed = new Promise(resolve => {
      const end = (reason: string) => {
        for (const { reject } of this.#waiting.splice(0))
          reject(new ToolError('git', ['cat-file', '--batch'], child.exitCode ?? undefined, reason))
        this.#child = undefined
        resolve()
      }
      child.on('error', error => end(error.message))
      child.on('close', () => end(stderr === '' ? 'it ended before it answered' : stderr))
    })
    return child
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk)
    this.#size += chunk.byteLength
    // content is joined once, when all of it is there: a file of many chunks is not copied again and again
    while (this.#size > 0 && this.#size >= this.#needed) {
      const buffer = this.#received.length === 1 ? this.#received[0]! : Buffer.concat(this.#received)
      this.#received = [buffer]
      const newline = buffer.indexOf(10)
      if (newline === -1) return
      // '<id> blob <size>' and the content, or '<id> missing'
      const [, kind = '', size] = buffer.toString('latin1', 0, newline).split(' ')
      const length = size === undefined ? 0 : Number(size)
      this.#needed = newline + 1 + (size === undefined ? 0 : length + 1)
      if (buffer.byteLength < this.#needed) return
      const answered = this.#waiting.shift()
      if (size === undefined)
        answered?.reject(
          new ToolError('git', ['cat-file', '--batch'], undefined, `${answered.id} is ${kind}`),
        )
      // a copy: a part would keep the whole chunk in memory
      else answered?.resolve(new Uint8Array(buffer.subarray(newline + 1, newline + 1 + length)))
      this.#received = [buffer.subarray(this.#needed)]
      this.#size -= this.#needed
      this.#needed = 0
    }
  }
}
