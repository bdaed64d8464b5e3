/** A repository as an installation of the app sees it. */
export interface RepositoryJob {
  /** number of the installation, whose token is used */
  installation: number
  /** 'owner/name'; GitHub redirects the old name of one that was renamed or moved */
  repository: string
  /** stays when it is renamed or moved; absent in jobs of before it was kept, which are told apart by the name */
  repositoryId?: number
  /** X-GitHub-Delivery of what brought the job, or what made it by itself: through every line of the log */
  delivery: string
  /**
   * A person asked for a new check run, at this moment of GitHub's clock: one that began later is that run, so that the
   * job can be done twice.
   */
  again?: string
}

/** Reviews one pull request as it stands when the job runs. */
export interface ReviewJob extends RepositoryJob {
  kind: 'review'
  number: number
  /** the head that the event told of: another head that is being reviewed is given up for it */
  head?: string
  /** nobody waits: what is asked for by an event goes first */
  background?: true
}

/** Reviews what a merge queue is about to merge. */
export interface MergeGroupJob extends RepositoryJob {
  kind: 'merge-group'
  base: { ref: string; sha: string }
  head: string
}

/** Finds out what a push brings to clusters, so that it is followed. */
export interface MergeJob extends RepositoryJob {
  kind: 'merge'
  branch: string
  before: string
  after: string
  /** whether it is the default branch */
  isDefault: boolean
}

/** Looks once at where a commit stands that is followed, and comes again until it has arrived. */
export interface FollowJob extends RepositoryJob {
  kind: 'follow'
  commit: string
  /** this branch has moved: clusters that follow it are looked at now */
  branch?: string
}

/** Carries out the commands of one comment as it stands when the job runs. */
export interface CommandJob extends RepositoryJob {
  kind: 'command'
  number: number
  comment: number
}

/** Reviews the open pull requests of a repository that want it. */
export interface SweepJob extends RepositoryJob {
  kind: 'sweep'
  /** only those on this branch, all of them: it has moved */
  base?: string
  /** only those with this head, all of them: its check is asked for again */
  head?: string
}

/** Keeps the pull requests of updates of a repository. */
export interface UpdatesJob extends RepositoryJob {
  kind: 'updates'
  /** nobody asked, and nothing happened: once an hour is enough */
  background?: true
}

/** Tells those who wait for a job that it has failed for good. */
export interface ConcludeJob extends RepositoryJob {
  kind: 'conclude'
  /** id of the job in the queue */
  failed: string
  of: ReviewJob | MergeGroupJob | CommandJob
}

/** Sweeps every repository of every installation: what webhooks have missed. */
export interface SweepAllJob {
  kind: 'sweep-all'
  delivery: string
}

export type Job =
  | ReviewJob
  | MergeGroupJob
  | MergeJob
  | FollowJob
  | CommandJob
  | ConcludeJob
  | SweepJob
  | UpdatesJob
  | SweepAllJob

export type QueueName = 'review' | 'command' | 'follow' | 'sweep' | 'updates'

/** The queue a job waits in. */
export function queueOf(job: Job): QueueName {
  switch (job.kind) {
    case 'review':
    case 'merge-group':
    case 'merge':
      return 'review'
    case 'follow':
      return 'follow'
    case 'updates':
      return 'updates'
    case 'command':
    case 'conclude':
      return 'command'
    case 'sweep':
    case 'sweep-all':
    default:
      return 'sweep'
  }
}

/**
 * Jobs with one key are one: at most one waits and one runs, whatever number of events asked for it, and whatever the
 * repository was called in them.
 */
export function keyOf(job: Job): string {
  return named(job, job.kind === 'sweep-all' ? '' : String(job.repositoryId ?? job.repository))
}

/** What people read: 'acme/fleet#7'. */
export function nameOf(job: Job): string {
  return named(job, job.kind === 'sweep-all' ? 'every repository' : job.repository)
}

function named(job: Job, repository: string): string {
  switch (job.kind) {
    case 'review':
      return `${repository}#${job.number}`
    case 'merge-group':
      return `${repository}@${job.head}`
    case 'merge':
      return `${repository}:${job.branch}@${job.after}`
    case 'follow':
      return `${repository}@${job.commit}`
    case 'command':
      return `${repository}#${job.number}/${job.comment}`
    case 'conclude':
      return `${repository} ${job.failed}`
    case 'sweep':
      return `${repository}:${job.base ?? ''}${job.head === undefined ? '' : `@${job.head}`}`
    case 'updates':
    case 'sweep-all':
    default:
      return repository
  }
}

/** Two jobs of one key as one, which asks for what either asks for. @param told the later one */
export function joined(waiting: Job, told: Job): Job {
  if (waiting.kind === 'sweep-all' || told.kind === 'sweep-all') return told
  const again = [waiting.again, told.again]
    .filter(moment => moment !== undefined)
    .toSorted()
    .at(-1)
  const both = again === undefined ? told : { ...told, again }
  if (waiting.kind === 'updates' && both.kind === 'updates') {
    const { background: idle, ...asked } = both
    return idle === true && waiting.background === true ? both : asked
  }
  if (waiting.kind !== 'review' || both.kind !== 'review') return both
  const { background, ...rest } = both
  return {
    ...(waiting.head === undefined ? {} : { head: waiting.head }),
    ...rest,
    ...(background === true && waiting.background === true ? { background } : {}),
  }
}

/** Whose share of the workers a job takes. */
export function shareOf(job: Job): string {
  return job.kind === 'sweep-all' ? '' : String(job.repositoryId ?? job.repository)
}
