// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import type { Json } from '../../../src/manifest/json.ts'
import { notFound, objectAt, ok, page, type Call, type Reply } from './call.ts'
import * as payload from './payloads.ts'
import type { Account, App, Credential, FakeRepository, Installation, Permission } from './repository.ts'

export function getAuthenticated(_repository: FakeRepository, call: Call): Reply {
  const app = call.credential?.app as App
  return ok({ id: app.id, slug: app.slug, name: app.name, permissions: {}, events: [] })
}

export function list(_repository: FakeRepository, call: Call): Reply {
  return page(call, ours(call).map(installation))
}

export function ofRepository(repository: FakeRepository, call: Call): Reply {
  const found = ours(call).find(one => one.repositories.includes(repository?.fullName))
  return found === undefined ? notFound : ok(installation(found))
}

/** A token for all repositories of an installation with all of its permissions, or for fewer. */
export function createToken(_repository: FakeRepository, call: Call): Reply {
  const found = ours(call).find(({ id }) => id === Number(call.parameters.installation_id))
  if (found === undefined) return notFound
  if (found.suspended === true)
    return { status: 403, body: { message: 'This installation has been suspended' } }
  const ids = call.body.repository_ids as number[] | undefined
  const chosen = [...call.fake.repositories.values()].filter(
    one => found.repositories.includes(one.fullName) && (ids === undefined || ids.includes(one.id)),
  )
  const permissions = (objectAt(call.body, 'permissions') ?? found.permissions) as Credential['permissions']
  for (const [name, level] of Object.entries(permissions) as [Permission, string][])
    if (found.permissions[name] !== 'write' && found.permissions[name] !== level)
      return {
        status: 422,
        body: { message: 'The permissions requested are not granted to this installation.' },
      }
  const token = call.fake.token('ghs_', {
    account: call.fake.account(`${found.app.slug}[bot]`),
    app: found.app,
    installation: found,
    // one for all follows the installation as it changes
    repositories: ids === undefined ? found.repositories : chosen.map(({ fullName }) => fullName),
    permissions,
  })
  const limited = ids === undefined ? {} : { repositories: chosen.map(payload.repository) }
  return {
    status: 201,
    body: {
      token,
      expires_at: '2099-01-01T00:00:00Z',
      permissions: permissions as Json as never,
      repository_selection: ids === undefined ? 'all' : 'selected',
      ...limited,
    },
  }
}

export function listRepositories(_repository: FakeRepository, call: Call): Reply {
  const names = call.credential?.repositories ?? []
  const found = names.flatMap(name => call.fake.repositories.get(name) ?? [])
  return page(call, found.map(payload.repository), 'repositories')
}

/** The last step of making an app from a manifest: the code of the redirect is good once. */
export function createFromManifest(_repository: FakeRepository, call: Call): Reply {
  const made = call.fake.takeManifestCode(call.parameters.code ?? '')
  return made === undefined
    ? notFound
    : {
        status: 201,
        body: {
          id: made.app.id,
          slug: made.app.slug,
          name: made.app.name,
          html_url: `https://github.example/apps/${made.app.slug}`,
          client_id: 'Iv1.x',
          client_secret: 'x',
          webhook_secret: made.webhookSecret,
          pem: made.pem,
          permissions: {},
          events: [],
        },
      }
}

function ours(call: Call): Installation[] {
  return call.fake.installations.filter(({ app, removed }) => !removed && app.id === call.credential?.app?.id)
}

function installation(made: Installation): Json {
  return {
    id: made.id,
    app_id: made.app.id,
    app_slug: made.app.slug,
    account: owner(made.account),
    target_type: made.account.type,
    repository_selection: 'selected',
    permissions: {},
    events: [],
    suspended_at: null,
  }
}

/** The description of an installation's account joins that of a user and that of an enterprise: here all is said. */
function owner(account: Account): Json {
  const address = `https://github.example/${account.login}`
  const names =
    'avatar events followers following gists organizations received_events repos starred subscriptions'
  const urls = names.split(' ').map((name): [string, Json] => [`${name}_url`, address])
  return {
    ...payload.user(account),
    ...Object.fromEntries(urls),
    gravatar_id: '',
    node_id: 'x',
    site_admin: false,
    name: account.login,
    slug: account.login,
    created_at: null,
    updated_at: null,
  }
}
