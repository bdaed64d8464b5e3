import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { parseEnv } from 'node:util'
import type { AccessConfig } from '../src/config/access.ts'
import { readAccessFile } from './clusters.ts'

/** Everything the bot is told, checked. */
export interface BotEnvironment {
  appId: number
  /** PEM */
  privateKey: string
  webhookSecret: string
  /** PostgreSQL; absent: PGlite in `dataDirectory` */
  databaseUrl?: string
  /** the embedded database, mirrors of repositories, caches */
  dataDirectory: string
  host: string
  port: number
  /** where people reach this bot, for links to whole reports; absent: no links */
  publicUrl?: string
  /** 'https://api.github.com', or 'https://HOST/api/v3' */
  apiUrl: string
  /** 'https://github.com' */
  serverUrl: string
  /** reviews at the same time */
  workers: number
  reviewSeconds: number
  /** all mirrors together */
  mirrorMiB: number
  sweepMinutes: number
  linkDays: number
  failOn: 'error' | 'incomplete' | 'warning' | 'never'
  comment: 'auto' | 'always' | 'never'
  /** what a person needs for commands that only read, and for those that act */
  readPermission: Permission
  actPermission: Permission
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** pull requests of updates are kept: the app needs "contents: write" */
  updates: boolean
  /** which repository may see which cluster; absent: there is no status, and nothing is followed */
  access?: AccessConfig
}

export const PERMISSIONS = ['read', 'triage', 'write', 'maintain', 'admin'] as const
export type Permission = (typeof PERMISSIONS)[number]

type Variables = Readonly<Record<string, string | undefined>>

/** What is missing or wrong, all at once; `message` is made to be printed alone. */
export class EnvironmentError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[], message: string) {
    super(message)
    this.name = 'EnvironmentError'
    this.problems = problems
  }
}

/** Written by `npm run bot -- setup`, read where the environment has no such variable. */
export const SETTINGS_FILE = 'app.env'

/** Shorter secrets can be guessed from one signed delivery, offline. */
const SECRET_LENGTH = 16

/**
 * Reads the configuration of the bot.
 * @throws EnvironmentError naming everything that is missing or wrong
 */
