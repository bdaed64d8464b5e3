import { isMap, isScalar, isSeq, type Node } from 'yaml'
import { compose, Lines } from '../manifest/source-file.ts'
import type { Obstacle, ReferenceField } from './reference.ts'
import { NodeReader, pointerText, scalarText, type Found } from './yaml-nodes.ts'

/** A source file with the nodes of its documents. */
export interface SourceText {
  file: string
  text: string
  lines: readonly string[]
  place: (offset: number) => { line: number; column: number }
  documents: readonly TextDocument[]
  /** encrypted by SOPS: its MAC covers the whole file */
  isEncrypted: boolean
  /** why it was not read; then there are no documents */
  problem?: string
}

export interface TextDocument {
  /** counted as the parser does: empty ones count */
  index: number
  reader: NodeReader
}

export function readSourceDocuments(file: string, text: string): SourceText {
  const counted = new Lines(text)
  const source = { file, text, lines: text.split(/\r?\n/), place: (offset: number) => counted.place(offset) }
  const documents: TextDocument[] = []
  let isEncrypted = false
  try {
    for (const [index, document] of compose(text).entries()) {
      const [error] = document.errors
      if (error !== undefined)
        return { ...source, documents: [], isEncrypted, problem: `this is no valid YAML: ${error.message}` }
      const reader = new NodeReader(document)
      if (
        reader.at(reader.root, 'sops', 'mac') !== undefined ||
        reader.at(reader.root, 'sops', 'lastmodified') !== undefined
      )
        isEncrypted = true
      documents.push({ index, reader })
    }
  } catch (error) {
    // the library's own recursion ends in a RangeError
    if (!(error instanceof RangeError)) throw error
    return { ...source, documents: [], isEncrypted, problem: 'it is nested too deeply' }
  }
  return { ...source, documents, isEncrypted }
}

/** The scalar as a field of a reference. */
export function fieldOf(source: SourceText, document: TextDocument, found: Found): ReferenceField {
  const node = found.alias ?? found.node
  const { line, column } = source.place(node.range?.[0] ?? 0)
  const value = isScalar(found.node) ? (scalarText(found.node) ?? '') : ''
  return {
    document: document.index,
    pointer: found.pointer,
    value,
    place: { file: source.file, line, column },
  }
}

/** Why a scalar must not be edited where it stands; undefined: it may. */
export function obstacleOf(source: SourceText, document: TextDocument, found: Found): Obstacle | undefined {
  if (source.isEncrypted)
    return {
      kind: 'encrypted',
      message: `${source.file} is encrypted by SOPS: its checksum covers the whole file, and an edit would break it.`,
      repair: 'Move the version to a file that is not encrypted, or edit it with `sops`.',
    }
  const anchored = found.alias ?? found.node
  if (found.alias !== undefined)
    return {
      kind: 'alias',
      message: `The value is an alias of line ${source.place(found.node.range?.[0] ?? 0).line}.`,
      repair: 'Edit the line with the anchor; it changes all its aliases.',
    }
  const anchor = anchorOf(anchored)
  const aliases = anchor === undefined ? [] : document.reader.aliasesOf(anchor)
  if (aliases.length > 0)
    return {
      kind: 'anchor',
      message: `The value is an anchor: ${aliases.map(pointerText).join(', ')} would change, too.`,
      repair: 'Write the value out where it is used, or edit it by hand.',
    }
  const text = isScalar(found.node) ? (scalarText(found.node) ?? '') : ''
  const [variable] = /\$\{[^}]*\}?/.exec(text) ?? []
  if (variable !== undefined)
    return {
      kind: 'substitution',
      message: `The value holds ${variable}, which Flux fills in.`,
      repair: 'Edit the variable where it is set: postBuild of the Kustomization, or the ConfigMap it names.',
    }
  if (/\{\{|<<|\}\}|>>|__[A-Z_]+__/.test(text))
    return {
      kind: 'template',
      message: 'The value is a template.',
      repair: 'Edit what fills the template in.',
    }
  if (isScalar(found.node) && (found.node.type === 'BLOCK_LITERAL' || found.node.type === 'BLOCK_FOLDED'))
    return {
      kind: 'embedded-yaml',
      message: 'The value is a text of several lines.',
      repair: 'Write it on one line.',
    }
  return undefined
}

function anchorOf(node: Node): string | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined
}
