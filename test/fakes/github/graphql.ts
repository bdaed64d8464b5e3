// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { schema as github } from '@octokit/graphql-schema'
import { buildSchema, graphqlSync, parse, validate, type GraphQLSchema } from 'graphql'
import type { Json } from '../../../src/manifest/json.ts'
import { textAt, valueAt } from '../../../src/manifest/json.ts'
import { updateRefs } from './objects.ts'
import { reaches, type Credential, type FakePullRequest, type FakeRepository } from './repository.ts'
import type { Permission } from './repository.ts'
import type { Reply } from './call.ts'

let schema: GraphQLSchema | undefined

/** Answers what we ask of GraphQL; any query is validated against GitHub's own schema, and its answer made by it. */
export function answerGraphql(
  body: Json | undefined,
  credential: Credential | undefined,
  violations: string[],
  repositories: ReadonlyMap<string, FakeRepository>,
): Reply {
  if (credential === undefined) return { status: 401, body: { message: 'Requires authentication' } }
  const query = textAt(body, 'query') ?? ''
  // GitHub's own document defines a field twice, which only a strict reading refuses
  schema ??= buildSchema(github.idl, { assumeValidSDL: true })
  const errors = validate(schema, parse(query))
  if (errors.length > 0) {
    violations.push(...errors.map(error => `graphql: ${error.message}`))
    return { status: 200, body: { errors: errors.map(error => ({ message: error.message })) } }
  }
  const known = (repository: FakeRepository | undefined, needed: Permission): FakeRepository => {
    if (repository === undefined || !reaches(credential, repository.fullName))
      throw new Error('Could not resolve to a node with the global id')
    if (credential.permissions[needed] !== 'write') throw new Error('Resource not accessible by integration')
    return repository
  }
  const pullOf = (id: string): FakePullRequest => {
    const [, of = '', number = ''] = id.split('_')
    const repository = [...repositories.values()].find(one => String(one.id) === of)
    const pull = known(repository, 'pull_requests').pulls.get(Number(number))
    if (pull === undefined) throw new Error('Could not resolve to a node with the global id')
    return pull
  }
  const drafted = (draft: boolean) => (given: { input: { pullRequestId: string } }) => {
    const pull = pullOf(given.input.pullRequestId)
    pull.draft = draft
    return { pullRequest: { isDraft: draft } }
  }
  const rootValue = {
    viewer: { login: credential.account.login },
    updateRefs: ({ input }: { input: RefsInput }) => {
      const repository = [...repositories.values()].find(one => `R_${one.id}` === input.repositoryId)
      updateRefs(known(repository, 'contents'), input.refUpdates)
      return { clientMutationId: null }
    },
    convertPullRequestToDraft: drafted(true),
    markPullRequestReadyForReview: drafted(false),
  }
  const variableValues = valueAt(body, 'variables') as { [name: string]: unknown } | undefined
  const result = graphqlSync({
    schema,
    source: query,
    rootValue,
    ...(variableValues === undefined ? {} : { variableValues }),
  })
  const asked = /\{\s*(\w+)/.exec(query.replace(/^[^{]*/, ''))?.[1] ?? ''
  if (!Object.hasOwn(rootValue, asked)) violations.push(`graphql: the fake does not answer ${query}`)
  return { status: 200, body: JSON.parse(JSON.stringify(result)) as Json }
}

interface RefsInput {
  repositoryId: string
  refUpdates: { name: string; beforeOid?: string | null; afterOid: string }[]
}
