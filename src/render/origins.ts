import type { Place } from '../manifest/place.ts'
import type { KustomizationFile } from './kustomization-file.ts'
import { objectsAt } from './kustomization-file.ts'

/** One object as kustomize printed it. */
export interface PrintedObject {
  yaml: string
  /**
   * what the annotation says: the file that holds the object, or the kustomization whose generator made it; the path is
   * relative to the directory that is built (api/resource/origin.go)
   */
  origin?: { path: string; generated: boolean }
}

/** The objects of kustomize's output. It prints block style with two spaces, so '---' at the left edge is a separator. */
export function splitObjects(output: string): string[] {
  return output
    .split(/^---\n/m)
    .filter(text => text.trim() !== '')
    .map(text => (text.endsWith('\n') ? text : `${text}\n`))
}

const ORIGIN = '    config.kubernetes.io/origin: '

/**
 * Reads kustomize's origin annotation off an object and takes it out of the text. What is left is byte for byte what
 * kustomize prints without `buildMetadata: [originAnnotations]`, because it prints every object anew, keys sorted; the
 * exceptions are told by `originsChangeOutput`.
 */
export function takeOrigin(yaml: string): PrintedObject {
  const lines = yaml.split('\n')
  const metadata = lines.indexOf('metadata:')
  const afterMetadata = nextOutside(lines, metadata, ' ')
  const annotations = metadata === -1 ? -1 : lines.indexOf('  annotations:', metadata)
  if (annotations === -1 || annotations >= afterMetadata) return { yaml }
  const afterAnnotations = nextOutside(lines, annotations, '   ')
  const start = lines.findIndex(
    (line, index) => index > annotations && index < afterAnnotations && line.startsWith(ORIGIN),
  )
  if (start === -1) return { yaml }
  const end = nextOutside(lines, start, '     ')
  const origin = readOrigin(lines.slice(start + 1, end))
  const alone = start === annotations + 1 && end === afterAnnotations
  lines.splice(alone ? annotations : start, end - (alone ? annotations : start))
  return { yaml: lines.join('\n'), ...(origin === undefined ? {} : { origin }) }
}

/** The first line after `from` that is not indented by `indent` or more. */
function nextOutside(lines: readonly string[], from: number, indent: string): number {
  const next = lines.findIndex((line, index) => index > from && !line.startsWith(indent) && line !== '')
  return next === -1 ? lines.length : next
}

function readOrigin(lines: readonly string[]): PrintedObject['origin'] {
  for (const line of lines) {
    const [, key, value] = /^ +(path|configuredIn): (.*)$/.exec(line) ?? []
    if (value !== undefined)
      return { path: value.replaceAll(/^["']|["']$/g, ''), generated: key === 'configuredIn' }
  }
  return undefined
}

/**
 * True for a text in which origin annotations could change what kustomize makes of it: patches and replacements that see
 * annotations, and hashes of whole objects. (Empty annotations could not: kustomize drops them in either case.)
 */
export function originsChangeOutput(text: string): boolean {
  return /metadata[./]annotations(?![\w-])|kustomize\.config\.k8s\.io\/needs-hash/.test(text)
}

/** A document of a YAML file. */
export interface SourceDocument {
  /** first line that is neither separator, comment nor empty, from 1 */
  line: number
  kind: string
  name: string
}

/**
 * Finds the documents of a file and what each is, by its lines: reading a file of 20 CRDs as YAML takes longer than the
 * build, and only the place is wanted.
 */
export function documentsOf(text: string): SourceDocument[] {
  const documents: SourceDocument[] = []
  let current: SourceDocument | undefined
  let inMetadata = false
  for (const [index, line] of text.split('\n').entries()) {
    if (/^---(\s|$)/.test(line)) {
      current = undefined
      continue
    }
    if (/^\s*(#|$|%)/.test(line)) continue
    if (current === undefined) {
      current = { line: index + 1, kind: '', name: '' }
      documents.push(current)
      inMetadata = false
    }
    if (/^\S/.test(line)) inMetadata = line.startsWith('metadata:')
    current.kind ||= scalar(/^kind:\s*(\S+)/.exec(line))
    if (inMetadata) current.name ||= scalar(/^ +name:\s*(\S+)/.exec(line))
  }
  return documents
}

function scalar(match: RegExpExecArray | null): string {
  return (match?.[1] ?? '').replaceAll(/^["']|["']$/g, '')
}

/** The document of a file that a rendered object came from; kustomize may have put a prefix or suffix to the name. */
export function lineOfDocument(documents: readonly SourceDocument[], kind: string, name: string): number {
  const same = documents.filter(document => document.kind === kind)
  const found =
    same.find(document => document.name === name) ??
    same.find(document => document.name !== '' && name.includes(document.name)) ??
    same[0] ??
    documents[0]
  return found?.line ?? 1
}

/** The generator in a kustomization file that made an object. */
export function placeOfGenerator(path: string, file: KustomizationFile, kind: string, name: string): Place {
  const field = kind === 'Secret' ? 'secretGenerator' : 'configMapGenerator'
  const index = objectsAt(file.fields, field).findIndex(
    item => typeof item.name === 'string' && name.includes(item.name),
  )
  return { file: path, line: file.lineOf(field, Math.max(index, 0)) ?? 1 }
}
