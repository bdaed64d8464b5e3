import type { GitHubClient } from './github-client.ts'

/** An annotation as the checks API takes it. */
export interface CheckAnnotation {
  path: string
  start_line: number
  end_line: number
  annotation_level: 'notice' | 'warning' | 'failure'
  message: string
  title?: string
  raw_details?: string
}

export interface CheckReport {
  /** 'cnpg-steward' */
  name: string
  headSha: string
  conclusion: 'success' | 'failure' | 'neutral' | 'action_required' | 'cancelled'
  title: string
  /** markdown, at most 65,535 characters */
  summary: string
  /** most harmful first: all are sent, 50 a request */
  annotations: readonly CheckAnnotation[]
  detailsUrl?: string
}

export interface CheckResult {
  outcome: 'created' | 'updated' | 'unchanged'
  url?: string
}

/** "The Checks API limits the number of annotations to a maximum of 50 per API request." */
const ANNOTATIONS_PER_REQUEST = 50

/**
 * Reports one check on a commit. GitHub adds the annotations of each request to those of the run and takes none away:
 * a run is therefore brought up to date only where all that it shows is still wanted, else a new run of the same name
 * takes its place (the latest run of a name is the one that GitHub shows and counts).
 * @param appSlug the app whose token this is: 'github-actions'; only its own runs can be updated
 * @throws the client's error where the token may not write checks (`isRefused`)
 */
export async function reportCheck(
  client: GitHubClient,
  target: { owner: string; repo: string },
  report: CheckReport,
  appSlug: string,
): Promise<CheckResult> {
  const { owner, repo } = target
  const { checks } = client.rest
  const known = await latestRun(client, target, report, appSlug)
  const shown =
    known === undefined || known.output.annotations_count === 0
      ? []
      : await client.paginate(checks.listAnnotations, { owner, repo, check_run_id: known.id, per_page: 100 })
  const missing = lacking(report.annotations, shown.map(annotationKey))
  const finished = {
    status: 'completed' as const,
    conclusion: report.conclusion,
    ...(report.detailsUrl === undefined ? {} : { details_url: report.detailsUrl }),
  }
  const words = { title: report.title, summary: report.summary }
  if (known !== undefined && missing !== undefined) {
    const same =
      known.status === 'completed' &&
      known.conclusion === report.conclusion &&
      known.output.title === report.title &&
      known.output.summary === report.summary
    if (same && missing.length === 0) return { outcome: 'unchanged', ...urlOf(known.html_url) }
    const url = await update(known.id, missing)
    return { outcome: 'updated', ...urlOf(url) }
  }
  const [first = [], ...rest] = batches(report.annotations)
  const created = await checks.create({
    owner,
    repo,
    name: report.name,
    head_sha: report.headSha,
    output: { ...words, annotations: first },
    // a run with parts to come is not finished: who waits for it must not see half of it
    ...(rest.length === 0 ? finished : { status: 'in_progress' as const }),
  })
  if (rest.length > 0) await update(created.data.id, rest.flat())
  return { outcome: 'created', ...urlOf(created.data.html_url) }

  async function update(id: number, annotations: readonly CheckAnnotation[]): Promise<string | null> {
    const parts = batches(annotations)
    const last = parts.pop() ?? []
    for (const part of parts)
      await checks.update({ owner, repo, check_run_id: id, output: { ...words, annotations: part } })
    const output = { ...words, annotations: last }
    const { data } = await checks.update({ owner, repo, check_run_id: id, ...finished, output })
    return data.html_url
  }
}

/**
 * Shows at once that a commit is being looked at. A run of ours that is under way is enough; so is a finished one, whose
 * verdict stands until there is another, unless somebody asked for a new run since it began, or it was cancelled.
 * @param check again: when that was (ISO 8601, GitHub's clock)
 */
export async function startCheck(
  client: GitHubClient,
  target: { owner: string; repo: string },
  check: Pick<CheckReport, 'name' | 'headSha' | 'title' | 'summary'> & { again?: string },
  appSlug: string,
): Promise<'started' | 'known'> {
  const known = await latestRun(client, target, check, appSlug)
  const asked = check.again === undefined ? undefined : Date.parse(check.again)
  const stands =
    known !== undefined &&
    (known.status !== 'completed' ||
      (hasVerdict(known) && (asked === undefined || Date.parse(known.started_at ?? '') > asked)))
  if (stands) return 'known'
  const { owner, repo } = target
  await client.rest.checks.create({
    owner,
    repo,
    name: check.name,
    head_sha: check.headSha,
    status: 'in_progress',
    output: { title: check.title, summary: check.summary },
  })
  return 'started'
}

