import { parseArgs } from 'node:util'
import { directoryFrom } from '../config/directory-from.ts'
import { nearName } from '../manifest/near-name.ts'
import { fluxMinor, kubernetesRelease, operatorRelease } from '../config/versions.ts'
import { CLASSES, UNPREPARED } from '../config/updates-config.ts'
import { UNVERIFIED } from '../versions/judge-signature.ts'
import {
  commands,
  flags,
  isCommand,
  type CommandDescription,
  type CommandName,
  type Flag,
  type FlagName,
} from './commands.ts'
import { statusArguments, type StatusCommand } from './status-arguments.ts'
import type { Printing } from './printing.ts'

/** What the person asked for. Absent values: not said. */
export type Command =
  | ReviewCommand
  | RenderCommand
  | ValidateCommand
  | AdmitCommand
  | StatusCommand
  | UpdatesCommand
  | ExplainCommand
  | SchemaCommand
  | DoctorCommand
  | { command: 'help'; about?: CommandName }
  | { command: 'version' }

export interface ToolPaths {
  kustomize?: string
  helm?: string
}

/** What review, render and validate take. */
export interface Rendering extends Printing, ToolPaths {
  /** as given; absent: the repository around the working directory */
  repo?: string
  /** roots that are not in Git; paths from the root of the tree, clean */
  entries: { name: string; path: string }[]
  /** '2.9' */
  fluxVersion?: string
  /** '1.35.0' */
  kubernetesVersion?: string
  offline: boolean
}

export interface ReviewCommand extends Rendering {
  command: 'review'
  base?: string
  /** absent: the work tree */
  head?: string
  all: boolean
  /** '1.28.0', or 'main' */
  cnpgVersion?: string
}

export interface RenderCommand extends Rendering {
  command: 'render'
  /** absent: the work tree */
  ref?: string
  cluster?: string
  /** 'namespace/name' */
  kustomization?: string
}

export interface ValidateCommand extends Rendering {
  command: 'validate'
  ref?: string
  cnpgVersion?: string
}

export interface AdmitCommand extends Printing {
  command: 'admit'
  files: string[]
  /** files of what was applied before */
  old: string[]
  /** files and directories */
  crds: string[]
  /** '1.28.0', or 'main' */
  cnpgVersion?: string
  /** '1.35.0' */
  kubernetesVersion?: string
}

export interface UpdatesCommand extends Rendering {
  command: 'updates'
  /** '1.28.0', or 'main' */
  cnpgVersion?: string
  /** absent: the work tree */
  ref?: string
  /** classes, and keys of single updates */
  allow: string[]
  apply: boolean
}

export interface ExplainCommand extends Printing {
  command: 'explain'
  rule: string
}

export interface SchemaCommand extends Printing {
  command: 'schema'
  /** files, directories and URLs of CRDs to add; empty: list the catalog */
  imports: string[]
}

export interface DoctorCommand extends Printing, ToolPaths {
  command: 'doctor'
}

/** Arguments that cannot be meant: one sentence, and what to run for help. */
export interface BadArguments {
  error: string
  help: string
}

/** Reads the arguments after the program's name. */
export function parseArguments(argv: readonly string[]): Command | BadArguments {
  const { tokens } = parseArgs({ args: [...argv], options: optionsOf(), strict: false, tokens: true })
  const words = tokens.filter(token => token.kind === 'positional').map(token => token.value)
  const [name, ...rest] = words
  const given = tokens.filter(token => token.kind === 'option')
  const asked = (flag: FlagName) => given.some(token => token.name === flag)
  if (name === undefined) {
    if (asked('version')) return { command: 'version' }
    const unknown = given.find(token => !isFlag(token.name))
    if (unknown !== undefined) return bad(`There is no option ${unknown.rawName}.`)
    return asked('help') ? { command: 'help' } : bad('No command is given.')
  }
  if (name === 'help') {
    const [about] = rest
    return about !== undefined && isCommand(about) ? { command: 'help', about } : { command: 'help' }
  }
  if (!isCommand(name))
    return bad(`There is no command ${name}${proposal(nearName(name, Object.keys(commands)))}.`)
  if (asked('help')) return { command: 'help', about: name }

  const description: CommandDescription = commands[name]
  const values: Values = new Map()
  for (const { name: flag, rawName, value, inlineValue } of given) {
    if (!isFlag(flag) || !description.flags.includes(flag)) {
      const near = nearName(flag, description.flags)
      return bad(`${name} has no option ${rawName}${proposal(near && `--${near}`)}.`, name)
    }
    const { type, value: kind, multiple }: Flag = flags[flag]
    if (type === 'boolean' && value !== undefined) return bad(`${rawName} takes no value.`, name)
    // '--base --head x' has forgotten a value; '--base=-x' has not
    if (type === 'string' && (value === undefined || value === '' || (!inlineValue && value.startsWith('-'))))
      return bad(`${rawName} wants a value: ${rawName} ${kind ?? 'VALUE'}.`, name)
    const known = values.get(flag)
    if (known !== undefined && multiple !== true) return bad(`${rawName} is given twice.`, name)
    values.set(flag, [...(known ?? []), value ?? ''])
  }
  const [fewest, most] = description.words
  if (rest.length > most) return bad(`${name} takes no ${rest[most] ?? ''}.`, name)
  if (rest.length < fewest) return bad(`${name} wants ${description.usage}.`, name)
  return commandFrom(name, description, rest, values)
}

