import type { CelRule, StructuralSchema } from '../schema/structural.ts'

/** A node of a schema that has rules, or below which there are some. Nodes without are left out, so nothing walks there. */
export interface RuleSite {
  rules: readonly CelRule[]
  /** the schema by which the value is read */
  schema: StructuralSchema
  /** the root of a resource, embedded ones included: rules see its kind and its names */
  isResource: boolean
  allOf: readonly RuleSite[]
  items?: RuleSite
  additionalProperties?: RuleSite
  properties: ReadonlyMap<string, RuleSite>
}

const sites = new WeakMap<StructuralSchema, { site: RuleSite | undefined }>()

/** Whether a schema has any rule: cheap, and known from then on. Nothing of the engine is loaded for it. */
export function hasRules(schema: StructuralSchema): boolean {
  return ruleSite(schema) !== undefined
}

/**
 * Where the rules of a kind's schema are (apiextensions-apiserver 0.35, pkg/apiserver/schema/cel/validation.go, NewValidator);
 * `undefined` where it has none.
 */
export function ruleSite(schema: StructuralSchema): RuleSite | undefined {
  let known = sites.get(schema)
  if (known === undefined) {
    known = { site: namesRules(schema) ? siteOf(schema, schema, true) : undefined }
    sites.set(schema, known)
  }
  return known.site
}

/** hasXValidations: rules that stand in an allOf alone are not seen. */
function namesRules(schema: StructuralSchema): boolean {
  return (
    (schema['x-kubernetes-validations']?.length ?? 0) > 0 ||
    (schema.items !== undefined && namesRules(schema.items)) ||
    (isSchema(schema.additionalProperties) && namesRules(schema.additionalProperties)) ||
    Object.values(schema.properties ?? {}).some(namesRules)
  )
}

function isSchema(schema: boolean | StructuralSchema | undefined): schema is StructuralSchema {
  return typeof schema === 'object'
}

function isEmbedded(schema: StructuralSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true
}

/** @param validation where the rules stand: the schema itself, or one part of its allOf */
function siteOf(
  validation: StructuralSchema,
  schema: StructuralSchema,
  isResource: boolean,
): RuleSite | undefined {
  const properties = new Map<string, RuleSite>()
  for (const [name, inner] of Object.entries(validation.properties ?? {})) {
    const own = schema.properties
    const spine = own !== undefined && Object.hasOwn(own, name) ? own[name] : undefined
    if (spine === undefined || !isDeclared(spine)) continue
    const site = siteOf(inner, spine, isEmbedded(spine))
    if (site !== undefined) properties.set(name, site)
  }
  const items =
    validation.items !== undefined && schema.items !== undefined
      ? siteOf(validation.items, schema.items, isEmbedded(schema.items))
      : undefined
  const additionalProperties =
    isSchema(validation.additionalProperties) && isSchema(schema.additionalProperties)
      ? siteOf(
          validation.additionalProperties,
          schema.additionalProperties,
          isEmbedded(schema.additionalProperties),
        )
      : undefined
  const allOf = (validation.allOf ?? [])
    .map(part => siteOf(part, schema, isResource))
    .filter(site => site !== undefined)
  const rules = validation['x-kubernetes-validations'] ?? []
  if (
    rules.length === 0 &&
    properties.size === 0 &&
    items === undefined &&
    additionalProperties === undefined &&
    allOf.length === 0
  )
    return undefined
  return {
    rules,
    schema,
    isResource,
    allOf,
    properties,
    ...(items === undefined ? {} : { items }),
    ...(additionalProperties === undefined ? {} : { additionalProperties }),
  }
}

/** Whether CEL has a type for it (k8s.io/apiserver 0.35, pkg/cel/common/schemas.go, SchemaDeclType); other data is left out. */
export function isDeclared(schema: StructuralSchema): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return true
  if (schema.type === undefined) return false
  if (schema.type === 'array') return schema.items !== undefined && isDeclared(schema.items)
  if (schema.type === 'object' && isSchema(schema.additionalProperties))
    return isDeclared(schema.additionalProperties)
  return true
}

/**
 * The place that a rule's fieldPath names, relative to the rule's own: `.a['b-c']` → `a.b-c`, `.labels['x']` → `labels[x]`.
 * `undefined` where it is none of the schema (validation.go, ValidFieldPath): the rule's own place counts then.
 */
export function normalizedFieldPath(fieldPath: string, schema: StructuralSchema): string | undefined {
  let here: StructuralSchema | undefined = schema
  let path = ''
  let rest = fieldPath
  while (rest !== '') {
    const [step, dotted, quoted] = /^(?:\.([^.[\]]+)|\['((?:\\.|[^'\\])*)'\])/.exec(rest) ?? []
    if (step === undefined || here === undefined) return undefined
    rest = rest.slice(step.length)
    const name = dotted ?? unescapeQuoted(quoted ?? '')
    if (name === undefined) return undefined
    if (here.properties !== undefined) {
      if (!Object.hasOwn(here.properties, name)) return undefined
      here = here.properties[name]
      path += path === '' ? name : `.${name}`
    } else if (isSchema(here.additionalProperties)) {
      here = here.additionalProperties
      path += `[${name}]`
    } else return undefined
  }
  return path === '' ? undefined : path
}

const ESCAPES: Record<string, string> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
}

function unescapeQuoted(text: string): string | undefined {
  let isBroken = false
  const plain = text.replaceAll(/\\(.)/g, (_, character: string) => {
    const meaning = ESCAPES[character]
    if (meaning === undefined) isBroken = true
    return meaning ?? ''
  })
  return isBroken ? undefined : plain
}
