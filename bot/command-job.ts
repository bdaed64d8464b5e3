import path from 'node:path'
import { execute } from '../src/adapters/exec.ts'
import { statusOf, type GitHubClient } from '../src/adapters/github-client.ts'
import { removeComment, upsertComment } from '../src/adapters/github-comment.ts'
import { getPullRequest, type PullRequest } from '../src/adapters/github-pull-request.ts'
import { accessOfRepository } from '../src/config/access.ts'
import type { Change } from '../src/manifest/change.ts'
import { changeSections } from '../src/report/change-sections.ts'
import { code, link } from '../src/report/escape.ts'
import { COMMENT_LIMIT } from '../src/report/markdown.ts'
import { askUpdate, lookJob } from './update-commands.ts'
import { COMMANDS, MOST_COMMANDS, parseCommands, type Command, type Need, type Offered } from './commands.ts'
import { PERMISSIONS, type Permission } from './environment.ts'
import type { CommandJob, Job } from './jobs.ts'
import type { Attempt } from './attempt.ts'
import { NotReviewed } from './command-line.ts'
import { present } from './refusals.ts'
import { clientOf, reviewPull, targetOf, type ReviewTools } from './review-job.ts'
import { mayAsk, statusAnswer, type StatusTools } from './status-answer.ts'

export interface CommandTools extends ReviewTools {
  permissions: { read: Permission; act: Permission }
  send: (jobs: readonly Job[]) => Promise<void>
  /** the bot keeps updates */
  updates?: boolean
  /** `explain RULE` of the command line, as markdown */
  explain: (rule: string, signal: AbortSignal) => Promise<string>
  /** absent: no cluster may be looked at */
  status?: StatusTools
}

/** So many comments of one person in one repository are answered within ten minutes; further ones get a reaction. */
const MOST_COMMENTS = 10
const WITHIN_MS = 10 * 60_000

interface Asked {
  pull: PullRequest
  /** when the comment was written or changed, on GitHub's clock */
  at: string
  client: GitHubClient
  attempt: Attempt
  tools: CommandTools
  job: CommandJob
  login: string
  role: string
  offered: Offered
}

/**
 * Carries out what a comment asks for, as it stands now, and answers in one comment of ours that belongs to it: edited
 * with it, removed with it. Done twice, it answers once.
 */
export async function commandJob(job: CommandJob, attempt: Attempt, tools: CommandTools): Promise<void> {
  const client = await clientOf(job, attempt, tools)
  if (client === undefined) return
  const [owner = '', repo = ''] = job.repository.split('/')
  const pull = await present(getPullRequest(client, { owner, repo, number: job.number }))
  if (pull === undefined) return attempt.log.info('the pull request is not there, or not ours to read')
  const target = targetOf(pull)
  const answer = {
    marker: `<!-- cnpg-steward:answer:${job.comment} -->`,
    author: `${await tools.github.slug()}[bot]`,
  }
  const comment = await present(client.rest.issues.getComment({ owner, repo, comment_id: job.comment }))
  const user = comment?.data.user
  const offered = {
    status: accessOfRepository(tools.status?.access, pull.repository) !== undefined,
    updates: tools.updates === true,
  }
  const commands = user?.type === 'User' ? parseCommands(comment?.data.body ?? '', offered) : []
  if (comment === undefined || user === null || user === undefined || commands.length === 0) {
    await removeComment(client, target, answer)
    return
  }
  const react = async (content: 'eyes' | 'confused'): Promise<void> => {
    await present(
      client.rest.reactions.createForIssueComment({ owner, repo, comment_id: job.comment, content }),
    )
  }
  const role = await roleOf(client, pull, user.login)
  const may = (need: Need): boolean =>
    rankOf(role) >= rankOf(tools.permissions[need]) || (need === 'read' && pull.author === user.login)
  // who may not even read gets no comment for it: that would be a way to make the bot talk
  const since = new Date(tools.now().getTime() - WITHIN_MS)
  const often = await tools.store.asks(pull.repositoryId, user.login, job.comment, tools.now(), since)
  if (!may('read') || often > MOST_COMMENTS) {
    attempt.log.info({ role, often }, 'a comment is not answered')
    return await react('confused')
  }
  await react('eyes')
  const at = comment.data.updated_at
  const asked: Asked = { pull, at, client, attempt, tools, job, login: user.login, role, offered }
  // reading clusters takes seconds
  if (commands.slice(0, MOST_COMMANDS).some(({ command }) => command === 'status'))
    await upsertComment(client, target, {
      ...answer,
      body: [answer.marker, '⏳ Reading the status.'].join('\n\n'),
      create: true,
    })
  const parts: string[] = []
  for (const command of commands.slice(0, MOST_COMMANDS)) {
    const need = command.command === 'unknown' ? 'read' : COMMANDS[command.command].need
    const room = Math.floor((COMMENT_LIMIT - 2000) / Math.min(commands.length, MOST_COMMANDS))
    parts.push(may(need) ? await carryOut(command, asked, room) : refusal(command, tools.permissions[need]))
  }
  if (commands.length > MOST_COMMANDS)
    parts.push(`The other ${commands.length - MOST_COMMANDS} commands of this comment are left out.`)
  const body = [answer.marker, ...parts].join('\n\n')
  await upsertComment(client, target, { ...answer, body, create: true })
  attempt.log.info({ commands: commands.map(({ command }) => command) }, 'answered')
}