/**
 * Shows how far something is on a commit, in one run that is brought up to date. A run that has come to an end once stays so: its
 * words and its conclusion change with what is told, and who waits for it does not wait again.
 * @param check without conclusion: it is in progress
 */
export async function showCheck(
  client: GitHubClient,
  target: { owner: string; repo: string },
  check: Pick<CheckReport, 'name' | 'headSha' | 'title' | 'summary'> &
    Partial<Pick<CheckReport, 'conclusion'>>,
  appSlug: string,
): Promise<void> {
  const known = await latestRun(client, target, check, appSlug)
  const { owner, repo } = target
  const { title, summary, conclusion } = check
  const output = { title, summary }
  const status =
    conclusion === undefined
      ? { status: 'in_progress' as const }
      : { status: 'completed' as const, conclusion }
  if (known === undefined) {
    await client.rest.checks.create({
      owner,
      repo,
      name: check.name,
      head_sha: check.headSha,
      ...status,
      output,
    })
    return
  }
  const keeps = known.status === 'completed' && conclusion === undefined
  await client.rest.checks.update({
    owner,
    repo,
    check_run_id: known.id,
    ...(keeps ? {} : status),
    output,
  })
}

/** Ends a run that was started on a commit whose review was given up. */
export async function endCheck(
  client: GitHubClient,
  target: { owner: string; repo: string },
  check: Pick<CheckReport, 'name' | 'headSha' | 'title' | 'summary'>,
  appSlug: string,
): Promise<void> {
  const known = await latestRun(client, target, check, appSlug)
  if (known === undefined || known.status === 'completed') return
  const { owner, repo } = target
  await client.rest.checks.update({
    owner,
    repo,
    check_run_id: known.id,
    status: 'completed',
    conclusion: 'cancelled',
    output: { title: check.title, summary: check.summary },
  })
}

/** Whether a run says what was found: one that was given up says nothing. */
export function hasVerdict(run: { status: string; conclusion: string | null }): boolean {
  return run.status === 'completed' && run.conclusion !== 'cancelled'
}

/** The run of ours that GitHub shows for a commit. */
export async function latestRun(
  client: GitHubClient,
  { owner, repo }: { owner: string; repo: string },
  { name, headSha }: Pick<CheckReport, 'name' | 'headSha'>,
  appSlug: string,
) {
  const runs = await client.paginate(client.rest.checks.listForRef, {
    owner,
    repo,
    ref: headSha,
    check_name: name,
    per_page: 100,
  })
  return runs.find(run => run.app?.slug === appSlug && run.head_sha === headSha)
}

/** What is wanted and not shown yet; `undefined` where something is shown that is no longer wanted. */
function lacking(
  wanted: readonly CheckAnnotation[],
  shown: readonly string[],
): CheckAnnotation[] | undefined {
  const left = new Map<string, number>()
  for (const key of shown) left.set(key, (left.get(key) ?? 0) + 1)
  const missing = wanted.filter(annotation => {
    const key = annotationKey(annotation)
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    return count === 0
  })
  return [...left.values()].some(count => count > 0) ? undefined : missing
}

/** Two annotations with the same key look the same to a reader. */
function annotationKey(annotation: {
  path: string
  start_line: number
  end_line: number
  annotation_level: string | null
  message: string | null
  title?: string | null
}): string {
  const { path, start_line, end_line, annotation_level, message, title } = annotation
  return JSON.stringify([path, start_line, end_line, annotation_level, message, title ?? ''])
}

function batches(annotations: readonly CheckAnnotation[]): CheckAnnotation[][] {
  const parts: CheckAnnotation[][] = []
  for (let start = 0; start < annotations.length; start += ANNOTATIONS_PER_REQUEST)
    parts.push(annotations.slice(start, start + ANNOTATIONS_PER_REQUEST))
  return parts
}

function urlOf(url: string | null): { url?: string } {
  return url === null ? {} : { url }
}
