// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { isObject, textAt, type Json, type JsonObject } from '../../../src/manifest/json.ts'
import { notFound, ok, page, type Call, type Reply } from './call.ts'
import * as payload from './payloads.ts'
import type { FakeIssue, FakePullRequest, FakeRepository } from './repository.ts'

const HTML = 'https://github.example/'

/** Issues and pull requests alike, as GitHub lists them. */
export function list(repository: FakeRepository, call: Call): Reply {
  const state = call.query.get('state') ?? 'open'
  const creator = call.query.get('creator')
  const pulls = [...repository.pulls.values()].map(pull => ({
    number: pull.number,
    state: pull.state,
    login: pull.author.login,
    body: {
      ...payload.issue({ ...issueOf(pull) }),
      pull_request: { url: HTML, html_url: HTML, diff_url: HTML, patch_url: HTML },
    } as JsonObject,
  }))
  const issues = [...repository.issues.values()].map(issue => ({
    number: issue.number,
    state: issue.state,
    login: issue.user.login,
    body: payload.issue(issue),
  }))
  const found = [...pulls, ...issues]
    .filter(one => (state === 'all' || one.state === state) && (creator === null || creator === one.login))
    .toSorted((a, b) => (call.query.get('direction') === 'asc' ? a.number - b.number : b.number - a.number))
  return page(
    call,
    found.map(({ body }): Json => body),
  )
}

export function create(repository: FakeRepository, call: Call): Reply {
  const issue: FakeIssue = {
    number: repository.nextNumber(),
    title: textAt(call.body, 'title') ?? '',
    body: textAt(call.body, 'body') ?? '',
    state: 'open',
    user: call.credential?.account ?? call.fake.account('ghost'),
    labels: new Set(),
    created: call.fake.now(),
  }
  repository.issues.set(issue.number, issue)
  return { status: 201, body: payload.issue(issue) }
}

export function update(repository: FakeRepository, call: Call): Reply {
  const issue = repository.issues.get(Number(call.parameters.issue_number))
  if (issue === undefined) return notFound
  issue.title = textAt(call.body, 'title') ?? issue.title
  issue.body = textAt(call.body, 'body') ?? issue.body
  const state = textAt(call.body, 'state')
  if (state === 'open' || state === 'closed') issue.state = state
  return ok(payload.issue(issue))
}

export function addLabels(repository: FakeRepository, call: Call): Reply {
  const labels = labelsOf(repository, call)
  if (labels === undefined) return notFound
  const names = isObject(call.body) ? (call.body.labels as string[]) : []
  for (const name of names) labels.add(name)
  return ok(payload.labels(labels))
}

export function removeLabel(repository: FakeRepository, call: Call): Reply {
  const labels = labelsOf(repository, call)
  if (labels === undefined || !labels.delete(call.parameters.name ?? '')) return notFound
  return ok(payload.labels(labels))
}

function labelsOf(repository: FakeRepository, call: Call): Set<string> | undefined {
  const number = Number(call.parameters.issue_number)
  return repository.pulls.get(number)?.labels ?? repository.issues.get(number)?.labels
}

function issueOf(pull: FakePullRequest): FakeIssue {
  const { number, title, body, state, author, labels, created } = pull
  return { number, title, body, state, user: author, labels, created }
}
