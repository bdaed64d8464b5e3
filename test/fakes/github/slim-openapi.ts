// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
// Makes openapi.json beside this file: the part of GitHub's own API description that our fake answers.
//
//   npm install --no-save @octokit/openapi@23.0.2      (385 MB unpacked, therefore no dependency)
//   node test/fakes/github/slim-openapi.ts
//
// Kept: the operations below with every schema they refer to. Dropped: descriptions, examples, titles and
// extensions, which check nothing.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../../../src/manifest/json.ts'

const OPERATIONS = new Set([
  'apps/create-from-manifest',
  'apps/create-installation-access-token',
  'apps/get-repo-installation',
  'apps/list-installations',
  'apps/list-repos-accessible-to-installation',
  'apps/get-authenticated',
  'checks/create',
  'checks/get',
  'checks/list-annotations',
  'checks/list-for-ref',
  'checks/update',
  'code-scanning/upload-sarif',
  'git/create-commit',
  'git/create-tree',
  'git/get-ref',
  'git/get-tree',
  'git/list-matching-refs',
  'issues/add-labels',
  'issues/create',
  'issues/create-comment',
  'issues/delete-comment',
  'issues/get-comment',
  'issues/list-comments',
  'issues/list-for-repo',
  'issues/remove-label',
  'issues/update',
  'issues/update-comment',
  'pulls/create',
  'pulls/get',
  'pulls/list',
  'pulls/list-files',
  'pulls/merge',
  'pulls/update',
  'reactions/create-for-issue-comment',
  'repos/compare-commits-with-basehead',
  'repos/get',
  'repos/get-collaborator-permission-level',
  'repos/get-commit',
  'repos/get-content',
  'repos/list-pull-requests-associated-with-commit',
  'users/get-authenticated',
])
const DROPPED = new Set(['description', 'example', 'examples', 'title', 'externalDocs', 'summary', 'tags'])
const METHODS = ['get', 'post', 'patch', 'put', 'delete']

/** Names of properties are data: only keywords are dropped, so 'description' as a property stays. */
function strip(value: Json, namesAreData = false): Json {
  if (Array.isArray(value)) return value.map(item => strip(item))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => namesAreData || !(DROPPED.has(key) || key.startsWith('x-')))
      .map(([key, inner]) => [key, strip(inner, !namesAreData && key === 'properties')]),
  )
}

function references(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(references)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  )
}

/** Only JSON bodies are checked; other media types (diff, raw) are left out. */
function jsonOnly(holder: JsonObject): JsonObject {
  const json = valueAt(holder, 'content', 'application/json')
  return {
    ...(holder.required === undefined ? {} : { required: holder.required }),
    ...(isObject(json) ? { content: { 'application/json': { schema: json.schema ?? {} } } } : {}),
  }
}

/** @param full GitHub's OpenAPI document, references kept */
export function slim(full: JsonObject, source: string): JsonObject {
  const resolve = (value: Json): Json => {
    const reference = valueAt(value, '$ref')
    if (typeof reference !== 'string') return value
    return valueAt(full, ...reference.slice(2).split('/')) ?? null
  }
  const paths: JsonObject = {}
  for (const [path, item] of Object.entries(full.paths as JsonObject)) {
    for (const method of METHODS) {
      const operation = valueAt(item, method)
      if (!isObject(operation) || !OPERATIONS.has(textAt(operation, 'operationId') ?? '')) continue
      const responses = Object.entries(operation.responses as JsonObject).map(
        ([status, response]): [string, Json] => [status, jsonOnly(resolve(response) as JsonObject)],
      )
      const at = (paths[path] ??= {}) as JsonObject
      at[method] = strip({
        operationId: operation.operationId ?? '',
        parameters: ((operation.parameters as Json[] | undefined) ?? []).map(resolve),
        ...(isObject(operation.requestBody)
          ? { requestBody: jsonOnly(resolve(operation.requestBody) as JsonObject) }
          : {}),
        responses: Object.fromEntries(responses),
      })
    }
  }
  const schemas: JsonObject = {}
  const wanted = references(paths)
  for (let reference = wanted.pop(); reference !== undefined; reference = wanted.pop()) {
    const name = reference.split('/').at(-1) ?? ''
    if (name in schemas) continue
    const schema = strip(valueAt(full, ...reference.slice(2).split('/')) ?? {})
    schemas[name] = schema
    wanted.push(...references(schema))
  }
  const sorted = Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return {
    openapi: full.openapi ?? '',
    info: {
      title: `GitHub REST API, slimmed from ${source} by slim-openapi.ts`,
      version: '1',
      license: { name: 'MIT' },
    },
    paths,
    components: { schemas: sorted },
  }
}

if (import.meta.main) {
  const require = createRequire(import.meta.url)
  const manifest = require.resolve('@octokit/openapi/package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const file = manifest.replace(/package\.json$/, 'generated/api.github.com.json')
  const full = JSON.parse(readFileSync(file, 'utf8')) as JsonObject
  const target = fileURLToPath(new URL('openapi.json', import.meta.url))
  writeFileSync(target, `${JSON.stringify(slim(full, `@octokit/openapi ${version}`))}\n`)
}
