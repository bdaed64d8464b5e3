import { structuredPatch } from 'diff'
import { stringify } from 'yaml'
import { isObject, textAt, type Json } from '../manifest/json.ts'
import type { Manifest } from '../manifest/resource.ts'
import type { Edit } from './diff-values.ts'

// What one object may take of a report. The complete list of fields is in Change.fields.
const LINES = 200
const BLOCKS = 60
const LINE_LENGTH = 500
// diff's cost grows with the square of this; past it two texts have little in common anyway.
const TEXT_EDITS = 1500

/** A difference as path-keyed blocks for a diff fence. */
export function writeEdits(edits: readonly Edit[]): string {
  const lines: string[] = []
  for (const [index, edit] of edits.entries()) {
    if (index >= BLOCKS || lines.length >= LINES) {
      const rest = edits.length - index
      lines.push(`@@ and ${rest} more field${rest === 1 ? '' : 's'} @@`)
      break
    }
    lines.push(`@@ ${edit.label === '' ? 'the whole object' : edit.label} @@`, ...bounded(writeEdit(edit)))
  }
  return lines.join('\n')
}

/** A whole object, every line marked. Definitions of custom resources are summed up. */
export function writeObject(sign: '+' | '-', manifest: Manifest): string {
  if (manifest.kind === 'CustomResourceDefinition') {
    const versions =
      isObject(manifest.spec) && Array.isArray(manifest.spec.versions) ? manifest.spec.versions : []
    const called = versions.map(version => textAt(version, 'name') ?? '').join(', ')
    return `${sign} CustomResourceDefinition, versions ${called}, ${size(manifest)}`
  }
  return bounded(marked(sign, yamlOf(manifest))).join('\n')
}

/** The edits of a large schema, summed up by the version they are in. */
export function writeSummary(edits: readonly Edit[], manifest: Manifest): string {
  const lines: string[] = []
  const byPlace = Map.groupBy(
    edits,
    edit => /^spec\.versions[.[]([\w-]+)/.exec(edit.label)?.[1] ?? edit.steps[0],
  )
  for (const [place, group] of byPlace) {
    const added = group.filter(edit => edit.from === undefined)
    const removed = group.filter(edit => edit.to === undefined)
    const changed = group.length - added.length - removed.length
    lines.push(`@@ ${place}: +${added.length} −${removed.length} ±${changed} @@`)
    for (const edit of removed.slice(0, 20)) lines.push(`- ${shortSchemaPath(edit.label)}`)
    for (const edit of added.slice(0, 20)) lines.push(`+ ${shortSchemaPath(edit.label)}`)
    const hidden = Math.max(0, removed.length - 20) + Math.max(0, added.length - 20)
    if (hidden > 0) lines.push(`  … ${hidden} more`)
  }
  lines.push(`  ${size(manifest)} in all`)
  return lines.join('\n')
}

function shortSchemaPath(label: string): string {
  return clip(
    label.replace(/^spec\.versions\.[\w-]+\.schema\.openAPIV3Schema\./, '').replaceAll(/\bproperties\./g, ''),
  )
}

function writeEdit(edit: Edit): string[] {
  const { from, to } = edit
  if (edit.reordered) {
    return ['  order changed', ...(isNamed(from) ? [`- ${clip(names(from))}`, `+ ${clip(names(to))}`] : [])]
  }
  if (typeof from === 'string' && typeof to === 'string') {
    const left = asLines(from)
    const right = asLines(to)
    if (left.includes('\n') || right.includes('\n')) return writeText(left, right)
  }
  return [
    ...(from === undefined ? [] : marked('-', yamlOf(from))),
    ...(to === undefined ? [] : marked('+', yamlOf(to))),
  ]
}

function names(list: Json | undefined): string {
  return (Array.isArray(list) ? list : []).map(item => (typeof item === 'string' ? item : '…')).join(', ')
}

function isNamed(list: Json | undefined): boolean {
  return Array.isArray(list) && list.every(item => typeof item === 'string')
}

function writeText(from: string, to: string): string[] {
  const patch = structuredPatch('', '', from, to, '', '', { context: 3, maxEditLength: TEXT_EDITS })
  if (patch === undefined)
    return [
      `  text of ${from.split('\n').length} lines replaced by another of ${to.split('\n').length} lines`,
    ]
  return patch.hunks.flatMap((hunk, index) => [
    ...(index === 0 ? [] : ['  …']),
    ...hunk.lines
      .filter(line => !line.startsWith('\\'))
      .map(line => clip(`${line[0] ?? ' '} ${line.slice(1)}`)),
  ])
}

/** JSON on one line (dashboards, policies) is laid out so that its lines can be compared. */
function asLines(text: string): string {
  if (text.includes('\n') || text.length < 120 || !/^[[{]/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function yamlOf(value: Json): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd()
}

function marked(sign: '+' | '-', text: string): string[] {
  return text.split('\n').map(line => clip(`${sign} ${line}`))
}

function bounded(lines: string[]): string[] {
  if (lines.length <= LINES) return lines
  return [...lines.slice(0, LINES), `  … ${lines.length - LINES} more lines`]
}

function clip(line: string): string {
  return line.length <= LINE_LENGTH
    ? line
    : `${line.slice(0, LINE_LENGTH)} … ${line.length - LINE_LENGTH} more characters`
}

function size(manifest: Manifest): string {
  return `${Math.ceil(JSON.stringify(manifest).length / 1024)} KiB`
}
