import { stripVTControlCharacters } from 'node:util'

/**
 * Puts a status text into the form in which the recorded texts were stored: one line a line, cells joined by a tab, without
 * what needs exec (size, configuration, HBA rules) and without ages against the clock.
 */
export function normalForm(printed: string): string {
  const text = stripVTControlCharacters(printed).replaceAll(/^\n+|\n+$/g, '')
  const blocks = text.split(/\n[ \t]*\n/).map(block => block.split('\n'))
  const out: string[][] = []
  let inside = false
  for (const [index, block] of blocks.entries()) {
    let lines = block.map(line => line.trimEnd()).filter(line => line.trim() !== '')
    const [title = ''] = lines
    if (index === 0 || lines.some(line => line.startsWith('Name  ') && line.includes('/')))
      lines = summaryForm(lines)
    if (title === 'PostgreSQL Configuration' || title === 'PostgreSQL HBA Rules') {
      inside = true
      continue
    }
    if (
      inside &&
      !/^(Certificates Status|Continuous Backup not configured|Continuous Backup status.*)$/.test(title)
    )
      continue
    inside = false
    if (title.startsWith('Error(s) extracting status')) {
      lines = lines.filter(
        line => !/exec|custom\.conf|pg_hba\.conf|du -sLh|^stdErr:|^error:|^cmd:/.test(line),
      )
      if (lines.every(line => /^(Error\(s\)|-+$)/.test(line))) continue
    }
    lines = lines
      .map(line => line.replace(/ \((?:\d+h)?(?:\d+m)?[\d.]+s\)$/, ''))
      .map(line => (/^[- ]+$/.test(line) ? '-' : line.trim().replaceAll(/\s{2,}/g, '\t')))
    if (lines[0] === 'Managed roles status') {
      const rows = lines.slice(1).map(line =>
        line
          .split('\t')
          .map(cell => cell.split(',').toSorted().join(','))
          .join('\t'),
      )
      lines = ['Managed roles status', ...rows.toSorted()]
    }
    if (lines.length > 0) out.push(lines)
  }
  const joined = out.map(lines => lines.join('\n')).join('\n\n')
  return `${joined.replaceAll(/(\+0000 UTC\t)[\d.-]+/g, '$1N')}\n`
}

function summaryForm(lines: readonly string[]): string[] {
  const heads = ['Cluster Summary', 'Replica Cluster Summary']
  const special = ['Switchover in progress', 'Primary server is initializing']
  const rest: string[] = []
  let skip = false
  for (const line of lines) {
    if (heads.includes(line) || special.includes(line)) skip = false
    else if (line.startsWith('Size:')) skip = true
    else if (!skip || !/^(error:|stdErr:|cmd:)/.test(line)) {
      skip = false
      rest.push(line)
    }
  }
  return [
    ...lines.filter(line => heads.includes(line)),
    ...lines.filter(line => special.includes(line)),
    ...rest,
  ]
}
