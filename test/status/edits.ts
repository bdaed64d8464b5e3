import { isObject, type Json, type JsonObject } from '../../src/manifest/json.ts'
import type { Collected } from '../../src/status/collected.ts'
import { read } from './recordings.ts'

/** What was seen half a second after the row before it. */
export interface EditRow {
  /** milliseconds since the edit; before it negative */
  at: number
  generation: number
  phase: string | null
  phaseReason: string | null
  instances: number | null
  readyInstances: number | null
  currentPrimary: string | null
  targetPrimary: string | null
  image: string | null
  specInstances: number
  specImage: string
  conditions: Record<string, [status: string, reason: string, observed: null, since: string]>
  pods: Record<string, [phase: string, role: string | null, ready: string[], deleting: boolean]>
  /** absent: the instances were not asked */
  pg?: Record<
    string,
    {
      http?: number
      cfg?: string
      pendingRestart?: boolean
      isPrimary?: boolean
      walReceiver?: boolean
      mightBeUnavailable?: boolean
      repl?: [string, string][]
    }
  >
}

/** A merge patch (RFC 7386) of the Cluster. */
interface Patch {
  spec: JsonObject
}

export interface RecordedEdit {
  /** the patch */
  edit: Patch
  /** those after it, with the milliseconds in between: the recorder took its edit back */
  later: { at: number; edit: Patch }[]
  rows: EditRow[]
}

/** The edits that were watched on the real cluster, by name. */
export function recordedEdits(): Record<string, RecordedEdit> {
  const raw: Record<string, ({ t: string; EDIT?: Json } & Omit<EditRow, 'at'>)[]> = read('edits')
  return Object.fromEntries(
    Object.entries(raw).map(([name, lines]) => {
      const [mark, ...others] = lines.filter(
        line => line.EDIT !== undefined && line.EDIT !== 'patch returned',
      )
      const start = Date.parse(mark?.t ?? '')
      const rows = lines
        .filter(line => line.EDIT === undefined)
        .map(line => ({ ...line, at: Date.parse(line.t) - start }))
      const later = others.map(({ t, EDIT }) => ({ at: Date.parse(t) - start, edit: patchOf(EDIT) }))
      return [name, { edit: patchOf(mark?.EDIT), later, rows }]
    }),
  )
}

/** The patch; one was noted in words: 'max_connections 90 while four other clusters roll'. */
function patchOf(edit: Json | undefined): Patch {
  const [, parameter, value] = typeof edit === 'string' ? (/^(\w+) (\S+)/.exec(edit) ?? []) : []
  if (parameter !== undefined && value !== undefined)
    return { spec: { postgresql: { parameters: { [parameter]: value } } } }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fixture's own form
  return edit as unknown as Patch
}

/** When the recording began: what ran then had run for long. */
const START = Date.parse('2026-11-22T00:00:00Z')

/**
 * The rows as everything that is read of a database. The watch did not keep the images of the Pods: one that is made anew has
 * the image that the spec had then.
 * @param images of Pods that had another one than the spec from the beginning
 */
export function collectedFrom(
  { edit, later, rows }: RecordedEdit,
  images: Record<string, string> = {},
): Collected[] {
  const pods = new Map<string, { image: string; since: number; leaving: boolean }>()
  return rows.map((row, index) => {
    for (const name of pods.keys()) if (!(name in row.pods)) pods.delete(name)
    for (const [name, [, , , deleting]] of Object.entries(row.pods)) {
      const known = pods.get(name)
      if (known === undefined || (known.leaving && !deleting))
        pods.set(name, {
          image: (index === 0 ? images[name] : undefined) ?? row.specImage,
          since: index === 0 ? -86_400_000 : row.at,
          leaving: deleting,
        })
      else known.leaving = deleting
    }
    const patches = [{ at: 0, edit }, ...later].filter(({ at }) => at <= row.at)
    return collectedOf(
      row,
      patches.reduce((spec, each) => merged(spec, each.edit.spec), {}),
      pods,
    )
  })
}

