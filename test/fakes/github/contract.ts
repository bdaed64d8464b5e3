// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { Ajv, type ValidateFunction } from 'ajv'
import addFormatsModule from 'ajv-formats'
import { readFileSync } from 'node:fs'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../../../src/manifest/json.ts'

// ajv-formats is CommonJS: its function is the default of the default under nodenext.
const addFormats = addFormatsModule as unknown as (ajv: Ajv) => Ajv

/** An operation of GitHub's REST API, found by a request. */
export interface Operation {
  id: string
  definition: JsonObject
  /** values of the path's parameters, decoded */
  parameters: Record<string, string>
}

/**
 * What GitHub answers to any operation, whatever its description lists: bad credentials, missing permission or rate
 * limit, hidden resources, invalid bodies, trouble of its own. Their bodies are checked as `basic-error`.
 */
const ANYWHERE = new Set([401, 403, 404, 422, 429, 500, 502, 503])
/** Parameters that may hold slashes: `contents/apps/cluster.yaml`, `git/ref/heads/main`. */
const WITH_SLASHES = new Set(['path', 'ref', 'basehead'])

/** Checks requests and replies against openapi.json, GitHub's own description. */
export class Contract {
  readonly #routes: { method: string; pattern: RegExp; names: string[]; definition: JsonObject }[] = []
  readonly #schemas: JsonObject
  readonly #ajv: Ajv
  readonly #compiled = new Map<string, ValidateFunction>()

  constructor(document: JsonObject = readDocument()) {
    this.#schemas = valueAt(document, 'components', 'schemas') as JsonObject
    this.#ajv = addFormats(new Ajv({ allErrors: true, strict: false, coerceTypes: false }))
    const definitions = Object.entries(this.#schemas).map(([name, schema]) => [name, jsonSchema(schema)])
    this.#ajv.addSchema({ $id: 'github:', components: { schemas: Object.fromEntries(definitions) } })
    const paths = Object.entries(document.paths as JsonObject)
    // fixed words before parameters: /issues/comments/{id} is no comment of issue "comments"
    for (const [path, item] of paths.toSorted(([a], [b]) => specificity(b) - specificity(a)))
      for (const [method, definition] of Object.entries(item as JsonObject)) {
        const names = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1] ?? '')
        const source = path
          .split(/\{(\w+)\}/)
          .map((part, index) => (index % 2 === 0 ? part : WITH_SLASHES.has(part) ? '(.+)' : '([^/]+)'))
        this.#routes.push({
          method: method.toUpperCase(),
          pattern: new RegExp(`^${source.join('')}$`),
          names,
          definition: definition as JsonObject,
        })
      }
  }

  match(method: string, path: string): Operation | undefined {
    for (const route of this.#routes) {
      const found = route.method === method ? route.pattern.exec(path) : null
      if (found === null) continue
      const values = route.names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')])
      return {
        id: textAt(route.definition, 'operationId') ?? '',
        definition: route.definition,
        parameters: Object.fromEntries(values) as Record<string, string>,
      }
    }
    return undefined
  }

  /** What is wrong with a request; unknown query parameters and unknown body fields are. */
  checkRequest(operation: Operation, query: URLSearchParams, body: Json | undefined): string[] {
    const problems: string[] = []
    const known = (operation.definition.parameters as JsonObject[]).filter(
      ({ in: where }) => where === 'query',
    )
    for (const [name, text] of query) {
      const parameter = known.find(candidate => candidate.name === name)
      if (parameter === undefined) problems.push(`unknown query parameter ${name}`)
      else {
        const schema = parameter.schema ?? {}
        const value = ['integer', 'number'].includes(textAt(schema, 'type') ?? '') ? Number(text) : text
        problems.push(...this.#problems(`${operation.id} ?${name}`, jsonSchema(schema), value))
      }
    }
    const schema = valueAt(operation.definition, 'requestBody', 'content', 'application/json', 'schema')
    if (schema === undefined) {
      if (body !== undefined) problems.push('a body where none is taken')
    } else if (body === undefined) {
      if (valueAt(operation.definition, 'requestBody', 'required') === true) problems.push('no body')
    } else problems.push(...this.#problems(`${operation.id} body`, closed(jsonSchema(schema)), body))
    return problems
  }

  /** What is wrong with a reply: an undocumented status, fields that are missing or of another type. */
  checkReply(operation: Operation, status: number, body: Json | undefined): string[] {
    const response = valueAt(operation.definition, 'responses', String(status))
    if (response === undefined && !ANYWHERE.has(status)) return [`status ${status} is not documented`]
    const documented = valueAt(response, 'content', 'application/json', 'schema')
    const schema =
      documented ??
      (ANYWHERE.has(status) && response === undefined
        ? { $ref: '#/components/schemas/basic-error' }
        : undefined)
    if (schema === undefined) return []
    return this.#problems(`${operation.id} ${status}`, jsonSchema(schema), body ?? null)
  }

  /** A value of the reply's schema: `partial`, with what it lacks of the required fields filled in. */
  sample(operationId: string, status: number, partial: Json): Json {
    const definition = this.#routes.find(route => route.definition.operationId === operationId)?.definition
    const schema = valueAt(definition, 'responses', String(status), 'content', 'application/json', 'schema')
    return schema === undefined ? partial : this.#fill(schema, partial)
  }

  #fill(given: Json, partial: Json | undefined): Json {
    if (partial === null) return null
    const schema = this.#resolve(given)
    if (partial === undefined) {
      if (schema.nullable === true) return null
      if (Array.isArray(schema.enum)) return schema.enum[0] ?? null
    }
    const alternatives = ((schema.oneOf ?? schema.anyOf) as Json[] | undefined)?.map(one =>
      this.#resolve(one),
    )
    const wanted = alternatives?.find(({ type }) => partial === undefined || type === typeOf(partial))
    if (wanted !== undefined) return this.#fill(wanted, partial)
    if (schema.type === 'array')
      return Array.isArray(partial)
        ? partial.map(item => this.#fill(schema.items ?? {}, item))
        : (partial ?? [])
    if (isObject(schema.properties) && (partial === undefined || isObject(partial))) {
      const filled: JsonObject = { ...partial }
      const required = new Set((schema.required as string[] | undefined) ?? [])
      for (const [name, inner] of Object.entries(schema.properties))
        if (required.has(name) || filled[name] !== undefined) filled[name] = this.#fill(inner, filled[name])
      return filled
    }
    return partial ?? scalar(schema)
  }

  /** Follows references and joins `allOf`. */
  #resolve(given: Json): JsonObject {
    if (!isObject(given)) return {}
    if (typeof given.$ref === 'string')
      return this.#resolve(this.#schemas[given.$ref.split('/').at(-1) ?? ''] ?? {})
    if (!Array.isArray(given.allOf)) return given
    const parts = given.allOf.map(part => this.#resolve(part))
    return {
      ...given,
      ...Object.assign({}, ...parts),
      properties: Object.assign({}, ...parts.map(part => part.properties ?? {})) as JsonObject,
      required: [given, ...parts].flatMap(part => (part.required as Json[] | undefined) ?? []),
    }
  }

  #problems(key: string, schema: Json, value: Json): string[] {
    let validate = this.#compiled.get(key)
    if (validate === undefined) {
      validate = this.#ajv.compile(absolute(schema) as JsonObject)
      this.#compiled.set(key, validate)
    }
    if (validate(value)) return []
    return (validate.errors ?? []).map(
      error => `${error.instancePath || '/'} ${error.message ?? ''} ${JSON.stringify(error.params)}`,
    )
  }
}

