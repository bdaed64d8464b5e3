import { fromMarkdown } from 'mdast-util-from-markdown'
import type { Nodes } from 'mdast'

/** What a comment asks for. */
export type Command =
  | { command: 'help' }
  | { command: 'review' }
  | { command: 'diff'; path?: string }
  | { command: 'explain'; rule: string }
  | { command: 'status'; name?: string }
  | { command: 'unknown'; line: string; problem: string }

/** Who may ask: those who read the repository's discussion closely, or those who may change it. */
export type Need = 'read' | 'act'

export interface CommandDescription {
  usage: string
  about: string
  need: Need
}

/** What is offered beside what every bot can do. */
export interface Offered {
  /** the bot may look at clusters of the repository */
  status: boolean
}

/** The commands there are; `help` lists those that are offered. */
export const COMMANDS: Readonly<
  Record<'help' | 'review' | 'diff' | 'explain' | 'status', CommandDescription>
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
  },
}

/** As many of one comment are answered; a comment is no script. */
export const MOST_COMMANDS = 5
/** Longer comments hold no command: GitHub's limit is 65,536. */
const MOST_CHARACTERS = 65_536
const MOST_ARGUMENT = 300

/**
 * Finds the commands of a comment: lines that begin with `/cnpg` in its own paragraphs. What stands in code, quotes, lists,
 * headings, tables or HTML is talk about commands, so is what stands within a line.
 * @param body markdown, as GitHub gives it
 * @param offered what is not offered is no command
 */
export function parseCommands(body: string, offered: Offered = { status: false }): Command[] {
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
      if (!offered.status) return unknown('There is no such command.')
      if (argument === '') return { command: 'status' }
      return /\s/.test(argument)
        ? unknown('`status` takes the name of one database.')
        : { command: 'status', name: argument }
    default:
      return unknown('There is no such command.')
  }
}
