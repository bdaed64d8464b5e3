/**
 * An example with a mark at the line that a finding points at.
 * @param line what the line ends in; where several do, the last of them
 * @throws Error where no line does
 */
export function marked(example: string, line: string): string {
  const lines = example.split('\n')
  const at = lines.findLastIndex(one => one.endsWith(line))
  if (at === -1) throw new Error(`no line ends in ${line}`)
  return lines.map((one, index) => (index === at ? `${one} # ←` : one)).join('\n')
}