function readDocument(): JsonObject {
  return JSON.parse(readFileSync(new URL('openapi.json', import.meta.url), 'utf8')) as JsonObject
}

function specificity(path: string): number {
  return path.split('/').length * 100 - (path.match(/\{/g)?.length ?? 0) * 10
}

function typeOf(value: Json): string {
  return Array.isArray(value) ? 'array' : typeof value
}

function scalar(schema: JsonObject): Json {
  if (schema.type === 'boolean') return false
  if (schema.type === 'integer' || schema.type === 'number') return Number(schema.minimum ?? 0)
  if (schema.type === 'object') return {}
  if (schema.format === 'date-time') return '2026-01-01T00:00:00Z'
  if (schema.format === 'uri') return 'https://github.example/'
  if (schema.format === 'email') return 'nobody@github.example'
  return ''
}

/** OpenAPI 3.0 says `nullable`, JSON schema a union with null. */
function jsonSchema(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(jsonSchema)
  if (!isObject(schema)) return schema
  const { nullable, ...rest } = schema
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, jsonSchema(value)]))
  return nullable === true ? { anyOf: [inner, { type: 'null' }] } : inner
}

/** Objects that list their properties take no others; parts of a combination only add to what lists them. */
function closed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(closed)
  if (!isObject(schema)) return schema
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) =>
      isObject(schema.properties) && ['oneOf', 'anyOf', 'allOf'].includes(key)
        ? [key, value]
        : [key, closed(value)],
    ),
  )
  const lists = schema.type === 'object' && isObject(schema.properties)
  return lists && schema.additionalProperties === undefined
    ? { ...inner, additionalProperties: false }
    : inner
}

/** References point into the document that the constructor added. */
function absolute(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(absolute)
  if (!isObject(schema)) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) =>
      key === '$ref' && typeof value === 'string' && value.startsWith('#')
        ? [key, `github:${value}`]
        : [key, absolute(value)],
    ),
  )
}