async function carryOut(command: Command, asked: Asked, room: number): Promise<string> {
  const { pull, at, attempt, tools, job } = asked
  switch (command.command) {
    case 'help':
      return helpText(asked.offered)
    case 'review': {
      const { installation, delivery } = job
      const { repository, repositoryId, number } = pull
      if (pull.state !== 'open') return 'The pull request is closed: there is nothing to judge.'
      const common = { installation, repository, repositoryId, delivery }
      await tools.send([{ ...common, kind: 'review', number, again: at }])
      return `Judging ${code(pull.head.sha.slice(0, 7))} again; the check shows how far it is.`
    }
    case 'diff':
      return await diffText(command.path, asked, room)
    case 'explain':
      return (await tools.explain(command.rule, attempt.signal)).slice(0, room)
    case 'updates':
    case 'rebase':
    case 'ignore':
    case 'revert':
      return await askUpdate(command, {
        pull,
        client: asked.client,
        self: `${await tools.github.slug()}[bot]`,
        look: async () => await tools.send([lookJob(job, pull)]),
      })
    case 'status':
      return await statusText(command.name, asked, room)
    case 'unknown':
    default:
      return `${code(`/cnpg ${command.line}`)}: ${command.problem} \`/cnpg help\` lists what there is.`
  }
}

function helpText(offered: Offered): string {
  const rows = Object.values(COMMANDS)
    .filter(({ of }) => of === undefined || offered[of])
    .map(
      ({ usage, about, need }) =>
        `| \`${usage}\` | ${about} | ${need === 'act' ? 'who may write' : 'readers'} |`,
    )
  return ['| command | what | for |', '|---|---|---|', ...rows].join('\n')
}

function refusal(command: Command, needed: Permission): string {
  return `\`/cnpg ${command.command}\` is for those with the permission ${needed} on this repository, or more.`
}

async function statusText(
  name: string | undefined,
  { pull, client, tools, login, role }: Asked,
  room: number,
): Promise<string> {
  const { status } = tools
  if (status === undefined) return refusal({ command: 'status' }, tools.permissions.read)
  const atLeast = (permission: string): boolean => rankOf(role) >= rankOf(permission)
  return (await mayAsk(client, pull.repository, login, atLeast, status.access))
    ? await statusAnswer(name, pull, room, status)
    : "`/cnpg status` is for those whom the bot's configuration lets ask."
}

async function diffText(filter: string | undefined, asked: Asked, room: number): Promise<string> {
  const { pull, attempt, tools, job } = asked
  const kept = await tools.store.newest(pull.repository, pull.number)
  try {
    const stored =
      kept !== undefined && kept.head === pull.head.sha
        ? kept
        : await reviewPull(job, pull, attempt.signal, tools)
    const changes = stored.review.changes.filter(change => filter === undefined || isOf(change, filter))
    const of = filter === undefined ? '' : ` of ${code(filter)}`
    const at = code(stored.head.slice(0, 7))
    if (changes.length === 0) return `No rendered object${of} changes at ${at}.`
    const { text, left } = changeSections(changes, room - 500)
    const page = tools.page(stored)
    const rest =
      left === 0
        ? []
        : [
            `${left} without a diff here: ${page === undefined ? 'name one, `/cnpg diff PATH`' : link('the whole review', page)}.`,
          ]
    return [`What is rendered${of} at ${at}:`, text, ...rest].join('\n\n')
  } catch (error) {
    if (error instanceof NotReviewed) return `There is no diff: ${code(error.message)}`
    throw error
  }
}

/** A part of the name of an object, of its kind, of what applies it. */
function isOf({ resource, kustomization, helmRelease }: Change, filter: string): boolean {
  const names = [
    `${resource.kind} ${resource.namespace}/${resource.name}`,
    `${resource.kind}/${resource.name}`,
    kustomization,
    helmRelease ?? '',
  ]
  return names.some(name => name.toLowerCase().includes(filter.toLowerCase()))
}

async function roleOf(client: GitHubClient, pull: PullRequest, username: string): Promise<string> {
  const { owner, repo } = targetOf(pull)
  try {
    const { data } = await client.rest.repos.getCollaboratorPermissionLevel({ owner, repo, username })
    return data.role_name === '' ? data.permission : data.role_name
  } catch (error) {
    if (statusOf(error) === 404) return 'none'
    throw error
  }
}

/** A role that an organization has made itself counts as reading: what else it allows GitHub does not say here. */
function rankOf(role: string): number {
  if (role === 'none') return -1
  return Math.max(
    0,
    PERMISSIONS.findIndex(permission => permission === role),
  )
}

/** `explain RULE` of the command line. */
export function explainWith(env: Readonly<Record<string, string | undefined>>): CommandTools['explain'] {
  const program = path.join(import.meta.dirname, '../src/cli/main.ts')
  return async (rule, signal) => {
    const {
      code: exit,
      stdout,
      stderr,
    } = await execute(process.execPath, [program, 'explain', rule, '--output', 'markdown'], {
      cwd: import.meta.dirname,
      env: { PATH: env.PATH ?? '', NO_COLOR: '1' },
      timeoutMs: 30_000,
      maxOutput: 1024 * 1024,
      signal,
    })
    return exit === 0 ? stdout.toString('utf8').trim() : code(stderr.trim().replaceAll(/\s+/g, ' '))
  }
}
