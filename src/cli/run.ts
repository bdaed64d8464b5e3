import { parseArguments, type Command } from './arguments.ts'
import { helpText } from './help.ts'
import { Terminal, printable, type Io } from './terminal.ts'

/** 0 fine; 1 findings that block; 2 could not judge. */
export type ExitCode = 0 | 1 | 2

/** What a command says, as it is to be printed. */
export interface Outcome {
  output: string
  exitCode: ExitCode
  /** said beside the output, to whoever looks on: one sentence */
  complaint?: string
}

export interface Context {
  io: Io
  /** whether `output` may hold colours */
  color: boolean
  /** one line of what is being done */
  progress: (message: string) => void
}

type Story<Name extends Command['command']> = (
  command: Extract<Command, { command: Name }>,
  context: Context,
) => Promise<Outcome>

/** What stands behind the commands; stories.ts has the real ones. */
export interface Stories {
  review: Story<'review'>
  render: Story<'render'>
  validate: Story<'validate'>
  admit: Story<'admit'>
  status: Story<'status'>
  updates: Story<'updates'>
  explain: Story<'explain'>
  schema: Story<'schema'>
  doctor: Story<'doctor'>
}

/**
 * A condition outside the program's power that ends a command with exit code 2: no repository, no tool, a broken
 * configuration. Any error with a `repair` (GitProblem) is told the same way.
 */
export class CannotJudge extends Error {
  readonly repair: string
  constructor(message: string, repair: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CannotJudge'
    this.repair = repair
  }
}

/** Runs one command line to its end: parses, runs the story, prints, and returns the exit code. Never throws. */
export async function run(
  argv: readonly string[],
  io: Io,
  version: string,
  stories: () => Promise<Stories>,
): Promise<ExitCode> {
  const command = parseArguments(argv)
  if ('error' in command) {
    await new Terminal(io, false).complain(`cnpg-steward: ${printable(command.error)}\n${command.help}\n`)
    return 2
  }
  const terminal = new Terminal(io, 'color' in command ? command.color : false)
  try {
    const { output, exitCode, complaint: said } = await outcomeOf(command, io, terminal, version, stories)
    await terminal.print(output === '' || output.endsWith('\n') ? output : `${output}\n`)
    if (said !== undefined) await terminal.complain(`cnpg-steward: ${printable(said)}\n`)
    return exitCode
  } catch (error) {
    await terminal.complain(`cnpg-steward: ${complaint(error)}\n`).catch(() => undefined)
    return 2
  }
}

async function outcomeOf(
  command: Command,
  io: Io,
  terminal: Terminal,
  version: string,
  stories: () => Promise<Stories>,
): Promise<Outcome> {
  if (command.command === 'help') return { output: helpText(command.about), exitCode: 0 }
  if (command.command === 'version') return { output: version, exitCode: 0 }
  const context: Context = {
    io,
    color: terminal.color && command.output === 'text',
    progress: message => terminal.progress(message),
  }
  // loaded only now: help and a typing error need nothing of it
  const { review, render, validate, admit, status, updates, explain, schema, doctor } = await stories()
  switch (command.command) {
    case 'review':
      return await review(command, context)
    case 'render':
      return await render(command, context)
    case 'validate':
      return await validate(command, context)
    case 'admit':
      return await admit(command, context)
    case 'status':
      return await status(command, context)
    case 'updates':
      return await updates(command, context)
    case 'explain':
      return await explain(command, context)
    case 'schema':
      return await schema(command, context)
    case 'doctor':
      return await doctor(command, context)
    default:
      throw new Error(`no command ${String(command satisfies never)}`)
  }
}

/** Two lines for what the person can mend; for a bug the stack, which a report needs. */
function complaint(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('repair' in error && typeof error.repair === 'string')
    return `${printable(error.message)}\n${printable(error.repair)}`
  return `this is a bug, please report it:\n${error.stack ?? error.message}`
}
