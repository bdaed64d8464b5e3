// Makes src/render/kustomize-schema.json: what kustomize's own OpenAPI schema says of lists that a strategic merge patch
// merges, and nothing else.
//
//   node .github/catalog/kustomize-schema.ts           write it
//   node .github/catalog/kustomize-schema.ts --check   fail where it is not what the module says
//
// kustomize parses the whole schema of Kubernetes 1.21.2 (kyaml openapi/kubernetesapi/openapiinfo.go: DefaultOpenAPI, in
// all of 4.x and 5.x to 5.8.1) for the first strategic merge patch of a build, two thirds of the time of a small one. A
// merge asks it only which lists are merged, and by which key (kyaml yaml/walk/walk.go, yaml/schema/schema.go).
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { download } from './go-module.ts'

const KUBERNETES = '1.21.2'
const target = path.join(import.meta.dirname, '../../src/render/kustomize-schema.json')
const REFERENCE = '#/definitions/'
const STRATEGY = 'x-kubernetes-patch-strategy'
// `type`: kyaml looks into the items of nothing but an array (openapi.go, Elements)
const KEPT = [STRATEGY, 'x-kubernetes-patch-merge-key', 'x-kubernetes-list-map-keys', 'type']
const KIND = 'x-kubernetes-group-version-kind'

interface Schema {
  $ref?: string
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema
  type?: string
  [extension: `x-${string}`]: unknown
}

const { definitions } = JSON.parse(
  readFileSync(
    path.join(download('k8s.io/kubernetes', KUBERNETES), 'api/openapi-spec/swagger.json'),
    'utf8',
  ),
) as { definitions: Record<string, Schema> }

/** Definitions below which a merged list stands. */
const telling = new Set<string>()
for (let before = -1; before < telling.size; ) {
  before = telling.size
  for (const [name, schema] of Object.entries(definitions)) if (tells(schema)) telling.add(name)
}

function tells(schema: Schema): boolean {
  if (schema.$ref !== undefined) return telling.has(schema.$ref.slice(REFERENCE.length))
  if (STRATEGY in schema) return true
  const inner = [schema.items, schema.additionalProperties, ...Object.values(schema.properties ?? {})]
  return inner.some(child => child !== undefined && tells(child))
}

function slim(schema: Schema): Schema {
  if (schema.$ref !== undefined) return { $ref: schema.$ref }
  const { properties, items, additionalProperties } = schema
  const fields = Object.entries(properties ?? {}).filter(([, child]) => tells(child))
  return {
    ...Object.fromEntries(Object.entries(schema).filter(([key]) => KEPT.includes(key))),
    ...(fields.length === 0
      ? {}
      : { properties: Object.fromEntries(fields.map(([key, child]) => [key, slim(child)])) }),
    ...(items !== undefined && tells(items) ? { items: slim(items) } : {}),
    ...(additionalProperties !== undefined && tells(additionalProperties)
      ? { additionalProperties: slim(additionalProperties) }
      : {}),
  }
}

const kept = Object.entries(definitions)
  .filter(([name]) => telling.has(name) && !/\.\w+List$/.test(name))
  .map(([name, schema]) => {
    const kinds = schema[KIND]
    return [name, { ...slim(schema), ...(kinds === undefined ? {} : { [KIND]: kinds }) }] as const
  })
// One line a definition: a change reads well in a diff.
const text = `{"definitions":{\n${kept
  .map(([name, schema]) => `${JSON.stringify(name)}:${JSON.stringify(schema)}`)
  .join(',\n')}\n}}\n`

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error(`not as generated: ${target}`)
    process.exitCode = 1
  }
} else {
  writeFileSync(target, text)
  console.log(`${kept.length} definitions`)
}
