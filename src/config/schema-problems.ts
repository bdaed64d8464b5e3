import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { isObject, valueAt, type Json } from '../manifest/json.ts'
import { nearName } from '../manifest/near-name.ts'
import configSchema from './config.schema.json' with { type: 'json' }

/** Names of keys and indexes of lists. */
export type Path = (string | number)[]

export interface SchemaProblem {
  path: Path
  ruleId: string
  message: string
  repair: string
}

/** 'clusters[0].path' */
export function fieldOf(path: Path): string {
  return path
    .map(step => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')
}

const compiled = new Map<object, ValidateFunction>()

/**
 * What a schema says against a configuration, in the words of a person. A schema is compiled at the first call with it.
 * @param schema of JSON Schema draft-07; that of a repository's configuration by default
 */
export function schemaProblems(value: Json, schema: object = configSchema): SchemaProblem[] {
  let validate = compiled.get(schema)
  if (validate === undefined) {
    // that the schema itself is one is held by a test: asking each time takes longer than all the rest
    validate = new Ajv({
      allErrors: true,
      verbose: true,
      allowUnionTypes: true,
      validateSchema: false,
    }).compile(schema)
    compiled.set(schema, validate)
  }
  return validate(value) ? [] : (validate.errors ?? []).map(error => problemOf(error, value))
}

function problemOf(error: ErrorObject, root: Json): SchemaProblem {
  const path = pathOf(error.instancePath, root)
  const name = path.length === 0 ? 'the configuration' : fieldOf(path)
  const parameters: Record<string, unknown> = error.params
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(parameters.additionalProperty)
      const known = Object.keys(error.parentSchema?.properties ?? {})
      const near = nearName(key, known)
      return {
        path: [...path, key],
        ruleId: 'config-unknown-key',
        message: `${key} is no key of ${name}.`,
        repair: near === undefined ? `Its keys are: ${known.join(', ')}.` : `Did you mean ${near}?`,
      }
    }
    case 'required': {
      const key = String(parameters.missingProperty)
      return {
        path,
        ruleId: 'config-missing-key',
        message: `${name} has no ${key}.`,
        repair: key === 'reason' ? 'Add a reason: why, for the next person.' : `Add ${key}.`,
      }
    }
    case 'type': {
      const wanted = [parameters.type].flat().map(String)
      return {
        path,
        ruleId: 'config-type',
        message: `${name} is ${kindOf(valueAt(root, ...path))}.`,
        repair: `Write ${wanted.map(withArticle).join(' or ')}.`,
      }
    }
    case 'enum': {
      const allowed = Array.isArray(parameters.allowedValues) ? parameters.allowedValues.map(String) : []
      return {
        path,
        ruleId: 'config-value',
        message: `${name} is ${JSON.stringify(valueAt(root, ...path))}.`,
        repair: `Write one of: ${allowed.join(', ')}.`,
      }
    }
    case 'minLength':
      return {
        path,
        ruleId: 'config-value',
        message: `${name} is empty.`,
        repair: 'Fill it in, or take it out.',
      }
    default:
      return {
        path,
        ruleId: 'config-value',
        message: `${name} ${error.message ?? 'is wrong'}.`,
        repair: String(error.parentSchema?.description ?? 'See config.schema.json.'),
      }
  }
}

/** A JSON pointer → names and indexes. */
function pathOf(pointer: string, root: Json): Path {
  const path: Path = []
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(valueAt(root, ...path)) ? Number(name) : name)
  }
  return path
}

function kindOf(value: Json | undefined): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  return isObject(value) ? 'a map' : `the ${typeof value} ${String(value)}`
}

const WORDS: Record<string, string> = {
  object: 'a map',
  array: 'a list',
  string: 'a text (in quotes)',
  number: 'a number',
  integer: 'a whole number',
}

function withArticle(type: string): string {
  return WORDS[type] ?? `a ${type}`
}
