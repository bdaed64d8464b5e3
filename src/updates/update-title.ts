/** What a title is made of. */
export interface TitleParts {
  /** 'postgresql', 'cloudnative-pg', the name of a group */
  name: string
  /** 'ghcr.io/cloudnative-pg/postgresql' */
  package: string
  from: string
  to: string
  kind: 'image' | 'chart' | 'artifact'
  /** of the classes the one that asks for most: 'major', 'minor', 'patch', 'digest' */
  size: 'major' | 'minor' | 'patch' | 'digest'
  /** what it does may change */
  breaking: boolean
}

export type TitlePreset = 'to' | 'arrows'

const PRESETS: Record<TitlePreset, string> = {
  to: 'chore(deps): update {{name}} to {{to}}',
  arrows: '{{type}}({{scope}}){{breaking}}: update {{kind}} {{package}} ({{from}} ➔ {{to}})',
}
const TYPES = { major: 'feat', minor: 'feat', patch: 'fix', digest: 'fix' }
const SCOPES = { image: 'container', chart: 'helm', artifact: 'helm' }
const LONGEST = 200

/** The title of a pull request and of its commit, on one line. @param style a preset, or a template with `{{…}}` */
export function updateTitle(parts: TitleParts, style: string): string {
  const template = style === 'to' || style === 'arrows' ? PRESETS[style] : style
  const values = {
    type: TYPES[parts.size],
    scope: SCOPES[parts.kind],
    breaking: parts.breaking ? '!' : '',
    kind: parts.kind,
    name: parts.name,
    package: parts.package,
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
