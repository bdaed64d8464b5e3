import { describe, expect, it } from 'vitest'
import { commands, isCommand } from '../../src/cli/commands.ts'
import { helpText } from '../../src/cli/help.ts'
import { CannotJudge, run, type Stories } from '../../src/cli/run.ts'
import { Terminal, type Io, type Stream } from '../../src/cli/terminal.ts'

class Recorded implements Stream {
  text = ''
  isTTY: boolean
  columns = 60
  failure: Error | undefined
  constructor(isTTY = false) {
    this.isTTY = isTTY
  }
  write(text: string, done: (error?: Error) => void): void {
    if (this.failure === undefined) this.text += text
    done(this.failure)
  }
}

function machine(tty = false, env: Record<string, string> = {}) {
  const [stdout, stderr] = [new Recorded(tty), new Recorded(tty)]
  const io: Io = { stdout, stderr, env, cwd: '/', platform: 'linux', now: () => new Date(0) }
  return { io, stdout, stderr }
}

const never = async () => await Promise.reject(new Error('must not be asked for'))
const stories = (review: Stories['review']) => async (): Promise<Stories> => ({
  review,
  render: never,
  validate: never,
  admit: never,
  status: never,
  updates: never,
  explain: never,
  schema: never,
  doctor: never,
})
const failing = (reason: Error) =>
  stories(async () => {
    throw reason
  })

describe('run', () => {
  it.each([0, 1, 2] as const)('prints what a story says and ends with its exit code %i', async exitCode => {
    const { io, stdout, stderr } = machine()
    const code = await run(
      ['review', '--all'],
      io,
      '1.0.0',
      stories(async ({ all }) => ({ output: `all: ${all}`, exitCode })),
    )
    expect([code, stdout.text, stderr.text]).toEqual([exitCode, 'all: true\n', ''])
  })

  it.each<[string[], number, RegExp, RegExp]>([
    [['--version'], 0, /^1\.0\.0\n$/, /^$/],
    [['--help'], 0, /^cnpg-steward reviews changes/, /^$/],
    [['review', '-h'], 0, /^Usage: cnpg-steward review /, /^$/],
    [['reveiw'], 2, /^$/, /^cnpg-steward: There is no command reveiw; did you mean review\?\n/],
    [[], 2, /^$/, /^cnpg-steward: No command is given\.\ncnpg-steward --help/],
    [['re\u001b[31mview'], 2, /^$/, /^cnpg-steward: There is no command re\ufffd\[31mview/],
  ])('%j loads no story: exit code %i', async (argv, exitCode, out, err) => {
    const { io, stdout, stderr } = machine()
    expect(await run(argv, io, '1.0.0', never)).toBe(exitCode)
    expect(stdout.text).toMatch(out)
    expect(stderr.text).toMatch(err)
  })

  it('says what to do where it cannot judge, and keeps the stack of a bug', async () => {
    const cannot = machine()
    const cannotJudge = new CannotJudge('There is no base.', 'Name one: --base REF.')
    expect(await run(['review'], cannot.io, '1', failing(cannotJudge))).toBe(2)
    expect(cannot.stderr.text).toBe('cnpg-steward: There is no base.\nName one: --base REF.\n')
    const bug = machine()
    expect(await run(['review'], bug.io, '1', failing(new TypeError('x is undefined')))).toBe(2)
    expect(bug.stderr.text).toMatch(/this is a bug, please report it:\nTypeError: x is undefined\n {4}at /)
    expect(bug.stdout.text).toBe('')
  })

  it('shows progress to a terminal alone, and takes it away before it prints', async () => {
    const story = stories(async (_command, { progress, color }) => {
      progress(`reading a\nb \u001b[2J${'x'.repeat(100)}`)
      return { output: `color: ${color}`, exitCode: 0 }
    })
    const person = machine(true)
    await run(['review'], person.io, '1', story)
    expect(person.stderr.text).toBe(`\r\u001b[2Kreading a\ufffdb \ufffd[2J${'x'.repeat(43)}\r\u001b[2K`)
    expect(person.stdout.text).toBe('color: true\n')
    const pipe = machine()
    await run(['review'], pipe.io, '1', story)
    expect([pipe.stderr.text, pipe.stdout.text]).toEqual(['', 'color: false\n'])
    const json = machine(true)
    await run(['review', '--output', 'json'], json.io, '1', story)
    expect(json.stdout.text).toBe('color: false\n')
  })

  it('is quiet where the reader has gone, and not where the disk is full', async () => {
    const gone = machine()
    gone.stdout.failure = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
    expect(await run(['--version'], gone.io, '1', never)).toBe(0)
    expect(gone.stderr.text).toBe('')
    const full = machine()
    full.stdout.failure = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    expect(await run(['--version'], full.io, '1', never)).toBe(2)
    expect(full.stderr.text).toContain('ENOSPC')
  })
})

it.each<[boolean, Record<string, string>, boolean, boolean]>([
  [true, {}, true, true],
  [false, {}, true, false],
  [true, { NO_COLOR: '1' }, true, false],
  [true, { NO_COLOR: '' }, true, true],
  [true, { TERM: 'dumb' }, true, false],
  [false, { FORCE_COLOR: '1' }, true, true],
  [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
  [true, {}, false, false],
])('terminal %j with %j, wanted %j: colours %j', (tty, env, wanted, expected) => {
  expect(new Terminal(machine(tty, env).io, wanted).color).toBe(expected)
})

it('the help of all', () => {
  expect(helpText()).toMatchInlineSnapshot(`
    "cnpg-steward reviews changes of GitOps repositories that run CloudNativePG through Flux.

    Usage: cnpg-steward COMMAND [options]

      review    what a change does: verdict, findings, impacts, diff
      render    what a tree applies: every object of every cluster
      validate  what is wrong with a whole tree: findings only
      admit     whether the API server and the operator would take objects
      status    how a running database is: judgement, and what kubectl cnpg status prints
      updates   which charts and images could be updated, and how far
      explain   what a rule says, why, and how to mend it
      schema    the kinds that can be validated without the CRDs of the tree
      doctor    which git, kustomize, kubectl and helm are used

    cnpg-steward COMMAND --help says more about one of them, cnpg-steward --version which version this is.

    Example: cnpg-steward review
    Exit code: 0 fine, 1 findings that block, 2 could not judge (arguments, configuration, a missing tool).
    "
  `)
})

it.each(Object.keys(commands).filter(isCommand))(
  'the help of %s has an example, its options and no long line',
  name => {
    const text = helpText(name)
    expect(text).toContain(`cnpg-steward ${name}`)
    expect(text).toMatch(/Examples?:\n {2}cnpg-steward/)
    for (const flag of commands[name].flags) expect(text).toContain(`--${flag}`)
    expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(125)
  },
)
