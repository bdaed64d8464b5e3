import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'

/** What a pull request of an update remembers, in a hidden line of its body. All else is read from GitHub each time. */
export interface UpdateMarker {
  /** id of the update */
  k: string
  /** id of the proposal that title and text speak of */
  p: string
  /** the head they were written for */
  head: string
  /** 'closing:…': closed by us, because of … */
  st: string
  /** hash of the text as we wrote it, boxes empty */
  bh: string
  /** hash of the title as we wrote it */
  th: string
  /** labels that we set last */
  lb: readonly string[]
  /** whether we made it a draft */
  dr: boolean
  /** '17.6 → 17.9' and the version it leads to */
  change: string
  to: string
  /** classes of the update: what undoing it would mean follows from them */
  cl: readonly string[]
  /** what it led to before: [day, change] */
  was: readonly (readonly [day: string, change: string])[]
  /** what a person asked never to be proposed again: 'this:PROPOSAL', 'class:pg-minor', 'until:2026-12-24' */
  ig: readonly string[]
  /** pull requests up to this one no longer speak against it: a person asked for it again */
  un: number
}

export const OPEN = 'open'

const MARKER = /<!-- bump:v1 (\{[^\n]*\}) -->/

/** The hidden line. Nothing in it can end the comment. */
export function writeMarker(marker: UpdateMarker): string {
  const json = JSON.stringify(marker).replaceAll(/[<>]/g, char =>
    char === '<' ? String.raw`\u003c` : String.raw`\u003e`,
  )
  return `<!-- bump:v1 ${json} -->`
}

/** @returns undefined where a body has none, or one that was tampered with */
export function readMarker(body: string): UpdateMarker | undefined {
  // the last one: what stands above it may quote another
  const found = [...body.matchAll(new RegExp(MARKER, 'g'))].at(-1)?.[1]
  if (found === undefined) return undefined
  let value: Json
  try {
    value = JSON.parse(found)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const [k, p, head] = ['k', 'p', 'head'].map(name => textAt(value, name))
  if (k === undefined || p === undefined || head === undefined) return undefined
  const text = (name: string) => textAt(value, name) ?? ''
  return {
    k,
    p,
    head,
    st: textAt(value, 'st') ?? OPEN,
    bh: text('bh'),
    th: text('th'),
    lb: texts(value, 'lb'),
    dr: value.dr === true,
    change: text('change'),
    to: text('to'),
    cl: texts(value, 'cl'),
    was: pairs(value),
    ig: texts(value, 'ig'),
    un: typeof value.un === 'number' ? value.un : 0,
  }
}

function texts(value: JsonObject, name: string): string[] {
  const found = valueAt(value, name)
  return Array.isArray(found) ? found.filter(item => typeof item === 'string') : []
}

function pairs(value: JsonObject): [string, string][] {
  const found = valueAt(value, 'was')
  return (Array.isArray(found) ? found : []).flatMap((item): [string, string][] => {
    const [day, change] = [valueAt(item, 0), valueAt(item, 1)]
    return typeof day === 'string' && typeof change === 'string' ? [[day, change]] : []
  })
}

/** What our commits say in their last lines. */
export interface CommitTrailers {
  key: string
  proposal: string
  base: string
}

export function writeTrailers({ key, proposal, base }: CommitTrailers): string {
  return `Bump-Key: ${key}\nBump-Proposal: ${proposal}\nBump-Base: ${base}`
}

/** Only the last paragraph of a message counts, as git reads trailers. */
export function readTrailers(message: string): CommitTrailers | undefined {
  const last =
    message
      .trimEnd()
      .split(/\n\s*\n/)
      .at(-1) ?? ''
  const at = (name: string) => new RegExp(`^${name}: ([0-9a-f]+)$`, 'm').exec(last)?.[1]
  const [key, proposal, base] = [at('Bump-Key'), at('Bump-Proposal'), at('Bump-Base')]
  return key === undefined || proposal === undefined || base === undefined
    ? undefined
    : { key, proposal, base }
}
