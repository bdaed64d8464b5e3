import { commands, flags, type CommandName, type Flag, type FlagName } from './commands.ts'

/** The help of one command, or of all. Plain text, at most 110 columns. */
export function helpText(command?: CommandName): string {
  return command === undefined ? overview() : helpOf(command)
}

const EXIT_CODES = `Exit code: 0 fine, 1 findings that block, 2 could not judge (arguments, configuration, a missing tool).`

function overview(): string {
  const list = table(Object.entries(commands).map(([name, { summary }]) => [name, summary]))
  return `cnpg-steward reviews changes of GitOps repositories that run CloudNativePG through Flux.

Usage: cnpg-steward COMMAND [options]

${list}

cnpg-steward COMMAND --help says more about one of them, cnpg-steward --version which version this is.

Example: cnpg-steward review
${EXIT_CODES}
`
}

function helpOf(name: CommandName): string {
  const command = commands[name]
  const rows = command.flags.map(flag => [flagLabel(flag), helpOfFlag(flag, command.outputs)] as const)
  return `Usage: cnpg-steward ${[name, command.usage, '[options]'].filter(Boolean).join(' ')}

${command.details}

${table(rows)}

${command.examples.length > 1 ? 'Examples' : 'Example'}:
${command.examples.map(example => `  cnpg-steward ${example}`).join('\n')}

${EXIT_CODES}
`
}

function helpOfFlag(name: FlagName, outputs: readonly [string, ...string[]]): string {
  if (name !== 'output') return flags[name].help
  return `${outputs.join(', ')} (default: ${outputs[0]})`
}

function flagLabel(name: FlagName): string {
  const { short, value, multiple }: Flag = flags[name]
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}${multiple ? ' …' : ''}`
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length))
  return rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`).join('\n')
}