export function readEnvironment(variables: Variables): BotEnvironment {
  const dataDirectory = dataDirectoryOf(variables)
  const env = { ...settingsFile(dataDirectory), ...given(variables) }
  const problems: string[] = []
  const missing: string[] = []
  const text = (name: string): string | undefined => env[name]
  const number = (name: string, standard: number, least: number, most: number): number => {
    const value = Number(env[name] ?? standard)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    problems.push(`${name} is no whole number from ${least} to ${most}`)
    return standard
  }
  const oneOf = <T extends string>(name: string, allowed: readonly T[], standard: T): T => {
    const value = env[name]
    const found = value === undefined ? standard : allowed.find(candidate => candidate === value)
    if (found === undefined) problems.push(`${name} is none of ${allowed.join(', ')}`)
    return found ?? standard
  }
  const url = (name: string, protocols: readonly string[]): string | undefined => {
    const value = env[name]
    if (value === undefined) return undefined
    const parsed = URL.parse(value)
    if (parsed !== null && protocols.includes(parsed.protocol)) return value.replace(/\/+$/, '')
    problems.push(`${name} is no URL of ${protocols.map(protocol => `${protocol}//`).join(' or ')}`)
    return undefined
  }

  const appId = env.APP_ID === undefined ? 0 : number('APP_ID', 0, 1, Number.MAX_SAFE_INTEGER)
  if (env.APP_ID === undefined) missing.push('APP_ID')
  const privateKey = privateKeyOf(env, problems)
  if (privateKey === undefined) missing.push('PRIVATE_KEY or PRIVATE_KEY_PATH')
  const webhookSecret = text('WEBHOOK_SECRET')
  if (webhookSecret === undefined) missing.push('WEBHOOK_SECRET')
  else if (webhookSecret.length < SECRET_LENGTH)
    problems.push(`WEBHOOK_SECRET is shorter than ${SECRET_LENGTH} characters`)
  const databaseUrl = url('DATABASE_URL', ['postgres:', 'postgresql:'])
  const publicUrl = url('PUBLIC_URL', ['https:', 'http:'])
  const apiUrl = url('GITHUB_API_URL', ['https:', 'http:']) ?? 'https://api.github.com'
  const access = accessFrom(env, problems)
  const read: BotEnvironment = {
    appId,
    privateKey: privateKey ?? '',
    webhookSecret: webhookSecret ?? '',
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    dataDirectory,
    host: text('HOST') ?? '0.0.0.0',
    port: number('PORT', 3000, 0, 65_535),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    apiUrl,
    serverUrl: url('GITHUB_SERVER_URL', ['https:', 'http:']) ?? serverOf(apiUrl),
    workers: number('WORKERS', 2, 1, 64),
    reviewSeconds: number('REVIEW_SECONDS', 600, 10, 3600),
    mirrorMiB: number('MIRROR_MIB', 4096, 64, 1024 * 1024),
    sweepMinutes: number('SWEEP_MINUTES', 15, 1, 59),
    linkDays: number('LINK_DAYS', 14, 1, 90),
    failOn: oneOf('FAIL_ON', ['error', 'incomplete', 'warning', 'never'], 'error'),
    comment: oneOf('COMMENT', ['auto', 'always', 'never'], 'auto'),
    readPermission: oneOf('READ_PERMISSION', PERMISSIONS, 'triage'),
    actPermission: oneOf('ACT_PERMISSION', PERMISSIONS, 'write'),
    logLevel: oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
    updates: oneOf('UPDATES', ['off', 'on'], 'off') === 'on',
    ...(access === undefined ? {} : { access }),
  }
  if (problems.length > 0 || missing.length > 0)
    throw new EnvironmentError([...missing, ...problems], explain(missing, problems, dataDirectory))
  return read
}

/** Where the bot keeps its files, known before anything else is. */
export function dataDirectoryOf(env: Variables): string {
  const named = env.DATA_DIR?.trim()
  if (named) return path.resolve(named)
  return path.join(env.XDG_STATE_HOME ?? path.join(env.HOME ?? homedir(), '.local', 'state'), 'cnpg-steward')
}

function explain(missing: readonly string[], problems: readonly string[], directory: string): string {
  return [
    'cnpg-steward cannot start as a bot yet.',
    ...(missing.length > 0 ? [`Missing: ${missing.join(', ')}.`] : []),
    ...(problems.length > 0 ? [`Wrong: ${problems.slice(0, 4).join('; ')}.`] : []),
    '',
    'A bot needs a GitHub App of its own. Either',
    '  npm run bot -- setup       makes one in the browser, and keeps its settings in',
    `                             ${path.join(directory, SETTINGS_FILE)}`,
    'or register one (docs/bot.md lists its permissions and events) and set the variables.',
    '',
    'Nothing else has to be installed: without DATABASE_URL the database is a folder.',
    'To try a review without an app: npm run steward -- review --repo DIR',
  ].join('\n')
}

function privateKeyOf(env: Variables, problems: string[]): string | undefined {
  const file = env.PRIVATE_KEY_PATH
  let key = env.PRIVATE_KEY
  if (key === undefined && file !== undefined)
    try {
      key = readFileSync(file, 'utf8')
    } catch {
      problems.push(`PRIVATE_KEY_PATH names a file that cannot be read: ${file}`)
      return ''
    }
  if (key === undefined) return undefined
  // in files of variables and in secrets of platforms a key often stands in one line
  const pem = key.replaceAll('\\n', '\n').trim()
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----\n[\s\S]+\n-----END [A-Z ]*PRIVATE KEY-----$/.test(pem))
    problems.push('PRIVATE_KEY is no PEM key (-----BEGIN … PRIVATE KEY-----)')
  return `${pem}\n`
}

function accessFrom(env: Variables, problems: string[]): AccessConfig | undefined {
  if (env.ACCESS_FILE === undefined) return undefined
  const read = readAccessFile(env.ACCESS_FILE, env)
  if ('config' in read) return read.config
  problems.push(...read.problems)
  return undefined
}

function settingsFile(directory: string): Variables {
  const file = path.join(directory, SETTINGS_FILE)
  return existsSync(file) ? given(parseEnv(readFileSync(file, 'utf8'))) : {}
}

/** An empty variable says nothing. */
function given(variables: Variables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]): [string, string][] =>
      value === undefined || value.trim() === '' ? [] : [[name, value.trim()]],
    ),
  )
}

/** Where GitHub is, for the setup: nothing else is known then. */
export function githubOf(env: Variables): Pick<BotEnvironment, 'apiUrl' | 'serverUrl'> {
  const apiUrl = env.GITHUB_API_URL?.trim().replace(/\/+$/, '') || 'https://api.github.com'
  return { apiUrl, serverUrl: env.GITHUB_SERVER_URL?.trim().replace(/\/+$/, '') || serverOf(apiUrl) }
}

/**
 * Whether pull requests of updates are to be kept, for the setup.
 * @throws EnvironmentError
 */
export function updatesOf(env: Variables): boolean {
  const value = env.UPDATES?.trim() || 'off'
  if (value === 'on' || value === 'off') return value === 'on'
  const problem = 'UPDATES is none of off, on'
  throw new EnvironmentError([problem], `The app cannot be made yet. Wrong: ${problem}.`)
}

function serverOf(apiUrl: string): string {
  const { protocol, host } = new URL(apiUrl)
  return host === 'api.github.com' ? 'https://github.com' : `${protocol}//${host}`
}
