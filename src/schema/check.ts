import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { checkAlternatives, hasAlternatives } from './alternatives.ts'
import type { Context } from './context.ts'
import type { Correlation } from './correlation.ts'
import { FORMATS } from './formats.ts'
import { checkEnum, checkNumber, checkSize, checkText } from './keywords.ts'
import { fieldOf, inWords, invalid, plainField, type Path, type SchemaProblem } from './problem.ts'
import { schemaOfField, type StructuralSchema } from './structural.ts'
import { hasType, repairType, typeInWords, typeName } from './value-type.ts'

/** What was found, and how many checks a value stood: of several forms the one with most is taken as meant. */
export interface Checked {
  problems: SchemaProblem[]
  matches: number
}

/**
 * What is wrong with a value by its schema, judged as the API server judges a custom resource after defaulting
 * (apiextensions-apiserver 0.35, pkg/registry/customresource/validator.go, with kube-openapi pkg/validation/validate).
 * Undeclared fields are none of it: the type check of apply is `checkApplied`.
 * @param old on an update: what did not change is not judged (ratcheting, pkg/apiserver/validation/ratcheting.go)
 */
export function checkValue(
  value: Json,
  schema: StructuralSchema,
  path: Path,
  context: Context,
  old?: Correlation,
): SchemaProblem[] {
  const found: Checked = { problems: [], matches: 0 }
  walk(value, schema, [...path], context, old, found)
  return found.problems
}

/** Steps to where the walk is. One list for the whole walk, as nearly no value has anything wrong: who keeps it must copy it. */
type Way = (string | number)[]

/** @param found takes what is found */
function walk(
  value: Json,
  schema: StructuralSchema,
  path: Way,
  context: Context,
  old: Correlation | undefined,
  found: Checked,
): void {
  if (context.unreadable(value)) return
  const goType = context.goType || schema['x-kubernetes-go-type'] === true
  const here = goType === context.goType ? context : { ...context, goType }
  const before = found.problems.length
  if (value === null) checkNull(schema, path, here, found)
  else checkPresent(value, schema, path, here, old, found)
  if (found.problems.length > before && old?.unchanged() === true) found.problems.length = before
}

function checkNull(schema: StructuralSchema, path: Path, context: Context, found: Checked): void {
  // Go cannot tell null from absent
  if (context.goType) {
    found.matches++
    return
  }
  const problems: SchemaProblem[] = []
  if (
    schema.nullable !== true &&
    (schema.type !== undefined || schema['x-kubernetes-int-or-string'] === true)
  )
    problems.push({
      ruleId: 'schema-type',
      // server-side apply keeps null, and only a nullable field may hold it (cases/admission.jsonl, facts on null)
      message: `${fieldOf(path)} must be ${typeInWords(schema)}, is null`,
      repair: 'Give it a value or remove the key.',
      field: fieldOf(path),
      layer: 'schema',
      refusal: invalid(plainField(path), 'null', typeDetail(path, schema, 'null'), 'TypeInvalid'),
    })
  if (schema.enum !== undefined) problems.push(...checkEnum(null, schema.enum, path, context))
  found.problems.push(...problems)
  if (problems.length === 0) found.matches++
}

function checkPresent(
  value: Exclude<Json, null>,
  schema: StructuralSchema,
  path: Way,
  context: Context,
  old: Correlation | undefined,
  found: Checked,
): void {
  // each check that ran counts, and what it counts itself
  const add = (problems: readonly SchemaProblem[], matches: number) => {
    if (problems.length > 0) found.problems.push(...problems)
    found.matches += matches + 1
  }
  found.matches++
  if (hasTypeCheck(schema)) {
    const fits = hasType(value, schema)
    add(fits ? NONE : [wrongType(value, schema, path, context)], fits ? 1 : 0)
  }
  if (hasAlternatives(schema)) {
    const judge = (branch: StructuralSchema) => {
      const judged: Checked = { problems: [], matches: 0 }
      walk(value, branch, path, below(context), old, judged)
      return judged
    }
    const { problems, matches } = checkAlternatives(value, schema, path, context.kind, judge)
    add(problems, matches)
  } else add(NONE, 1)
  if (typeof value === 'string')
    for (const problems of checkText(value, schema, path, context)) add(problems, 0)
  else if (typeof value === 'number') add(checkNumber(value, schema, path, context), 1)
  else if (Array.isArray(value)) {
    checkItems(value, schema, path, context, old, found)
    add(NONE, 1)
  }
  add(schema.enum === undefined ? NONE : checkEnum(value, schema.enum, path, context), 0)
  if (isObject(value)) {
    checkFields(value, schema, path, context, old, found)
    add(NONE, 0)
  }
}

const NONE: readonly SchemaProblem[] = []

/** Inside of an object there is no whole object. */
function below(context: Context): Context {
  return context.root ? { ...context, root: false } : context
}

function hasTypeCheck(schema: StructuralSchema): boolean {
  return (
    schema.type !== undefined ||
    schema['x-kubernetes-int-or-string'] === true ||
    (schema.format !== undefined && Object.hasOwn(FORMATS, schema.format))
  )
}

function typeDetail(path: Path, schema: StructuralSchema, is: string): string {
  const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : (schema.type ?? '')
  return `${plainField(path)} in body must be of type ${wanted}: ${JSON.stringify(is)}`
}

function wrongType(
  value: Exclude<Json, null>,
  schema: StructuralSchema,
  path: Path,
  context: Context,
): SchemaProblem {
  const field = fieldOf(path)
  const wanted = typeInWords(schema)
  const repair = repairType(value, wanted)
  const is = typeName(value)
  return {
    ruleId: 'schema-type',
    message: `${field} must be ${wanted}, is ${context.masked(path) ? typeof value : inWords(value)}`,
    ...(repair === undefined ? {} : { repair }),
    field,
    layer: 'schema',
    refusal: invalid(plainField(path), is, typeDetail(path, schema, is), 'TypeInvalid'),
  }
}

function checkItems(
  value: Json[],
  schema: StructuralSchema,
  path: Way,
  context: Context,
  old: Correlation | undefined,
  found: Checked,
): void {
  const { items } = schema
  const inner = below(context)
  if (items !== undefined)
    for (const [i, item] of value.entries()) {
      path.push(i)
      walk(item, items, path, inner, old?.index(i), found)
      path.pop()
    }
  found.problems.push(...checkSize(value.length, 'items', schema, path, context))
}

function checkFields(
  value: JsonObject,
  schema: StructuralSchema,
  path: Way,
  context: Context,
  old: Correlation | undefined,
  found: Checked,
): void {
  const names = Object.keys(value)
  found.problems.push(...checkSize(names.length, 'properties', schema, path, context))
  const inner = below(context)
  for (const name of names) {
    const field = schemaOfField(schema, name)
    if (field === undefined) continue
    // apiVersion and kind are the same on both sides by conversion
    const typeMeta = path.length === 0 && (name === 'apiVersion' || name === 'kind')
    const inOld = typeMeta ? undefined : old?.key(name)
    path.push(name)
    walk(value[name] ?? null, field, path, inner, inOld, found)
    path.pop()
  }
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(value, name) || (inner.goType && value[name] === null)) {
      const field = fieldOf([...path, name])
      found.problems.push({
        ruleId: 'schema-required',
        message: `${field} is missing, it is required`,
        field,
        layer: 'schema',
        refusal: { reason: 'Required', field: plainField([...path, name]), message: 'Required value' },
      })
    }
}