function collectedOf(
  row: EditRow,
  patched: JsonObject,
  pods: ReadonlyMap<string, { image: string; since: number; leaving: boolean }>,
): Collected {
  const cluster =
    Object.keys(row.pods)
      .find(name => /^.+-\d+$/.test(name))
      ?.replace(/-\d+$/, '') ?? 'postgres'
  const instances = Object.keys(row.pods).filter(name => /^\d+$/.test(name.slice(cluster.length + 1)))
  return {
    namespace: 'databases',
    name: cluster,
    at: time(row.at),
    unread:
      row.pg === undefined
        ? [
            {
              what: 'instances',
              reason: 'forbidden',
              permission: 'get pods/proxy',
              message: 'it is forbidden',
            },
          ]
        : [],
    cluster: {
      metadata: {
        name: cluster,
        namespace: 'databases',
        generation: row.generation,
        creationTimestamp: time(-1e9),
      },
      spec: { ...patched, instances: row.specInstances, imageName: row.specImage },
      status: {
        phase: row.phase,
        phaseReason: row.phaseReason,
        instances: row.instances,
        readyInstances: row.readyInstances,
        currentPrimary: row.currentPrimary,
        targetPrimary: row.targetPrimary,
        image: row.image,
        conditions: Object.entries(row.conditions).map(([type, [status, reason, , since]]) => ({
          type,
          status,
          reason,
          lastTransitionTime: since,
        })),
      },
    },
    pods: Object.entries(row.pods).map(([name, [phase, role, [ready = 'False'], deleting]]): JsonObject => {
      const known = pods.get(name)
      const running =
        phase === 'Running' ? { state: { running: { startedAt: time(known?.since ?? 0) } } } : {}
      return {
        metadata: {
          name,
          labels: { 'cnpg.io/cluster': cluster, ...(role === null ? {} : { 'cnpg.io/instanceRole': role }) },
          ownerReferences: [{ kind: instances.includes(name) ? 'Cluster' : 'Job', name: cluster }],
          creationTimestamp: time(known?.since ?? 0),
          ...(deleting ? { deletionTimestamp: time(row.at) } : {}),
        },
        spec: {
          containers: [
            { name: 'postgres', image: known?.image ?? row.specImage, command: ['--status-port-tls'] },
          ],
        },
        status: {
          phase,
          conditions: [
            { type: 'ContainersReady', status: ready, lastTransitionTime: time(known?.since ?? 0) },
          ],
          containerStatuses: [{ name: 'postgres', ...running }],
        },
      }
    }),
    instances: instances.map(pod => {
      // as for somebody who may not ask
      if (row.pg === undefined)
        return { pod, problem: 'forbidden' as const, reason: 'Forbidden', message: 'it is forbidden' }
      const pg = row.pg[pod]
      if (pg === undefined || pg.cfg === undefined)
        return {
          pod,
          problem: 'refused' as const,
          reason: 'ServiceUnavailable',
          message: 'it does not listen',
        }
      return {
        pod,
        body: {
          isPrimary: pg.isPrimary ?? false,
          pendingRestart: pg.pendingRestart ?? false,
          isWalReceiverActive: pg.walReceiver ?? false,
          mightBeUnavailable: pg.mightBeUnavailable ?? false,
          loadedConfigurationHash: pg.cfg,
          replicationInfo: (pg.repl ?? []).map(([applicationName, state]) => ({
            applicationName,
            state,
            syncState: 'async',
          })),
        },
      }
    }),
  }
}

/** @returns the target with a merge patch applied (RFC 7386) */
function merged(target: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...target }
  for (const [name, value] of Object.entries(patch))
    if (value === null) delete result[name]
    else if (isObject(value)) {
      const inside = target[name]
      result[name] = merged(isObject(inside) ? inside : {}, value)
    } else result[name] = value
  return result
}

function time(at: number): string {
  return new Date(START + at).toISOString()
}
