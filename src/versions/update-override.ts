/** What a person wrote beside a version: `# cnpg-steward: updates …`. */
export interface UpdateOverride {
  action: 'ignore' | 'hold' | 'track'
  /** of `hold`: no update before that day, 'YYYY-MM-DD' */
  until?: string
  /** of `track`: what may change besides what is proposed anyway */
  classes: readonly string[]
  /** of `track`: values to move to, such as os=trixie, type=standard, major=18 */
  targets: Readonly<Record<string, string>>
  reason: string
}

const COMMENT = /(?:^|\s)#\s*cnpg-steward:\s*updates\b[ \t]*(.*)$/
const DAY = /^\d{4}-\d{2}-\d{2}$/
const CLASSES = [
  'pg-major',
  'pg-minor',
  'rebuild',
  'os-change',
  'type-change',
  'flavour-form',
  'pre-release',
  'bundle-change',
  'major',
  'minor',
  'patch',
  'operator-minor',
  'operator-patch',
]
const TARGETS = ['os', 'type', 'major', 'form']

/**
 * The override at a line: behind the value, or in comments alone on the lines right above it.
 * Forms: `updates ignore REASON`, `updates hold [until YYYY-MM-DD] REASON`, `updates track CLASS|os=…|type=…|major=… … [REASON]`.
 * @param lines the file
 * @param line from 1
 * @returns `problem` where there is one that cannot be read; undefined where there is none
 */
export function overrideAt(
  lines: readonly string[],
  line: number,
): UpdateOverride | { problem: string } | undefined {
  const own = COMMENT.exec(lines[line - 1] ?? '')?.[1]
  if (own !== undefined) return readOverride(own)
  for (let at = line - 2; at >= 0; at--) {
    const text = lines[at] ?? ''
    if (!/^\s*#/.test(text)) return undefined
    const above = COMMENT.exec(text)?.[1]
    if (above !== undefined) return readOverride(above)
  }
  return undefined
}

function readOverride(text: string): UpdateOverride | { problem: string } {
  const [action = '', ...words] = text.trim().split(/\s+/)
  const nothing = { classes: [], targets: {} }
  if (action === 'ignore') return { action, ...nothing, reason: words.join(' ') }
  if (action === 'hold') {
    if (words[0] !== 'until') return { action, ...nothing, reason: words.join(' ') }
    const [, until = '', ...reason] = words
    if (!DAY.test(until) || Number.isNaN(Date.parse(until)))
      return { problem: `'hold until' wants a day as YYYY-MM-DD, not '${until}'.` }
    return { action, until, ...nothing, reason: reason.join(' ') }
  }
  if (action === 'track') return readTrack(words)
  return { problem: `'updates ${action}' is not known: write ignore, hold or track.` }
}

function readTrack(words: readonly string[]): UpdateOverride | { problem: string } {
  const classes: string[] = []
  const targets: Record<string, string> = {}
  let read = 0
  for (const word of words) {
    const [, name = '', value = ''] = /^([a-z]+)=(\S+)$/.exec(word) ?? []
    if (TARGETS.includes(name)) targets[name] = value
    else if (CLASSES.includes(word)) classes.push(word)
    else break
    read++
  }
  if (read === 0)
    return {
      problem: `'updates track' wants what to follow: ${TARGETS.map(name => `${name}=…`).join(', ')}, or a class of updates.`,
    }
  return { action: 'track', classes, targets, reason: words.slice(read).join(' ') }
}
