// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { textAt, type Json, type JsonObject } from '../../../src/manifest/json.ts'
import * as payload from './payloads.ts'
import type { App, CheckRun, FakeRepository } from './repository.ts'
import { notFound, objectAt, ok, page, type Call, type Reply } from './call.ts'

/** Each request adds its annotations: GitHub never removes one from a run. */
function receive(run: CheckRun, call: Call): void {
  const { output: _sent, ...rest } = call.body
  const output = objectAt(call.body, 'output')
  Object.assign(run.sent, rest)
  if (rest.conclusion !== undefined) run.sent.status = 'completed'
  if (run.sent.status === 'completed') run.sent.completed_at ??= call.fake.now()
  if (output === undefined) return
  const { annotations, ...words } = output
  run.annotations.push(...((annotations ?? []) as JsonObject[]))
  run.sent.output = { ...(run.sent.output as JsonObject | undefined), ...words }
}

export function create(repository: FakeRepository, call: Call): Reply {
  const sha = textAt(call.body, 'head_sha') ?? ''
  if (repository.git.resolve(sha) !== sha)
    return { status: 422, body: { message: `No commit found for SHA: ${sha}`, documentation_url: '' } }
  const run: CheckRun = {
    id: call.fake.nextId(),
    app: call.credential?.app as App,
    sent: { status: 'queued', started_at: call.fake.now() },
    annotations: [],
  }
  receive(run, call)
  repository.checkRuns.push(run)
  return { status: 201, body: payload.checkRun(run) }
}

export function get(repository: FakeRepository, call: Call): Reply {
  return onRun(repository, call, run => ok(payload.checkRun(run)))
}

export function update(repository: FakeRepository, call: Call): Reply {
  return onRun(repository, call, run => {
    const app = call.credential?.app
    if (run.app.id !== app?.id) {
      const message = `Invalid app_id \`${app?.id}\` - check run can only be modified by the GitHub App that created it.`
      return { status: 403, body: { message, documentation_url: '' } }
    }
    receive(run, call)
    return ok(payload.checkRun(run))
  })
}

/** Without `filter=all` only the latest run of each app and name is listed. */
export function listForRef(repository: FakeRepository, call: Call): Reply {
  const sha = repository.git.resolve(call.parameters.ref ?? '')
  const name = call.query.get('check_name')
  const runs = repository.checkRuns.filter(
    run => run.sent.head_sha === sha && (name === null || run.sent.name === name),
  )
  const latest = new Map(runs.map(run => [`${run.app.id} ${textAt(run.sent, 'name')}`, run]))
  const listed = call.query.get('filter') === 'all' ? runs.toReversed() : [...latest.values()].toReversed()
  return page(call, listed.map(payload.checkRun), 'check_runs')
}

export function listAnnotations(repository: FakeRepository, call: Call): Reply {
  return onRun(repository, call, run =>
    page(
      call,
      run.annotations.map((sent): Json => ({
        start_column: null,
        end_column: null,
        title: null,
        raw_details: null,
        ...sent,
        blob_href: `https://github.example/${repository.fullName}/blob/${textAt(run.sent, 'head_sha')}/${textAt(sent, 'path')}`,
      })),
    ),
  )
}

function onRun(repository: FakeRepository, call: Call, then: (run: CheckRun) => Reply): Reply {
  const run = repository.checkRuns.find(({ id }) => id === Number(call.parameters.check_run_id))
  return run === undefined ? notFound : then(run)
}
