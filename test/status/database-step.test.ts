import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/manifest/json.ts'
import { databaseStep } from '../../src/status/follow/database-step.ts'
import type { DatabaseObservation } from '../../src/status/follow/observation.ts'

function stepOf(spec: JsonObject, seen: Partial<DatabaseObservation>) {
  const database: DatabaseObservation = {
    exists: true,
    state: 'healthy',
    reasons: [],
    generation: 2,
    image: '',
    instances: 3,
    parameters: {},
    hashes: {},
    ...seen,
  }
  return databaseStep(
    { namespace: 'databases', name: 'postgres', unit: '', impact: 'reload', spec },
    { at: 0, units: {}, databases: { 'databases/postgres': database }, containing: [] },
    { memory: { samples: 0 }, applied: true, applies: undefined, overtaken: false },
  ).step
}

describe('databaseStep', () => {
  it.each<[string, JsonObject, JsonObject, string | undefined]>([
    [
      'the same and defaults',
      { storage: { size: '1Gi' } },
      { storage: { size: '1Gi', resizeInUseVolumes: true } },
      undefined,
    ],
    [
      'another value',
      { storage: { size: '2Gi' } },
      { storage: { size: '1Gi' } },
      'spec.storage.size is "1Gi" instead of "2Gi"',
    ],
    ['nothing', { minSyncReplicas: 1 }, {}, 'spec.minSyncReplicas is not set instead of 1'],
    ['nothing, and none is asked for', { env: [], enableSuperuserAccess: false }, {}, undefined],
    [
      'items with defaults',
      { managed: { roles: [{ name: 'a' }] } },
      { managed: { roles: [{ name: 'a', ensure: 'present' }] } },
      undefined,
    ],
    [
      'another item',
      { managed: { roles: [{ name: 'a' }] } },
      { managed: { roles: [{ name: 'b' }] } },
      'spec.managed.roles[0].name is "b" instead of "a"',
    ],
    ['an item more', { pg_hba: ['x'] }, { pg_hba: ['x', 'y'] }, 'spec.pg_hba is ["x","y"] instead of ["x"]'],
    [
      'a switch that stayed on',
      { enablePDB: false },
      { enablePDB: true },
      'spec.enablePDB is true instead of false',
    ],
  ])('compares what else the commit sets with the live spec: %s', (_what, spec, live, lacks) => {
    expect(stepOf(spec, { spec: live }).message).toBe(
      lacks === undefined
        ? 'is healthy; that has to hold still for 60 s'
        : `is not what the commit asks for, though it was applied: ${lacks}`,
    )
  })

  it('says why the Cluster cannot be read, and not that it is another one', () => {
    const reason = { id: 'cluster-not-read', message: 'it is forbidden', repair: 'Give the permission' }
    expect(
      stepOf({ instances: 3 }, { state: 'unknown', reasons: [{ state: 'unknown', ...reason }] }),
    ).toEqual({
      name: 'databases/postgres',
      state: 'in-the-way',
      message: 'it is forbidden',
      repair: 'Give the permission',
    })
  })
})
