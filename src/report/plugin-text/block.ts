import { oneLine } from '../escape.ts'
import { alignedText, headed } from './aligned-text.ts'

export type Tone = 'green' | 'yellow' | 'red' | 'cyan'

/** A cell, with the colour that the plugin gives it. */
export type Cell = string | { text: string; tone: Tone }

/** Lines that are aligned with one another; a line of one cell ends an alignment. */
export type Block = readonly (readonly Cell[])[]

export type Paint = (tone: Tone, text: string) => string

export function toned(tone: Tone, text: string): Cell {
  return { text, tone }
}

/** A title above a table. */
export function table(title: Cell, header: readonly string[], rows: Block): Block {
  const [names = [], dashes = []] = headed(header, [])
  return [[title], names, dashes, ...rows]
}

/** The lines of a block; what comes from the cluster is put on one line and made visible. */
export function linesOf(block: Block, paint: Paint): string[] {
  const shown = block.map(row => row.map(cell => oneLine(typeof cell === 'string' ? cell : cell.text)))
  return alignedText(shown, (text, line, column) => {
    const cell = block[line]?.[column]
    return cell === undefined || typeof cell === 'string' ? text : paint(cell.tone, text)
  })
}
