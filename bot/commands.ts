import { fromMarkdown } from 'mdast-util-from-markdown'
import type { Nodes } from 'mdast'
import type { UpdateCommand } from './update-commands.ts'

/** What a comment asks for. */
export type Command =
  | { command: 'help' }
  | { command: 'review' }
  | { command: 'diff'; path?: string }
  | { command: 'explain'; rule: string }
  | { command: 'status'; name?: string }
  | UpdateCommand
  | { command: 'unknown'; line: string; problem: string }

/** Who may ask: those who read the repository's discussion closely, or those who may change it. */
export type Need = 'read' | 'act'

export interface CommandDescription {
  usage: string
  about: string
  need: Need
  /** offered only where the bot can do it */
  of?: keyof Offered
}

/** What is offered beside what every bot can do. */
export interface Offered {
  /** the bot may look at clusters of the repository */
  status: boolean
  /** the bot keeps updates */
  updates: boolean
}

/** The commands there are; `help` lists those that are offered. */
export const COMMANDS: Readonly<
  Record<'help' | 'review' | 'diff' | 'explain' | 'status' | UpdateCommand['command'], CommandDescription>
> = {
  help: { usage: '/cnpg help', about: 'this list', need: 'read' },
  review: {
    usage: '/cnpg review',
    about: 'judges the pull request again, with a new check run',
    need: 'act',
  },
  diff: {
    usage: '/cnpg diff [PATH]',
    about:
      'the whole diff of what is rendered, or of the objects and Kustomizations whose name has PATH in it',
    need: 'read',
  },
  explain: { usage: '/cnpg explain RULE', about: 'what a rule says, why, and the repair', need: 'read' },
  status: {
    usage: '/cnpg status [[CLUSTER/]NAMESPACE/]NAME',
    about: 'how the database is; without a name those that the pull request touches, else all',
    need: 'read',
    of: 'status',
  },
  updates: { usage: '/cnpg updates', about: 'looks for updates now', need: 'act', of: 'updates' },
  rebase: {
    usage: '/cnpg rebase [COMMIT]',
    about: 'makes the branch of an update anew; with its head named, commits of people are thrown away',
    need: 'act',
    of: 'updates',
  },
  ignore: {
    usage: '/cnpg ignore this|minor|major|CLASS|until DAY',
    about: 'closes an update and does not propose it, or what is like it, again',
    need: 'act',
    of: 'updates',
  },
  revert: {
    usage: '/cnpg revert',
    about: 'opens a pull request that takes a merged update back, where that is safe',
    need: 'act',
    of: 'updates',
  },
}

/** As many of one comment are answered; a comment is no script. */
export const MOST_COMMANDS = 5
/** Longer comments hold no command: GitHub's limit is 65,536. */
const MOST_CHARACTERS = 65_536
const MOST_ARGUMENT = 300
const NONE = 'There is no such command.'

/**
 * Finds the commands of a comment: lines that begin with `/cnpg` in its own paragraphs. What stands in code, quotes, lists,
 * headings, tables or HTML is talk about commands, so is what stands within a line.
 * @param body markdown, as GitHub gives it
 * @param offered what is not offered is no command
 */
export function parseCommands(body: string, offered: Offered = { status: false, updates: false }): Command[] {
  if (body.length > MOST_CHARACTERS || !body.includes('/cnpg')) return []
  const lines = fromMarkdown(body)
    .children.filter(({ type }) => type === 'paragraph')
    .flatMap(paragraph => textOf(paragraph).split(/\r\n|\r|\n/))
  return lines.flatMap(line => {
    const words = /^[ \t]*\/cnpg(?:[ \t]+(.*))?$/.exec(line)
    return words === null ? [] : [commandOf((words[1] ?? '').trim(), offered)]
  })
}

/** The text of a paragraph as it was written; code and links within it are no part of a command. */
function textOf(node: Nodes): string {
  if (node.type === 'text') return node.value
  if (node.type === 'break') return '\n'
  if ('children' in node) return node.children.map(textOf).join('')
  // code, HTML, a picture: stands for itself, so that what is around it is not joined over it
  return '\uFFFC'
}

function commandOf(words: string, offered: Offered): Command {
  const [name = '', ...rest] = words.split(/[ \t]+/)
  const argument = rest.join(' ')
  const unknown = (problem: string): Command => ({ command: 'unknown', line: words.slice(0, 100), problem })
  if (argument.length > MOST_ARGUMENT) return unknown('It is too long.')
  switch (name.toLowerCase()) {
    case '':
    case 'help':
      return argument === '' ? { command: 'help' } : unknown('`help` stands alone.')
    case 'review':
      return argument === '' ? { command: 'review' } : unknown('`review` stands alone.')
    case 'diff':
      return argument === '' ? { command: 'diff' } : { command: 'diff', path: argument }
    case 'explain':
      return /^[a-z0-9-]+$/.test(argument)
        ? { command: 'explain', rule: argument }
        : unknown('`explain` takes the name of one rule.')
    case 'status':
      if (!offered.status) return unknown(NONE)
      if (argument === '') return { command: 'status' }
      return /\s/.test(argument)
        ? unknown('`status` takes the name of one database.')
        : { command: 'status', name: argument }
    case 'updates':
      if (!offered.updates) return unknown(NONE)
      return argument === '' ? { command: 'updates' } : unknown('`updates` stands alone.')
    case 'rebase':
      if (!offered.updates) return unknown(NONE)
      return /^(?:[0-9a-f]{7,40})?$/.test(argument)
        ? { command: 'rebase', head: argument }
        : unknown('`rebase` takes nothing, or the commit that the branch stands at.')
    case 'ignore':
      return offered.updates ? { command: 'ignore', words: argument } : unknown(NONE)
    case 'revert':
      if (!offered.updates) return unknown(NONE)
      return argument === '' ? { command: 'revert' } : unknown('`revert` stands alone.')
    default:
      return unknown(NONE)
  }
}
