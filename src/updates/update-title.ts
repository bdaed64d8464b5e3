/** What a title is made of. */
export interface TitleParts {
  /** 'ghcr.io/cloudnative-pg/postgresql', 'cloudnative-pg' */
  name: string
  from: string
  to: string
  kind: 'image' | 'chart' | 'artifact'
  /** of the classes the one that asks for most: 'major', 'minor', 'patch', 'digest' */
  size: 'major' | 'minor' | 'patch' | 'digest'
  /** what it does may change */
  breaking: boolean
}

export type TitlePreset = 'to' | 'arrows'

/** `{{…}}` of a title template. */
export const TITLE_VARIABLES = ['type', 'scope', 'breaking', 'kind', 'name', 'from', 'to'] as const

const PRESETS: Record<TitlePreset, string> = {
  to: 'chore(deps): update {{name}} to {{to}}',
  arrows: '{{type}}({{scope}}){{breaking}}: update {{kind}} {{name}} ({{from}} ➔ {{to}})',
}
const TYPES = { major: 'feat', minor: 'feat', patch: 'fix', digest: 'fix' }
const SCOPES = { image: 'container', chart: 'helm', artifact: 'helm' }
const LONGEST = 200

/** The title of a pull request and of its commit, on one line. @param style a preset, or a template with `{{…}}` */
export function updateTitle(parts: TitleParts, style: string): string {
  const template = style === 'to' || style === 'arrows' ? PRESETS[style] : style
  const values: Record<(typeof TITLE_VARIABLES)[number], string> = {
    type: TYPES[parts.size],
    scope: SCOPES[parts.kind],
    breaking: parts.breaking ? '!' : '',
    kind: parts.kind,
    name: parts.name,
    from: parts.from,
    to: parts.to,
  }
  const known = (name: string): name is keyof typeof values => Object.hasOwn(values, name)
  const title = template
    .replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => (known(name) ? values[name] : whole))
    .replaceAll(/\s+/g, ' ')
    .trim()
  return title.length <= LONGEST ? title : `${title.slice(0, LONGEST - 1)}…`
}

/** What is wrong with a template; one sentence. */
export function titleProblem(style: string): string | undefined {
  if (style === 'to' || style === 'arrows') return undefined
  const unknown = [...style.matchAll(/\{\{\s*(\w+)\s*\}\}/g)]
    .map(([, name = '']) => name)
    .find(name => !TITLE_VARIABLES.some(known => known === name))
  if (unknown !== undefined) return `There is no {{${unknown}}}: ${TITLE_VARIABLES.join(', ')}.`
  return style.includes('{{name}}') ? undefined : 'Without {{name}} two updates would have one title.'
}
