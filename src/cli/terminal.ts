/** What the command line needs of the process that runs it. */
export interface Io {
  stdout: Stream
  stderr: Stream
  env: Readonly<Record<string, string | undefined>>
  /** absolute */
  cwd: string
  platform: NodeJS.Platform
  now: () => Date
}

/** A part of Node's WriteStream; a test gives a PassThrough. */
export interface Stream {
  write(text: string, done: (error?: Error | null) => void): unknown
  isTTY?: boolean
  columns?: number
}

/** Prints to a person or to a pipe: colours and a line of progress for a terminal alone. */
export class Terminal {
  readonly color: boolean
  readonly #io: Io
  readonly #shows: boolean
  #showing = false

  constructor(io: Io, color: boolean) {
    this.#io = io
    this.color = color && mayColour(io.stdout, io.env)
    this.#shows = io.stderr.isTTY === true && io.env.CI === undefined && io.env.TERM !== 'dumb'
  }

  /** One line that the next one replaces; nothing where stderr is no terminal. */
  progress(message: string): void {
    if (!this.#shows) return
    const line = printable(message).slice(0, Math.max(20, (this.#io.stderr.columns ?? 80) - 1))
    this.#showing = true
    this.#io.stderr.write(`\r\u{1b}[2K${line}`, () => undefined)
  }

  /** Writes all of it; resolves when it has left the process. */
  async print(text: string): Promise<void> {
    await this.#clear()
    await written(this.#io.stdout, text)
  }

  async complain(text: string): Promise<void> {
    await this.#clear()
    await written(this.#io.stderr, text)
  }

  async #clear(): Promise<void> {
    if (!this.#showing) return
    this.#showing = false
    await written(this.#io.stderr, '\r\u{1b}[2K')
  }
}

/** https://no-color.org: any value that is not empty; FORCE_COLOR as Node reads it. */
function mayColour(stream: Stream, env: Io['env']): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0') return true
  return stream.isTTY === true && env.TERM !== 'dumb'
}

/** Names of files may hold control characters, which a terminal would obey. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}')
}

async function written(stream: Stream, text: string): Promise<void> {
  if (text === '') return
  await new Promise<void>((resolve, reject) => {
    stream.write(text, error => {
      // the reader has what it wants: `cnpg-steward render | head`
      if (!error || ('code' in error && error.code === 'EPIPE')) resolve()
      else reject(error)
    })
  })
}
