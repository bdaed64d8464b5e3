import { reaches, type Credential, type FakeRepository, type Permission } from './repository.ts'

/** Operations that write, with the permissions of which one is enough (docs.github.com, permissions of GitHub Apps). */
const WRITES: Record<string, Permission[]> = {
  'checks/create': ['checks'],
  'checks/update': ['checks'],
  'code-scanning/upload-sarif': ['security_events'],
  'git/create-commit': ['contents'],
  'git/create-tree': ['contents'],
  'issues/add-labels': ['issues', 'pull_requests'],
  'issues/create': ['issues'],
  'issues/create-comment': ['issues', 'pull_requests'],
  'issues/delete-comment': ['issues', 'pull_requests'],
  'issues/update-comment': ['issues', 'pull_requests'],
  'issues/remove-label': ['issues', 'pull_requests'],
  'issues/update': ['issues'],
  'pulls/create': ['pull_requests'],
  'pulls/merge': ['contents'],
  'pulls/update': ['pull_requests'],
  'reactions/create-for-issue-comment': ['issues', 'pull_requests'],
}
/** Operations that only the app itself may ask for, with its JWT. */
const BY_JWT = new Set([
  'apps/create-installation-access-token',
  'apps/get-authenticated',
  'apps/get-repo-installation',
  'apps/list-installations',
])

/** Why GitHub would not even look at the request; `undefined` where the token may do it. */
export function refusal(
  operation: string,
  credential: Credential | undefined,
  repository: FakeRepository | undefined,
): { status: number; message: string } | undefined {
  if (operation === 'apps/create-from-manifest') return undefined
  if (BY_JWT.has(operation))
    return credential?.jwt === true
      ? undefined
      : { status: 401, message: 'A JSON web token could not be decoded' }
  if (operation === 'apps/list-repos-accessible-to-installation')
    return credential?.installation === undefined ? forbidden : undefined
  if (operation === 'users/get-authenticated') {
    if (credential === undefined) return { status: 401, message: 'Requires authentication' }
    return credential.app === undefined ? undefined : forbidden
  }
  const notFound = { status: 404, message: 'Not Found' }
  if (repository === undefined) return notFound
  const ours = credential !== undefined && reaches(credential, repository.fullName)
  const person = credential !== undefined && credential.app === undefined
  const role = person ? repository.collaborators.get(credential.account.login) : undefined
  if (repository.private && (person ? role === undefined : !ours)) return notFound
  const needed = WRITES[operation]
  if (needed === undefined) return undefined
  if (credential === undefined) return { status: 401, message: 'Requires authentication' }
  if (operation.startsWith('checks/') && credential.app === undefined)
    return { status: 403, message: 'You must authenticate via a GitHub App.' }
  // anyone who can read may comment; editing and the rest takes the role
  if (person && (operation === 'issues/create-comment' || role === 'write' || role === 'admin'))
    return undefined
  return ours && needed.some(permission => credential.permissions[permission] === 'write')
    ? undefined
    : forbidden
}

const forbidden = { status: 403, message: 'Resource not accessible by integration' }
