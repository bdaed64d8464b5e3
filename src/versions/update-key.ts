import { createHash } from 'node:crypto'
import { DEFAULT_POLICIES } from '../config/updates-config.ts'
import { isProjectPostgres } from '../manifest/image-reference.ts'
import { canonicalJson } from '../manifest/json.ts'
import type { Choice, UpdateClass } from './choose-update.ts'
import { readPostgresTag } from './postgres-tag.ts'
import type { ProposedEdit } from './proposal.ts'
import type { ReferencePackage, VersionReference } from './reference.ts'
import { readVersionTag } from './version-tag.ts'

/** The package of a reference, as reports, groups and keys name it; a chart of a Helm repository by both. */
export function packageName(target: ReferencePackage): string {
  if (target.kind === 'image') return target.name
  if (target.kind === 'helm') return `${target.repository} ${target.chart}`
  return target.kind === 'unknown' ? target.what : target.url
}

/** The last part of a package's name: 'postgresql', 'cloudnative-pg'. */
export function shortName(target: ReferencePackage): string {
  if (target.kind === 'helm') return target.chart
  return packageName(target).replace(/\/+$/, '').split('/').at(-1) ?? ''
}

/**
 * What an update is about, whatever the version it goes to: package and track. All references with the same key move in one pull
 * request; what is done on request only is about something else than what is done anyway.
 * @param choice absent: what is done unasked
 */
export function updateKeyOf(
  { package: target, current, role, owner }: VersionReference,
  choice?: Pick<Choice, 'version' | 'classes'>,
): string {
  const project = target.kind === 'image' && isProjectPostgres(target.name)
  const isPostgres = project || ['postgres', 'catalog', 'dump'].includes(role)
  const aims = (choice === undefined ? [] : aimsOf(choice, isPostgres, project)).join('+')
  const track = trackOf(target, role, current, isPostgres ? project : undefined)
  return [
    'v1',
    target.kind,
    packageName(target),
    track + (aims === '' ? '' : `→${aims}`),
    // one database after the other
    ...(choice?.classes.includes('pg-major') === true && role === 'postgres' && owner !== undefined
      ? [`${owner.namespace}/${owner.name}`]
      : []),
  ].join('|')
}

/** What a choice does that is done on request only: 'pg-major 18', 'os-change trixie'. */
function aimsOf(
  { version, classes }: Pick<Choice, 'version' | 'classes'>,
  isPostgres: boolean,
  project: boolean,
): string[] {
  const tag = isPostgres ? readPostgresTag(version, project) : undefined
  return (
    onRequestOf(classes)
      // a chart has one pull request, whichever step of the operator comes next
      .filter(kind => kind !== 'operator-minor')
      .toSorted()
      .map(kind => {
        if (tag === undefined) return kind
        const detail = {
          'pg-major': String(tag.major),
          'os-change': tag.os,
          'type-change': tag.type,
          'flavour-form': tag.form,
        }[kind]
        return detail === undefined ? kind : `${kind} ${detail}`
      })
  )
}

/** Those of some classes that are done on request only, unless a configuration says otherwise. */
export function onRequestOf(classes: readonly UpdateClass[]): UpdateClass[] {
  return classes.filter(kind => DEFAULT_POLICIES[kind]?.propose !== 'unasked')
}

/** The key of a group that the configuration names. */
export function groupKeyOf(name: string): string {
  return `v1|group|${name}`
}

/**
 * What stays as it is while versions move: 'pg17/system/trixie', 'chart', '1 v#.#.#-alpine'.
 * @param project of an image of PostgreSQL: whether it is the project's own
 */
function trackOf(
  target: ReferencePackage,
  role: VersionReference['role'],
  { version = '' }: VersionReference['current'],
  project: boolean | undefined,
): string {
  if (role === 'chart' || target.kind === 'helm') return 'chart'
  if (target.kind === 'oci') return 'artifact'
  const tag = project === undefined ? undefined : readPostgresTag(version, project)
  if (tag !== undefined) return [`pg${tag.major}`, tag.type ?? '-', tag.os ?? '-'].join('/')
  const plain = readVersionTag(version)
  return plain === undefined ? version : `${plain.numbers[0] ?? ''} ${plain.shape}`
}

/** The first ten hex digits of a key's SHA-256. */
export function keyDigest(updateKey: string): string {
  return sha256(updateKey).slice(0, 10)
}

/** SHA-256 of edits, in hex; their order is no part of it. */
export function contentOf(edits: readonly ProposedEdit[]): string {
  const sorted = inOrder(edits).map(({ path, document, pointer, from, to }) => ({
    path,
    doc: document,
    pointer: [...pointer],
    from,
    to,
  }))
  return sha256(canonicalJson(sorted))
}

/** Edits in the order of files, documents and pointers, each once. */
export function inOrder(edits: readonly ProposedEdit[]): ProposedEdit[] {
  const byPlace = new Map(edits.map(edit => [JSON.stringify([edit.path, edit.document, edit.pointer]), edit]))
  return [...byPlace].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, edit]) => edit)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
