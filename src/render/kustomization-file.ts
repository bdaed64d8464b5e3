import { LineCounter, parseAllDocuments, isNode, type Document } from 'yaml'
import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { kustomizationShape, type Shape } from './kustomization-shape.ts'

/** The names kustomize looks for, in its order (api/konfig/general.go). */
export const KUSTOMIZATION_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** A kustomization file, read. */
export interface KustomizationFile {
  /** its fields under their proper names, each of the kind that kustomize expects; null and unknown fields are left out */
  fields: JsonObject
  /** the line of a field or list item, from 1 */
  lineOf(...path: (string | number)[]): number | undefined
  /** what kustomize accepts but surely nobody meant */
  remarks: FileProblem[]
}

export interface FileProblem {
  message: string
  line?: number
}

export type KustomizationRead = { ok: true; file: KustomizationFile } | { ok: false; problem: FileProblem }

/**
 * Reads a kustomization file.
 * @param reader `kustomize` refuses unknown fields and scalars of another kind (types.Kustomization.Unmarshal); `flux`, which
 * reads the file of spec.path, drops the former and turns the latter into text (sigs.k8s.io/yaml Unmarshal)
 */
export function readKustomization(text: string, reader: 'kustomize' | 'flux'): KustomizationRead {
  const lines = new LineCounter()
  // Go decodes the first document and ignores the rest, takes the last of equal keys, and knows neither dates nor base 60.
  const parsed = parseAllDocuments(text, {
    version: '1.1',
    lineCounter: lines,
    customTags: tags =>
      tags.filter(
        tag =>
          typeof tag === 'string' ||
          !(tag.tag.endsWith(':timestamp') || ('format' in tag && tag.format === 'TIME')),
      ),
  })
  const document: Document | undefined = 'empty' in parsed ? undefined : parsed[0]
  const errors = document?.errors ?? []
  const lineAt = (offset: number) => lines.linePos(offset).line
  const broken = errors.find(error => error.code !== 'DUPLICATE_KEY')
  if (broken !== undefined) {
    const said = broken.message.split(/ at line \d/)[0]?.trim() ?? broken.code
    const message = `is no YAML: ${broken.code === 'RESOURCE_EXHAUSTION' ? 'it is nested too deeply' : said}`
    return { ok: false, problem: { message, line: lineAt(broken.pos[0]) } }
  }
  const lineOf = (...path: (string | number)[]): number | undefined => {
    const node: unknown = document?.getIn(path, true)
    return isNode(node) && node.range ? lineAt(node.range[0]) : undefined
  }
  const remarks: FileProblem[] = errors.map(error => ({
    message: 'has the same key twice; the last one wins',
    line: lineAt(error.pos[0]),
  }))
  let value: Json
  try {
    value = document === undefined ? {} : toJson(document)
  } catch (error) {
    // an alias without anchor, or too many of them
    const message = `is no YAML: ${error instanceof Error ? error.message : ''}`
    return { ok: false, problem: { message, line: 1 } }
  }
  const problems: { message: string; path: (string | number)[]; fatal: boolean }[] = []
  const fields = fit(value, kustomizationShape, reader, [], (message, path, fatal) => {
    problems.push({ message, path, fatal })
  })
  const locate = ({ message, path }: { message: string; path: (string | number)[] }): FileProblem => {
    const line = lineOf(...path)
    return { message, ...(line === undefined ? {} : { line }) }
  }
  const worst = problems.find(problem => problem.fatal)
  if (worst !== undefined) return { ok: false, problem: locate(worst) }
  remarks.push(...problems.map(locate))
  return { ok: true, file: { fields: isObject(fields) ? fields : {}, lineOf, remarks } }
}

/** Only for documents whose tags make JSON: dates are read as text. */
export function toJson(document: Document): Json {
  const value: Json = JSON.parse(JSON.stringify(document.toJS() ?? null))
  return value
}

type Report = (message: string, path: (string | number)[], fatal: boolean) => void

/** Makes a value fit a shape as Go's decoder does. */
function fit(
  value: Json,
  shape: Shape,
  reader: 'kustomize' | 'flux',
  path: (string | number)[],
  report: Report,
): Json {
  const wrong = (expected: string): null => {
    const name = path.length === 0 ? 'the file' : fieldName(path)
    report(`${name} must be ${expected}`, path, true)
    return null
  }
  const inner = (child: Json, childShape: Shape, key: string | number) =>
    fit(child, childShape, reader, [...path, key], report)
  if (value === null) return null
  if (shape === 'any') return value
  if (shape === 'text') {
    if (typeof value === 'string') return value
    if (reader === 'flux' && (typeof value === 'number' || typeof value === 'boolean')) return String(value)
    return wrong('text')
  }
  if (shape === 'flag') return typeof value === 'boolean' ? value : wrong('true or false')
  if (shape === 'integer')
    return typeof value === 'number' && Number.isInteger(value) ? value : wrong('a whole number')
  if ('list' in shape) {
    if (!Array.isArray(value)) return wrong('a list')
    return value.map((item, index) => inner(item, shape.list, index) ?? zero(shape.list))
  }
  if (!isObject(value)) return wrong('a map')
  if ('map' in shape)
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [key, inner(child, shape.map, key) ?? zero(shape.map)]),
    )
  const fitted: JsonObject = {}
  for (const [key, child] of Object.entries(value)) {
    const name = key in shape.fields ? key : properName(shape.fields, key)
    const childShape = name === undefined ? undefined : shape.fields[name]
    if (name === undefined || childShape === undefined) {
      const dropped = reader === 'flux' ? '; Flux drops it' : ''
      report(
        `${fieldName([...path, key])} is no field of a kustomization${dropped}`,
        [...path, key],
        reader === 'kustomize',
      )
      continue
    }
    const result = fit(child, childShape, reader, [...path, key], report)
    if (result !== null) fitted[name] = result
  }
  return fitted
}

/** Go's decoder falls back to names that differ in case only. */
function properName(fields: Readonly<Record<string, Shape>>, key: string): string | undefined {
  return Object.keys(fields).find(name => name.toLowerCase() === key.toLowerCase())
}

/** What Go leaves in a list or map for null. */
function zero(shape: Shape): Json {
  if (shape === 'text') return ''
  if (shape === 'flag') return false
  if (shape === 'integer') return 0
  if (shape === 'any') return null
  return 'list' in shape ? [] : {}
}

function fieldName(path: readonly (string | number)[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('')
}

/** The items of a list of texts; empty where there is none. */
export function textsAt(fields: JsonObject, name: string): string[] {
  const value = fields[name]
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}

/** The items of a list of maps; empty where there is none. */
export function objectsAt(fields: JsonObject, name: string): JsonObject[] {
  const value = fields[name]
  return Array.isArray(value) ? value.filter(item => isObject(item)) : []
}
