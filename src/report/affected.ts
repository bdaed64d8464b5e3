import type { Unjudged } from '../manifest/finding.ts'
import { reasons } from '../policy/reasons.ts'

const NAMES = 5
const KINDS = 8

/** A line about what stood in base: one for each reason, however many causes there are. */
export interface Standing {
  message: string
  affected: string[]
}

/** Entries of one reason and one repair: from two on, what they have in common is said once. */
export interface Fold {
  common?: { title: string; repair?: string }
  entries: Unjudged[]
}

/** Entries that are printed one by one, with what they have in common, in order of first appearance. */
export function folds(entries: readonly Unjudged[]): Fold[] {
  return [...Map.groupBy(entries, ({ reason, repair }) => JSON.stringify([reason, repair]))].flatMap(
    ([, group]): Fold[] => {
      const [first] = group
      const title = titleOf(first?.reason)
      if (first === undefined || group.length < 2 || title === undefined)
        return group.map(entry => ({ entries: [entry] }))
      const { repair } = first
      const common = { title: withoutStop(title), ...(repair === undefined ? {} : { repair }) }
      const each = group.map(entry => {
        const { repair: said, ...rest } = entry
        return said === undefined ? entry : rest
      })
      return [{ common, entries: each }]
    },
  )
}

/** Entries that the change does not touch, folded by their reason. */
export function standing(entries: readonly Unjudged[]): Standing[] {
  return [...Map.groupBy(entries, ({ reason }) => reason)].map(([reason, group]) => {
    const [first] = group
    const title = titleOf(reason)
    const message = group.length === 1 || title === undefined ? (first?.message ?? reason) : title
    return {
      message: withoutStop(message),
      affected: [...new Set(group.flatMap(({ affected }) => affected))],
    }
  })
}

/**
 * What an entry affects, each kind named once: 'HelmRelease a/b, a/c and 78 more'; '' where the message has said it.
 * @param show escapes a name
 */
export function namesOf(
  { message, affected }: Pick<Unjudged, 'message' | 'affected'>,
  show: (name: string) => string,
): string {
  const [only] = affected
  if (affected.length === 1 && only !== undefined && message.includes(only)) return ''
  let room = NAMES
  const parts: string[] = []
  for (const [kind, names] of byKind(affected)) {
    const shown = names.slice(0, room)
    if (shown.length === 0) break
    room -= shown.length
    parts.push(`${kind === '' ? '' : `${kind} `}${shown.map(show).join(', ')}`)
  }
  const more = affected.length - NAMES
  return `${parts.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** What entries affect, in numbers: '58 × GrafanaDashboard, 2 × Grafana and 3 more kinds'; one object by its name. */
export function numbersOf(affected: readonly string[], show: (name: string) => string): string {
  const kinds = byKind(affected).toSorted(([, a], [, b]) => b.length - a.length)
  const [first] = kinds
  if (first !== undefined && affected.length === 1) {
    const [kind, [name = '']] = first
    return `${kind === '' ? '' : `${kind} `}${show(name)}`
  }
  const shown = kinds
    .slice(0, KINDS)
    .map(([kind, names]) => (kind === '' ? names.map(show).join(', ') : `${names.length} × ${kind}`))
  const more = kinds.length - KINDS
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more kind${more === 1 ? '' : 's'}` : ''}`
}

function titleOf(reason: string | undefined): string | undefined {
  return reasons.find(({ id }) => id === reason)?.title
}

/** A sentence that goes on behind a colon. */
export function withoutStop(message: string): string {
  return sentence(message).replace(/[.\s]+$/, '')
}

/** With a capital letter. */
export function sentence(text: string): string {
  return text.replace(/^[a-z](?=[a-z']* )/, letter => letter.toUpperCase())
}

/** 'Kind ns/name' by kind, in order of first appearance; what is no such label stands under ''. */
function byKind(affected: readonly string[]): [kind: string, names: string[]][] {
  const kinds = new Map<string, string[]>()
  for (const label of affected) {
    const [, kind = '', name = label] = /^([A-Z][A-Za-z0-9]*) (\S+)$/.exec(label) ?? []
    kinds.set(kind, [...(kinds.get(kind) ?? []), name])
  }
  return [...kinds]
}
