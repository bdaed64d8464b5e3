import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { checkAlternatives } from './alternatives.ts'
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
  return walk(value, schema, path, context, old).problems
}

function walk(
  value: Json,
  schema: StructuralSchema,
  path: Path,
  context: Context,
  old: Correlation | undefined,
): Checked {
  if (context.unreadable(value)) return { problems: [], matches: 0 }
  const goType = context.goType || schema['x-kubernetes-go-type'] === true
  const here = goType === context.goType ? context : { ...context, goType }
  const checked =
    value === null ? checkNull(schema, path, here) : checkPresent(value, schema, path, here, old)
  if (checked.problems.length > 0 && old?.unchanged() === true) return { ...checked, problems: [] }
  return checked
}

function checkNull(schema: StructuralSchema, path: Path, context: Context): Checked {
  // Go cannot tell null from absent
  if (context.goType) return { problems: [], matches: 1 }
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
  return { problems, matches: problems.length === 0 ? 1 : 0 }
}

function checkPresent(
  value: Exclude<Json, null>,
  schema: StructuralSchema,
  path: Path,
  context: Context,
  old: Correlation | undefined,
): Checked {
  const checked: Checked = { problems: [], matches: 1 }
  const add = ({ problems, matches }: Checked) => {
    checked.problems.push(...problems)
    // each check that ran counts, and what it counted itself
    checked.matches += matches + 1
  }
  const judge = (branch: StructuralSchema) => walk(value, branch, path, { ...context, root: false }, old)
  if (hasTypeCheck(schema)) {
    const wrong = checkType(value, schema, path, context)
    add({ problems: wrong, matches: wrong.length === 0 ? 1 : 0 })
  }
  add(checkAlternatives(value, schema, path, context.kind, judge))
  if (typeof value === 'string')
    for (const problems of checkText(value, schema, path, context)) add({ problems, matches: 0 })
  if (typeof value === 'number') add({ problems: checkNumber(value, schema, path, context), matches: 1 })
  if (Array.isArray(value)) add(checkItems(value, schema, path, context, old))
  add({
    problems: schema.enum === undefined ? [] : checkEnum(value, schema.enum, path, context),
    matches: 0,
  })
  if (isObject(value)) add(checkFields(value, schema, path, context, old))
  return checked
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

function checkType(
  value: Exclude<Json, null>,
  schema: StructuralSchema,
  path: Path,
  context: Context,
): SchemaProblem[] {
  if (hasType(value, schema)) return []
  const field = fieldOf(path)
  const wanted = typeInWords(schema)
  const repair = repairType(value, wanted)
  const is = typeName(value)
  return [
    {
      ruleId: 'schema-type',
      message: `${field} must be ${wanted}, is ${context.masked(path) ? typeof value : inWords(value)}`,
      ...(repair === undefined ? {} : { repair }),
      field,
      layer: 'schema',
      refusal: invalid(plainField(path), is, typeDetail(path, schema, is), 'TypeInvalid'),
    },
  ]
}

function checkItems(
  value: Json[],
  schema: StructuralSchema,
  path: Path,
  context: Context,
  old: Correlation | undefined,
): Checked {
  const checked: Checked = { problems: [], matches: 1 }
  const { items } = schema
  const inner = { ...context, root: false }
  if (items !== undefined)
    for (const [i, item] of value.entries()) {
      const { problems, matches } = walk(item, items, [...path, i], inner, old?.index(i))
      checked.problems.push(...problems)
      checked.matches += matches
    }
  checked.problems.push(...checkSize(value.length, 'items', schema, path, context))
  return checked
}

function checkFields(
  value: JsonObject,
  schema: StructuralSchema,
  path: Path,
  context: Context,
  old: Correlation | undefined,
): Checked {
  const checked: Checked = {
    problems: checkSize(Object.keys(value).length, 'properties', schema, path, context),
    matches: 0,
  }
  const inner = context.root ? { ...context, root: false } : context
  for (const [name, child] of Object.entries(value)) {
    const field = schemaOfField(schema, name)
    if (field === undefined) continue
    // apiVersion and kind are the same on both sides by conversion
    const typeMeta = path.length === 0 && (name === 'apiVersion' || name === 'kind')
    const { problems, matches } = walk(
      child,
      field,
      [...path, name],
      inner,
      typeMeta ? undefined : old?.key(name),
    )
    checked.problems.push(...problems)
    checked.matches += matches
  }
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(value, name) || (inner.goType && value[name] === null)) {
      const field = fieldOf([...path, name])
      checked.problems.push({
        ruleId: 'schema-required',
        message: `${field} is missing, it is required`,
        field,
        layer: 'schema',
        refusal: { reason: 'Required', field: plainField([...path, name]), message: 'Required value' },
      })
    }
  return checked
}
