import { isObject, valueAt, type JsonObject } from '../../manifest/json.ts'
import type { DatabaseStatus } from '../database-status.ts'
import { conditionOf, entries, number, objects, text } from '../fields.ts'
import type { Reason, State } from '../state.ts'
import { commitOf } from './expectation.ts'

/** How a Flux object is. */
export interface UnitObservation {
  suspended: boolean
  /** condition Ready, of the generation that is there; 'Unknown' while it is at work */
  ready: 'True' | 'False' | 'Unknown'
  reason: string
  message: string
  /** the revision that it has applied last, and tried last; that of Git where one is known */
  applied: string
  attempted: string
  /** the artifact's own revision, where `applied` is the Git revision that it was made from: 'latest@sha256:…' */
  artifact?: string
  /** of a HelmRelease: the chart of the last release */
  chartVersion?: string
}

/** How a database is at one moment, as little of it as the wait needs. */
export interface DatabaseObservation {
  /** false: there is no such Cluster */
  exists: boolean
  state: State
  /** those that count, without notes */
  reasons: Pick<Reason, 'state' | 'id' | 'message' | 'repair'>[]
  generation: number
  image: string
  instances: number
  parameters: Record<string, string>
  /** the live one, as a whole */
  spec?: JsonObject
  /** of what each instance has loaded, by its Pod */
  hashes: Record<string, string>
}

/** Why something could not be read. */
export interface Unreadable {
  message: string
  /** somebody has to do something about it: it does not pass */
  repair?: string
}

/** What was seen at one moment. Plain JSON. */
export interface Observation {
  /** milliseconds since 1970 */
  at: number
  /** nothing could be read: why */
  blind?: string
  /** the source; absent: it could not be read */
  source?: UnitObservation
  /** by key; absent: there is none, or it could not be read */
  units: Record<string, UnitObservation>
  databases: Record<string, DatabaseObservation>
  /** why something could not be read, by the key of the source, unit or database; the permission is named in it */
  unread?: Record<string, Unreadable>
  /** revisions of Flux that contain the commit; whoever has the repository knows */
  containing: string[]
}

/** What an OCI artifact says of the commit it was made from; `flux push artifact --revision` writes it. */
const ORIGIN = 'org.opencontainers.image.revision'

/**
 * A Kustomization, a HelmRelease or a source. An OCIRepository and what it feeds have a digest as revision, and beside it the
 * origin's (source-controller: status.artifact.metadata; kustomize-controller 1.5: status.lastAppliedOriginRevision).
 */
export function observeUnit(object: JsonObject): UnitObservation {
  const ready = conditionOf(object, 'Ready')
  const stale = number(object, 'status', 'observedGeneration') !== number(object, 'metadata', 'generation')
  const [release] = objects(object, 'status', 'history')
  const status = ready?.status === 'True' || ready?.status === 'False' ? ready.status : 'Unknown'
  const chartVersion = text(release, 'chartVersion')
  const revision =
    text(object, 'status', 'lastAppliedRevision') || text(object, 'status', 'artifact', 'revision')
  const origin =
    text(object, 'status', 'lastAppliedOriginRevision') ||
    text(object, 'status', 'artifact', 'metadata', ORIGIN)
  const known = revision !== '' && commitOf(origin) !== undefined
  return {
    suspended: valueAt(object, 'spec', 'suspend') === true,
    // a condition of the generation before says nothing of this one
    ready: stale ? 'Unknown' : status,
    reason: ready?.reason ?? '',
    message: ready?.message ?? '',
    applied: known ? origin : revision,
    ...(known ? { artifact: revision } : {}),
    attempted: text(object, 'status', 'lastAttemptedRevision'),
    ...(chartVersion === '' ? {} : { chartVersion }),
  }
}

export function observeDatabase({ collected, state, reasons }: DatabaseStatus): DatabaseObservation {
  const { cluster, instances, unread } = collected
  const parameters = entries(cluster, 'spec', 'postgresql', 'parameters').flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  )
  const spec = valueAt(cluster, 'spec')
  return {
    exists:
      cluster !== undefined || !unread.some(each => each.what === 'cluster' && each.reason === 'not-found'),
    state,
    reasons: reasons
      .filter(reason => reason.state !== 'note')
      .map(({ state: of, id, message, repair }) => ({
        state: of,
        id,
        message,
        ...(repair === undefined ? {} : { repair }),
      })),
    generation: number(cluster, 'metadata', 'generation'),
    image: text(cluster, 'spec', 'imageName'),
    instances: number(cluster, 'spec', 'instances'),
    parameters: Object.fromEntries(parameters),
    ...(isObject(spec) ? { spec } : {}),
    hashes: Object.fromEntries(
      instances.flatMap(answer => {
        const hash = 'body' in answer ? text(answer.body, 'loadedConfigurationHash') : ''
        return hash === '' ? [] : [[answer.pod, hash]]
      }),
    ),
  }
}

/**
 * The same units with revisions of Git in place of digests, wherever one of the objects read says what a digest was made from:
 * `lastAttemptedRevision` has no origin beside it, and before Flux 2.5 no unit had.
 */
export function withOrigins<Unit extends UnitObservation | undefined>(units: readonly Unit[]): Unit[] {
  const origins = new Map(
    units.flatMap(unit => (unit?.artifact === undefined ? [] : [[unit.artifact, unit.applied] as const])),
  )
  return units.map(unit =>
    unit === undefined
      ? unit
      : {
          ...unit,
          applied: origins.get(unit.applied) ?? unit.applied,
          attempted: origins.get(unit.attempted) ?? unit.attempted,
        },
  )
}
