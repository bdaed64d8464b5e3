// Text from a pull request is hostile: it must neither leave the place it is printed at, nor look like text of ours, nor
// notify anybody. GitHub finds @mentions and #references in the text of the finished HTML, so backslashes do not stop
// them; a zero-width space does.

// Controls, and the invisible or direction-changing characters of Unicode (CVE-2021-42574), shown as what they are.
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Controls and invisible characters as '\u202e'; tabs and line feeds stay. Lone surrogates become U+FFFD. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n/g, '\n')
    .replaceAll(INVISIBLE, char => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
}

/** The beginning of a text; to be taken before it is escaped, so that no entity or code span is cut. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`
}

/** Text on one line: line feeds and tabs become spaces. */
export function oneLine(text: string): string {
  return visible(text).replaceAll(/[\n\t]+/g, ' ')
}

/** Text inside HTML that stands in Markdown: no tags, no Markdown, no table cells, no pings, no links. */
export function html(text: string): string {
  return quiet(oneLine(text).replaceAll(/[&<>`*_~[\]\\|!{}$#]/g, char => `&#${char.charCodeAt(0)};`))
}

/** Text in a line or table cell of Markdown; what stands between backticks becomes code. */
export function inline(text: string): string {
  return oneLine(text)
    .trim()
    .split(/(`[^`]+`)/)
    .map(part =>
      part.length > 2 && part.startsWith('`') && part.endsWith('`') ? code(part.slice(1, -1)) : html(part),
    )
    .join('')
}

/** A name or value as code, in a line or a table cell. Plain text gets backticks, anything else entities. */
export function code(text: string): string {
  const line = oneLine(text)
  if (line.trim() === '') return ''
  return /^[\w./:@ (),=+%#→~'"[\]{}$*!?;^-]+$/.test(line) && line.trim() === line
    ? `\`${line}\``
    : `<code>${html(line)}</code>`
}

/** A fenced block that its content cannot close. */
export function fence(language: string, text: string): string {
  const content = visible(text).replaceAll(/<!--(?=\s*cnpg-steward)/gi, '<!\u2010\u2010')
  const longest = Math.max(0, ...[...content.matchAll(/`+/g)].map(run => run[0].length))
  const marks = '`'.repeat(Math.max(3, longest + 1))
  return `${marks}${language}\n${content}\n${marks}`
}

/** A link whose URL cannot end it early; the label alone where there is no web address. */
export function link(label: string, url: string | undefined): string {
  const text = html(label)
  if (url === undefined || !/^https?:\/\//.test(url)) return text
  const target = url
    .toWellFormed()
    .replaceAll(/[^!-~]/gu, encodeURIComponent)
    .replaceAll(/[()<>|`\\"'[\]*_@]/g, char => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return `[${text}](${target})`
}

function quiet(text: string): string {
  return text
    .replaceAll(/@(?=\S)/g, '@&#8203;')
    .replaceAll(/&#35;(?=\d)/g, '&#35;&#8203;')
    .replaceAll(/\bgh-(?=\d)/gi, found => `${found}&#8203;`)
    .replaceAll(/:\/\//g, ':&#8203;//')
    .replaceAll(/\bwww\./gi, found => `${found.slice(0, -1)}&#8203;.`)
}

/**
 * Text for a log, none of whose lines is a command of a workflow. The runner takes '::name::' at the start of a line, spaces
 * aside, and '##[name]' anywhere in it (actions/runner, src/Runner.Common/ActionCommand.cs).
 */
export function noCommands(text: string): string {
  return text.replaceAll(/^(\s*):(?=:)/gm, '$1: ').replaceAll('##[', '## [')
}
