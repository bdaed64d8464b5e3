/**
 * Text in columns as Go's text/tabwriter aligns it with padding 2 and no minimum: a cell is as wide as the widest of its
 * column in the lines around it that have one more cell; the last cell of a line is never padded.
 * @param lines cells of each line
 * @param paint how a cell is printed: colours count for nothing in the widths
 */
export function alignedText(
  lines: readonly (readonly string[])[],
  paint: (cell: string, line: number, column: number) => string = cell => cell,
): string[] {
  return lines.map((cells, line) =>
    cells
      .map((cell, column) => {
        const shown = paint(cell, line, column)
        if (column === cells.length - 1) return shown
        return shown + ' '.repeat(widthOf(lines, line, column) + 2 - lengthOf(cell))
      })
      .join(''),
  )
}

/** A header, and below it a line of dashes as long as each of its cells (github.com/cheynewallace/tabby). */
export function headed(header: readonly string[], rows: readonly (readonly string[])[]): string[][] {
  return [[...header], header.map(cell => '-'.repeat(lengthOf(cell))), ...rows.map(row => [...row])]
}

function widthOf(lines: readonly (readonly string[])[], line: number, column: number): number {
  const has = (index: number) => (lines[index]?.length ?? 0) > column + 1
  let first = line
  let last = line
  while (has(first - 1)) first--
  while (has(last + 1)) last++
  return Math.max(...lines.slice(first, last + 1).map(cells => lengthOf(cells[column] ?? '')))
}

function lengthOf(text: string): number {
  // Go counts runes
  return Array.from(text).length
}
