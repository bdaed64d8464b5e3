/** Looks at the text of a file. */
export type TextTest = (text: Buffer) => boolean

const REFERENCES = ['valuesFrom', 'substituteFrom', 'chartRef', 'sourceRef', 'cnpg.io']

/** Whether a text has a name as a whole: `app` is not in `app-config`. */
export function mentions(text: Buffer, name: string): boolean {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1))
    if (!isOfName(text[at - 1]) && !isOfName(text[at + name.length])) return true
  return false
}

// [A-Za-z0-9_-]: a dot ends a sentence, and parts the segments of names
function isOfName(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return (
    (byte >= 48 && byte <= 57) ||
    (byte >= 65 && byte <= 90) ||
    (byte >= 97 && byte <= 122) ||
    byte === 45 ||
    byte === 95
  )
}

/** Files that may refer to an object by name, which may be put together from variables: `${APP}-config`. */
export function refersTo(name: string): TextTest {
  return text =>
    REFERENCES.some(word => text.includes(word)) && (mentions(text, name) || hasTemplateOf(text, name))
}

/** Files that most likely define an object: they have its kind, and its name where an object has it. */
export function defines(kind: string, name: string): TextTest {
  const named = new RegExp(
    `^ {1,4}["']?name["']?\\s*:\\s*(?:&\\S+\\s+)?["']?${escaped(name)}["']?\\s*(?:#.*)?$`,
    'm',
  )
  return text =>
    mentions(text, name) &&
    holdsKind(text, kind) &&
    (isGenerator(text, kind) || named.test(text.toString('latin1')))
}

/** Files that may define an object in any way: by its kind and a name of variables, or where its name is a variable's value. */
export function mayDefine(kind: string, name: string): TextTest {
  return text =>
    (holdsKind(text, kind) && (mentions(text, name) || hasTemplateOf(text, name))) ||
    (text.includes('kustomize.toolkit.fluxcd.io') && mentions(text, name))
}

/** Files with a HelmRelease whose chart is named after a project, or with the source of such a chart. */
export function isChartOf(project: string): TextTest {
  const named = new RegExp(
    `\\bchart["']?\\s*:\\s*["']?[\\w./-]*${escaped(project)}|\\bchartRef\\b[^]{0,120}?\\bname["']?\\s*:\\s*["']?[\\w-]*${escaped(project)}`,
  )
  return text => text.includes(project) && named.test(text.toString('latin1'))
}

/** As an object of its own, not as a reference: at the beginning of a line, or in a document that is not in block style. */
function holdsKind(text: Buffer, kind: string): boolean {
  if (isGenerator(text, kind)) return true
  if (!text.includes(kind)) return false
  const decoded = text.toString('latin1')
  const key = /["']?kind["']?\s*:\s*["']?/.source
  return (
    new RegExp(`^${key}${kind}\\b`, 'm').test(decoded) ||
    (new RegExp(`${key}${kind}\\b`).test(decoded) &&
      (new RegExp(`^${key}\\w*List\\b`, 'm').test(decoded) || !new RegExp(`^${key}`, 'm').test(decoded)))
  )
}

/** A name with variables in it that may come out as this one; one of variables alone may come out as anything. */
function hasTemplateOf(text: Buffer, name: string): boolean {
  if (!text.includes('${')) return false
  for (const [, template = ''] of text
    .toString('utf8')
    .matchAll(/\bname["']?\s*:\s*["']?([^\s"',}]*\$\{[^\s"',]*)/g)) {
    const literal = template.split(/\$\{[^}]*\}?/)
    if (literal.every(part => part === '')) continue
    const pattern = literal.map(escaped).join('.*')
    if (new RegExp(`^${pattern}$`).test(name)) return true
  }
  return false
}

function isGenerator(text: Buffer, kind: string): boolean {
  return (
    (kind === 'ConfigMap' || kind === 'Secret') &&
    text.includes(`${kind[0]?.toLowerCase()}${kind.slice(1)}Generator`)
  )
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}
