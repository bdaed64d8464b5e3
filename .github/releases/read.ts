// Reads what the CloudNativePG project writes about its releases. Text in, plain data out.

export interface Line {
  /** ISO dates; of a month alone the last day */
  released: string
  endOfLife: string
  /** the project calls the end of life an estimate */
  estimated?: true
  kubernetes: string[]
  /** tested and not supported */
  kubernetesTested?: string[]
  postgres?: number[]
}

export interface Notes {
  /** ISO; '' where the notes do not say */
  released: string
  /** the first sentence of each entry of "Important changes" */
  important: string[]
  advisories: { ids: string[]; title: string }[]
  postgres?: number[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** '29 Jun 2026', 'June 30, 2026', 'December, 9 2025', '~  Dec 2026', 'Nov 10, 2022' */
export function isoDate(text: string): string {
  const words = text.replaceAll(/[~,]/g, ' ').trim().split(/\s+/)
  const month = words.map(word => MONTHS.indexOf(word.slice(0, 3).toLowerCase())).find(index => index >= 0)
  const year = words.find(word => /^\d{4}$/.test(word))
  const day = words.find(word => /^\d{1,2}$/.test(word))
  if (month === undefined || year === undefined) throw new Error(`no date: ${text}`)
  const last = new Date(Date.UTC(Number(year), month + 1, 0)).getUTCDate()
  return `${year}-${String(month + 1).padStart(2, '0')}-${(day ?? String(last)).padStart(2, '0')}`
}

/** The tables of docs/src/supported_releases.md: minor → what is promised for it. */
export function readSupport(markdown: string): Record<string, Line> {
  const lines: Record<string, Line> = {}
  let columns: string[] = []
  for (const row of markdown.split('\n')) {
    if (!row.startsWith('|')) {
      columns = []
      continue
    }
    const cells = row
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim())
    if (columns.length === 0) {
      columns = cells.map(cell => cell.toLowerCase())
      continue
    }
    const at = (name: string) => cells[columns.findIndex(column => column.startsWith(name))] ?? ''
    const minor = /^(\d+\.\d+)\.x$/.exec(at('version'))?.[1]
    if (minor === undefined) continue
    const tested = versionsIn(at('tested'))
    const [oldest, newest] = [...at('supported postgres').matchAll(/\d+/g)].map(([number]) => Number(number))
    lines[minor] = {
      released: isoDate(at('release date')),
      endOfLife: isoDate(at('end of life')),
      ...(at('end of life').includes('~') ? { estimated: true } : {}),
      kubernetes: versionsIn(at('supported kubernetes')),
      ...(tested.length === 0 ? {} : { kubernetesTested: tested }),
      ...(oldest === undefined || newest === undefined ? {} : { postgres: range(oldest, newest) }),
    }
  }
  return lines
}

function versionsIn(cell: string): string[] {
  return [...cell.matchAll(/\d+\.\d+/g)]
    .map(([version]) => version)
    .toSorted((a, b) => Number(a.slice(2)) - Number(b.slice(2)))
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** docs/src/release_notes/vX.Y.md: release → what its notes say. */
export function readNotes(markdown: string): Record<string, Notes> {
  const notes: Record<string, Notes> = {}
  for (const part of markdown.split(/^## Version /m).slice(1)) {
    const version = /^\d+\.\d+\.\d+(?!-)/.exec(part)?.[0]
    if (version === undefined) continue
    const date = /\*\*Release date:\*\*\s*(.+)/.exec(part)?.[1]
    const postgres = /^- PostgreSQL ((?:\d+(?:, and |, | and )?)+)(?: \(.*\))?$/m.exec(part)?.[1]
    notes[version] = {
      released: date === undefined ? '' : isoDate(date),
      important: entries(part, /^important changes/i)
        .map(sentence)
        // an entry may hold a list of its own, of names
        .filter(text => /^[A-Z]/.test(text)),
      advisories: entries(part, /^security/i).flatMap(advisory),
      ...(postgres === undefined
        ? {}
        : {
            postgres: [...postgres.matchAll(/\d+/g)]
              .map(([major]) => Number(major))
              .toSorted((a, b) => a - b),
          }),
    }
  }
  return notes
}

/** The entries of a section, each as one line. */
function entries(part: string, title: RegExp): string[] {
  const section = part.split(/^### /m).find(text => title.test(text))
  if (section === undefined) return []
  return section
    .split(/^- /m)
    .slice(1)
    .map(text =>
      text
        .replaceAll(/<!--.*?-->/g, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
}

/** Its bold title, else its first sentence; without links and code marks. */
function sentence(entry: string): string {
  const bold = /^\*\*(.+?)\*\*/.exec(entry)?.[1]
  const plain = (bold ?? entry)
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
    .replace(/:\s*$/, '')
  return (/^.*?[.](?=\s|$)/.exec(plain)?.[0] ?? plain).trim()
}

const ADVISORY = /CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}/g

function advisory(entry: string): { ids: string[]; title: string }[] {
  // the notes say themselves which do not touch the operator, and which only resemble it
  if (/not reachable from the running operator/.test(entry)) return []
  const ids = entry.replaceAll(/\(?same class as `?CVE-\d+-\d+`?\)?/g, '').match(ADVISORY) ?? []
  if (ids.length === 0) return []
  const title = sentence(entry).replace(/^(?:(?:CVE-[\d-]+|GHSA-[\w-]+)[\s/:]*)+/, '')
  return [{ ids: [...new Set(ids)], title }]
}

/** Charts of a Helm repository's index.yaml: name → chart version → appVersion, without pre-releases. */
export function readCharts(
  index: { entries?: Record<string, { version?: string; appVersion?: string }[]> },
  names: readonly string[],
): Record<string, Record<string, string>> {
  return Object.fromEntries(
    names.map(name => [
      name,
      Object.fromEntries(
        (index.entries?.[name] ?? [])
          .flatMap(({ version = '', appVersion = '' }): [string, string][] =>
            /^\d+\.\d+\.\d+$/.test(version) ? [[version, appVersion.replace(/^v/, '')]] : [],
          )
          .toSorted(([a], [b]) => byVersion(a, b)),
      ),
    ]),
  )
}

export interface Sources {
  /** pkg/versions/versions.go */
  versions: string
  /** internal/webhook/v1/cluster_webhook.go */
  webhook: string
  /** go.mod */
  goMod: string
}

/** What the sources of a release say that its notes do not. */
export function readSources({ versions, webhook, goMod }: Sources): {
  defaultImage: string
  barmanRemovedIn: string
  rewritesAlways: boolean
} {
  const defaultImage = /DefaultImageName = "([^"]+)"/.exec(versions)?.[1]
  const barmanRemovedIn = /completely removed in CloudNativePG (\d+\.\d+\.\d+)/.exec(webhook)?.[1]
  const runtime = /sigs\.k8s\.io\/controller-runtime v0\.(\d+)\./.exec(goMod)?.[1]
  if (defaultImage === undefined || barmanRemovedIn === undefined || runtime === undefined)
    throw new Error('the sources are not written as they used to be')
  return { defaultImage, barmanRemovedIn, rewritesAlways: Number(runtime) < 24 }
}

export function byVersion(a: string, b: string): number {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let at = 0; at < 3; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
