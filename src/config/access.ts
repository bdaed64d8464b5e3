/** Which repository may see which cluster; the bot's own file, access.schema.json says how it is written. Plain JSON. */
export interface AccessConfig {
  /** how API servers are reached, by name */
  access: Record<string, AccessEntry>
  repositories: RepositoryAccess[]
  /** milliseconds by class of impact, and of Flux */
  deadlines: Record<string, number>
}

/** One way to an API server, and the line of the file that names it. */
export type AccessEntry = { line: number } & (
  | { kind: 'kubeconfig'; file: string; context?: string; allowExec: boolean }
  | { kind: 'in-cluster' }
  | { kind: 'token'; server: string; ca: string; tokenFile: string }
)

export interface RepositoryAccess {
  /** 'owner/name' */
  repository: string
  clusters: MappedCluster[]
  ask: Ask
}

/** A cluster of a repository that the bot may look at. */
export interface MappedCluster {
  /** as reviews call it */
  name: string
  /** key of `access` */
  access: string
  /** absent: the default branch */
  branch?: string
  /** absent: all */
  namespaces?: string[]
  /** 'GitRepository flux-system/flux-system'; absent: what the tree says */
  source?: string
}

/** Who may ask; one of them is enough. */
export interface Ask {
  permission?: 'read' | 'triage' | 'write' | 'maintain' | 'admin'
  users: string[]
  /** 'organization/slug' */
  teams: string[]
}

/** GitHub's names of repositories do not tell capitals apart. */
export function accessOfRepository(
  config: AccessConfig | undefined,
  repository: string,
): RepositoryAccess | undefined {
  return config?.repositories.find(entry => entry.repository.toLowerCase() === repository.toLowerCase())
}

/** Whether databases of a namespace may be shown. */
export function isAllowed({ namespaces }: MappedCluster, namespace: string): boolean {
  return namespaces?.includes(namespace) ?? true
}