type Values = Map<FlagName, string[]>

function commandFrom(
  name: CommandName,
  description: CommandDescription,
  words: string[],
  values: Values,
): Command | BadArguments {
  const text = (flag: FlagName) => values.get(flag)?.[0]
  const output = description.outputs.find(format => format === (text('output') ?? description.outputs[0]))
  if (output === undefined)
    return bad(
      `${name} cannot print ${text('output') ?? ''}: it prints ${description.outputs.join(', ')}.`,
      name,
    )
  const printing: Printing = { output, color: !values.has('no-color') }
  const tools = present({ kustomize: text('kustomize'), helm: text('helm') })
  if (name === 'doctor') return { command: name, ...printing, ...tools }
  if (name === 'explain') return { command: name, ...printing, rule: words[0] ?? '' }
  if (name === 'schema') {
    const [verb, ...imports] = words
    if (verb === undefined) return { command: name, ...printing, imports }
    if (verb !== 'import') return bad(`schema takes no ${verb}${proposal(nearName(verb, ['import']))}.`, name)
    return imports.length > 0
      ? { command: name, ...printing, imports }
      : bad('schema import wants FILE, DIR or URL.', name)
  }

  if (name === 'status') {
    const status = statusArguments(printing, words, values)
    return 'problem' in status ? bad(status.problem, name) : status
  }

  const problems: string[] = []
  const version = (flag: FlagName, read: (text: string) => string | undefined, example: string) => {
    const given = text(flag)
    const found = given === undefined ? undefined : read(given)
    if (given !== undefined && found === undefined)
      problems.push(`--${flag} ${given} is no version like ${example}.`)
    return found
  }
  const entries = (values.get('entry') ?? []).map(entry => {
    const [, cluster = '', directory = ''] = /^([^=]+)=(.+)$/.exec(entry) ?? []
    const path = directoryFrom(directory)
    if (cluster === '') problems.push(`--entry ${entry} is not of the form NAME=PATH.`)
    else if (path === undefined) problems.push(`--entry ${entry} leads out of the repository.`)
    return { name: cluster, path: path ?? '' }
  })
  const kustomization = text('kustomization')
  if (kustomization !== undefined && !/^[^/]+\/[^/]+$/.test(kustomization))
    problems.push(`--kustomization ${kustomization} is not of the form NAMESPACE/NAME.`)
  const versions = present({
    fluxVersion: version('flux-version', fluxMinor, '2.9'),
    kubernetesVersion: version('kubernetes-version', kubernetesRelease, '1.35'),
  })
  const cnpg = present({ cnpgVersion: version('cnpg-version', operatorRelease, '1.28.0') })
  const [problem] = problems
  if (problem !== undefined) return bad(problem, name)

  if (name === 'admit') {
    const { kubernetesVersion } = versions
    return {
      command: name,
      ...printing,
      files: words,
      old: values.get('old') ?? [],
      crds: values.get('crd') ?? [],
      ...cnpg,
      ...present({ kubernetesVersion }),
    }
  }
  const rendering: Rendering = {
    ...printing,
    ...tools,
    ...versions,
    ...present({ repo: text('repo') }),
    entries,
    offline: values.has('offline'),
  }
  if (name === 'review')
    return {
      command: name,
      ...rendering,
      ...cnpg,
      ...present({ base: text('base'), head: text('head') }),
      all: values.has('all'),
    }
  if (name === 'updates') return updatesFrom({ ...rendering, ...cnpg }, values)
  if (name === 'validate') return { command: name, ...rendering, ...cnpg, ...present({ ref: text('ref') }) }
  return {
    command: name,
    ...rendering,
    ...present({ ref: text('ref'), cluster: text('cluster'), kustomization }),
  }
}

function updatesFrom(
  rendering: Rendering & { cnpgVersion?: string },
  values: Values,
): Command | BadArguments {
  const allow = values.get('allow') ?? []
  // a key of a single update is as good as a class
  const words = [...CLASSES, UNPREPARED, UNVERIFIED]
  const unknown = allow.find(kind => !words.includes(kind) && !/^[0-9a-f]{10}$/.test(kind))
  if (unknown !== undefined)
    return bad(`There is no class ${unknown}${proposal(nearName(unknown, words))}.`, 'updates')
  const ref = values.get('ref')?.[0]
  if (ref !== undefined && values.has('apply'))
    return bad('--apply edits the work tree, not a commit.', 'updates')
  return { command: 'updates', ...rendering, ...present({ ref }), allow, apply: values.has('apply') }
}

function optionsOf() {
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]: [string, Flag]) => [
      name,
      { type: flag.type, ...(flag.short === undefined ? {} : { short: flag.short }) },
    ]),
  )
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(flags, name)
}

/** Leaves out what is undefined: an absent option is an absent key. */
function present<Keys extends string>(
  values: Record<Keys, string | undefined>,
): Partial<Record<Keys, string>> {
  const kept: Partial<Record<Keys, string>> = {}
  for (const key in values) if (values[key] !== undefined) kept[key] = values[key]
  return kept
}

function proposal(near: string | undefined): string {
  return near === undefined || near === '' ? '' : `; did you mean ${near}?`
}

function bad(error: string, command?: CommandName): BadArguments {
  const about = command === undefined ? '--help' : `${command} --help`
  return { error: error.replace('?.', '?'), help: `cnpg-steward ${about} says what there is.` }
}
