// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { isObject, valueAt, type Json, type JsonObject } from '../../../src/manifest/json.ts'
import type { Account, App, Credential, FakeRepository, Installation } from './repository.ts'

/** What handlers need of the fake itself. */
export interface FakeState {
  nextId(): number
  now(): string
  account(login: string): Account
  readonly repositories: ReadonlyMap<string, FakeRepository>
  readonly installations: readonly Installation[]
  /** Makes a token that is known from now on. */
  token(prefix: string, credential: Credential): string
  takeManifestCode(code: string): { app: App; pem: string; webhookSecret: string } | undefined
}

export interface Call {
  fake: FakeState
  parameters: Record<string, string>
  query: URLSearchParams
  url: URL
  body: JsonObject
  credential: Credential | undefined
}

/** `body` may lack required fields: they are filled in by the reply's schema. */
export interface Reply {
  status: number
  body?: Json
  headers?: Record<string, string>
}

export const notFound: Reply = {
  status: 404,
  body: { message: 'Not Found', documentation_url: '', status: '404' },
}

export function ok(body: Json): Reply {
  return { status: 200, body }
}

/** One page of a list, with GitHub's Link header. @param wrap name of the list in an object with total_count */
export function page(call: Call, items: Json[], wrap?: string): Reply {
  const size = Math.min(Number(call.query.get('per_page') ?? 30), 100)
  const number = Number(call.query.get('page') ?? 1)
  const last = Math.max(1, Math.ceil(items.length / size))
  const slice = items.slice((number - 1) * size, number * size)
  const link = (rel: string, to: number): string => {
    const target = new URL(call.url)
    target.searchParams.set('page', String(to))
    return `<${target.href}>; rel="${rel}"`
  }
  const links = [
    ...(number > 1 ? [link('prev', number - 1), link('first', 1)] : []),
    ...(number < last ? [link('next', number + 1), link('last', last)] : []),
  ]
  return {
    status: 200,
    body: wrap === undefined ? slice : { total_count: items.length, [wrap]: slice },
    headers: links.length === 0 ? {} : { link: links.join(', ') },
  }
}

/** The object at `name` of a body, where one was sent. */
export function objectAt(body: JsonObject, name: string): JsonObject | undefined {
  const found = valueAt(body, name)
  return isObject(found) ? found : undefined
}
