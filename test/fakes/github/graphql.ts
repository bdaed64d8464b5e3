// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { schema as github } from '@octokit/graphql-schema'
import { buildSchema, parse, validate, type GraphQLSchema } from 'graphql'
import type { Json } from '../../../src/manifest/json.ts'
import { textAt } from '../../../src/manifest/json.ts'
import type { Credential } from './repository.ts'
import type { Reply } from './call.ts'

let schema: GraphQLSchema | undefined

/** Answers the one query we ask, `viewer { login }`; any query is validated against GitHub's own schema first. */
export function answerGraphql(
  body: Json | undefined,
  credential: Credential | undefined,
  violations: string[],
): Reply {
  if (credential === undefined) return { status: 401, body: { message: 'Requires authentication' } }
  const query = textAt(body, 'query') ?? ''
  // GitHub's own document defines a field twice, which only a strict reading refuses
  schema ??= buildSchema(github.idl, { assumeValidSDL: true })
  const errors = validate(schema, parse(query))
  const viewer = /^\s*(query\s*)?\{\s*viewer\s*\{\s*login\s*\}\s*\}\s*$/.test(query)
  if (errors.length > 0 || !viewer) {
    violations.push(...errors.map(error => `graphql: ${error.message}`))
    if (errors.length === 0) violations.push(`graphql: the fake does not answer ${query}`)
    return { status: 200, body: { errors: errors.map(error => ({ message: error.message })) } }
  }
  return { status: 200, body: { data: { viewer: { login: credential.account.login } } } }
}
