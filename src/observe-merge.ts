import { isObject, textAt, type Json, type JsonObject } from './manifest/json.ts'
import { reportStatus, type StatusTools } from './report-status.ts'
import { databaseKey, unitKey, type Expectation, type UnitExpectation } from './status/follow/expectation.ts'
import {
  observeDatabase,
  observeUnit,
  withOrigins,
  type DatabaseObservation,
  type Observation,
  type UnitObservation,
  type Unreadable,
} from './status/follow/observation.ts'

export interface ObserveTools extends StatusTools {
  /** whether a revision of Flux ('main@sha1:…') contains the commit; whoever has the repository knows */
  contains: (revision: string, commit: string) => Promise<boolean>
}

const DEADLINE_MS = 10_000
const RESOURCES = {
  Kustomization: 'kustomize.toolkit.fluxcd.io/v1/kustomizations',
  HelmRelease: 'helm.toolkit.fluxcd.io/v2/helmreleases',
  GitRepository: 'source.toolkit.fluxcd.io/v1/gitrepositories',
  OCIRepository: 'source.toolkit.fluxcd.io/v1/ocirepositories',
  Bucket: 'source.toolkit.fluxcd.io/v1/buckets',
} as const

/**
 * Looks once at everything that a commit touches in one cluster, all of it at the same time; `advance` says what it means.
 * Where the API server does not answer at all, the observation is blind.
 */
export async function observeMerge(expectation: Expectation, tools: ObserveTools): Promise<Observation> {
  const { reader, now, contains } = tools
  let failure: string | undefined
  let answered = false
  const unread: Record<string, Unreadable> = {}
  const read = async (key: string): Promise<UnitObservation | undefined> => {
    const path = pathOf(key)
    if (path === undefined) return undefined
    const answer = await reader.get(path, DEADLINE_MS)
    if ('problem' in answer) {
      failure ??= answer.message
      return undefined
    }
    answered = true
    const object = answer.status === 200 ? parsed(answer.body) : undefined
    if (object !== undefined) return observeUnit(object)
    const why = unreadable(answer, key)
    if (why !== undefined) unread[key] = why
    return undefined
  }
  const [fetched, applied, databases] = await Promise.all([
    read(expectation.source),
    Promise.all(expectation.units.map(async unit => await read(unitKey(unit)))),
    Promise.all(
      expectation.databases.map(async wanted => {
        const { namespace, name } = wanted
        const status = await reportStatus({ namespace, name, deadlineMs: DEADLINE_MS }, tools)
        const lost = status.collected.unread.find(({ what }) => what === 'cluster')
        if (lost?.reason === 'timeout' || lost?.reason === 'unreachable') {
          failure ??= lost.message
          return [databaseKey(wanted), undefined] as const
        }
        answered = true
        return [databaseKey(wanted), observeDatabase(status)] as const
      }),
    ),
  ])
  const [source, ...units] = withOrigins([fetched, ...applied])
  const seen = expectation.units.flatMap((unit, index): [string, UnitObservation][] => {
    const found = units[index]
    return found === undefined ? [] : [[unitKey(unit), found]]
  })
  const revisions = new Set(
    [source, ...seen.map(([, unit]) => unit)].flatMap(unit =>
      unit === undefined ? [] : [unit.applied, unit.attempted],
    ),
  )
  const containing = await Promise.all(
    [...revisions]
      .filter(revision => revision !== '')
      .map(async revision => ((await contains(revision, expectation.commit)) ? [revision] : [])),
  )
  return {
    at: now().getTime(),
    ...(answered || failure === undefined ? {} : { blind: failure }),
    ...(source === undefined ? {} : { source }),
    units: Object.fromEntries(seen),
    databases: Object.fromEntries(
      databases.filter((each): each is [string, DatabaseObservation] => each[1] !== undefined),
    ),
    ...(Object.keys(unread).length === 0 ? {} : { unread }),
    containing: containing.flat(),
  }
}

/** Why an answer tells nothing; `undefined`: there is no such object. */
function unreadable({ status, body }: { status: number; body: string }, key: string): Unreadable | undefined {
  if (status === 404) return undefined
  const said = textAt(parsed(body), 'message') ?? `HTTP ${status}`
  const message = `could not be read: ${said}`
  const [, kind = '', namespace = ''] = /^(\w+) ([^/]+)\//.exec(key) ?? []
  const [group, , resource] = isKnown(kind) ? RESOURCES[kind].split('/') : []
  if (status === 403) return { message, repair: repairOf(`get ${resource}.${group}`, namespace) }
  return status === 401 ? { message, repair: repairOf('', namespace) } : { message }
}

function repairOf(permission: string, namespace: string): string {
  return permission === ''
    ? 'Give the bot a token that the API server takes.'
    : `Allow it to the bot's user or service account in namespace ${namespace}: \`${permission}\`.`
}

/** The path of 'Kustomization flux-system/apps'. */
function pathOf(key: string): string | undefined {
  const [, kind = '', namespace = '', name = ''] = /^(\w+) ([^/]+)\/(.+)$/.exec(key) ?? []
  if (!isKnown(kind)) return undefined
  const [group, version, resource] = RESOURCES[kind].split('/')
  return `/apis/${group}/${version}/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`
}

function isKnown(
  kind: string,
): kind is UnitExpectation['kind'] | 'GitRepository' | 'OCIRepository' | 'Bucket' {
  return Object.hasOwn(RESOURCES, kind)
}

function parsed(body: string): JsonObject | undefined {
  try {
    const value: Json = JSON.parse(body)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
