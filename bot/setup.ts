import { randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { Octokit } from 'octokit'
import { EVENTS } from './deliveries.ts'
import { SETTINGS_FILE } from './environment.ts'
import { closeServer, listen, WEBHOOK_PATH } from './server.ts'
import { UPDATE_EVENTS } from './update-deliveries.ts'

export interface SetupOptions {
  dataDirectory: string
  host: string
  port: number
  /** where GitHub reaches the bot: 'https://bot.example.org' */
  publicUrl: string
  apiUrl: string
  serverUrl: string
  /** the organization that shall own the app; absent: who opens the page */
  organization?: string
  /** pull requests of updates are to be kept: the app may write branches, and hears of boxes that are ticked */
  updates: boolean
  say: (line: string) => void
}

/** What the app may do, and why; docs/bot.md explains each. */
export const APP_PERMISSIONS = {
  checks: 'write',
  contents: 'read',
  issues: 'write',
  merge_queues: 'read',
  metadata: 'read',
  pull_requests: 'write',
} as const

/** The manifest GitHub makes an app of ("Registering a GitHub App from a manifest"). */
export function appManifest(
  { publicUrl, updates }: Pick<SetupOptions, 'publicUrl' | 'updates'>,
  redirectUrl: string,
): object {
  return {
    name: 'cnpg-steward',
    url: 'https://github.com/monosense-io/cnpg-steward',
    public: false,
    hook_attributes: { url: `${publicUrl}${WEBHOOK_PATH}`, active: true },
    redirect_url: redirectUrl,
    default_permissions: { ...APP_PERMISSIONS, ...(updates ? { contents: 'write' } : {}) },
    default_events: [...EVENTS, ...(updates ? UPDATE_EVENTS : [])],
  }
}

/**
 * Makes the app in a browser: serves one page whose button brings the manifest to GitHub, and takes the code that GitHub
 * brings back for the app's settings, which it keeps in a file.
 * @returns the address of the app's page, once it is made
 */
export async function setup(options: SetupOptions): Promise<string> {
  const state = randomBytes(24).toString('hex')
  const made = Promise.withResolvers<string>()
  let base = ''
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', base)
    const answer = (status: number, body: string): void => {
      response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
      response.end(`<!doctype html><title>cnpg-steward</title>${body}`)
    }
    if (url.pathname === '/') return answer(200, form(options, base, state))
    if (url.pathname !== '/made') return answer(404, 'Not found.')
    if (!same(url.searchParams.get('state') ?? '', state))
      return answer(400, 'This answer belongs to another setup.')
    void keep(url.searchParams.get('code') ?? '', options).then(
      address => {
        answer(
          200,
          `<p>The app is made. Install it: <a href="${address}">${address}</a>. This page can be closed.</p>`,
        )
        return made.resolve(address)
      },
      (error: unknown) => {
        answer(502, 'GitHub did not give the settings of the app: start the setup again.')
        return made.reject(error)
      },
    )
  })
  const port = await listen(server, options.host, options.port)
  base = `http://localhost:${port}`
  options.say(`Open ${base}/ in a browser that is logged in to ${options.serverUrl}.`)
  try {
    const address = await made.promise
    const file = path.join(options.dataDirectory, SETTINGS_FILE)
    options.say(`The settings are in ${file}. Install the app on your repositories: ${address}`)
    options.say('Then start the bot: npm run bot')
    return address
  } finally {
    await closeServer(server)
  }
}

function form(options: SetupOptions, base: string, state: string): string {
  const { serverUrl, organization, publicUrl } = options
  const owner = organization === undefined ? '' : `organizations/${encodeURIComponent(organization)}/`
  const manifest = JSON.stringify(appManifest(options, `${base}/made`)).replaceAll('"', '&quot;')
  return `<h1>cnpg-steward</h1><p>GitHub asks for a name and makes the app. Its webhooks go to ${publicUrl}.</p>
<form method="post" action="${serverUrl}/${owner}settings/apps/new?state=${state}">
<input type="hidden" name="manifest" value="${manifest}"><button>Make the app on GitHub</button></form>`
}

async function keep(code: string, { apiUrl, dataDirectory, updates }: SetupOptions): Promise<string> {
  const octokit = new Octokit({ baseUrl: apiUrl })
  const { data } = await octokit.rest.apps.createFromManifest({ code })
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const lines = {
    APP_ID: String(data.id),
    WEBHOOK_SECRET: data.webhook_secret ?? randomBytes(24).toString('hex'),
    PRIVATE_KEY: data.pem,
    // what the app was made for; the environment of the bot goes before it
    ...(updates ? { UPDATES: 'on' } : {}),
  }
  const text = Object.entries(lines).map(([name, value]) => `${name}="${value.trim()}"\n`)
  writeFileSync(path.join(dataDirectory, SETTINGS_FILE), text.join(''), { mode: 0o600 })
  return `${data.html_url}/installations/new`
}

function same(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}
