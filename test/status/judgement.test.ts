import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import schema from '../../src/report/schema/status.schema.json' with { type: 'json' }
import { statusJson } from '../../src/report/status-json.ts'
import type { State } from '../../src/status/state.ts'
import { recording, recordings } from './recordings.ts'
import { replay } from './replay.ts'

// Every recording, its state, the reason that decides (none for healthy), and why it is that.
const ARGUED: readonly [recording: string, state: State, reason: string, because: string][] = [
  ['01-healthy', 'healthy', '', 'three instances answer and are as asked for'],
  ['02-rolling-restart/a', 'progressing', 'phase', 'the operator applies a restart parameter'],
  ['02-rolling-restart/c', 'progressing', 'phase', 'one replica restarts'],
  ['02-rolling-restart/d', 'progressing', 'phase', 'the next replica restarts'],
  ['03-switchover/a', 'progressing', 'phase', 'no writes for seconds, and the operator says why'],
  ['03-switchover/c', 'progressing', 'phase', 'the new primary runs, the old one follows'],
  ['03-switchover/d', 'progressing', 'phase', 'the old primary is not a ready standby yet'],
  [
    '04-fenced/a-replica-0s',
    'attention',
    'replica-fenced',
    'phase, Ready and 3 of 3 say healthy; PostgreSQL is stopped',
  ],
  ['04-fenced/c-replica-37s', 'attention', 'replica-fenced', 'phase and Ready still say healthy'],
  [
    '04-fenced/d-replica-unfencing',
    'progressing',
    'unfencing',
    'the fence is lifted, the instance is not back',
  ],
  [
    '04-fenced/f-all-12s',
    'failed',
    'primary-fenced',
    'phase, Ready and 3 of 3 say healthy; there is no database',
  ],
  ['05-hibernated/a-starting', 'progressing', 'no-writes', 'Pods are being deleted, as declared'],
  [
    '05-hibernated/c-hibernated',
    'attention',
    'hibernated',
    'declared, and no database: phase and Ready say healthy',
  ],
  ['05-hibernated/d-resuming', 'progressing', 'phase', 'the first instance starts'],
  [
    '06-replica-down/a-deleted',
    'progressing',
    'instance-starting',
    'the Pod is made again; phase says healthy',
  ],
  [
    '06-replica-down/d-frozen-40s',
    'attention',
    'instance-silent',
    'frozen for long; phase says healthy, the plugin hangs',
  ],
  ['07-failover/a', 'progressing', 'phase', 'the operator fails over'],
  ['07-failover/c', 'progressing', 'phase', 'the old primary comes back as a replica'],
  ['07-failover/d-after', 'healthy', '', 'all three are back'],
  ['07-failover/f', 'progressing', 'primary-starting', 'the primary restarts in place; phase says healthy'],
  ['07-failover/g', 'progressing', 'replica-connects', 'the replicas have not found the primary again'],
  ['08-disk-full/a-before', 'healthy', '', 'nothing is wrong yet'],
  ['08-disk-full/c-after-writes', 'failed', 'phase', 'the disk is full'],
  ['08-disk-full/d-30s', 'failed', 'phase', 'the disk is full, the primary crashes'],
  ['09-setup/a', 'progressing', 'not-begun', 'created a second ago'],
  ['09-setup/c', 'progressing', 'phase', 'the first instance starts'],
  ['09-setup/d', 'progressing', 'phase', 'a replica is cloned'],
  ['09-setup/f', 'progressing', 'phase', 'the last replica starts'],
  ['10-invalid-image/a', 'progressing', 'phase', 'the Pod has not tried to pull yet'],
  ['10-invalid-image/c', 'failed', 'image-cannot-be-pulled', 'only the Pod tells; it never ends'],
  ['10-invalid-image/d-full', 'failed', 'image-cannot-be-pulled', 'only the Pod tells; it never ends'],
  ['10-invalid-image/f-reverted', 'failed', 'image-cannot-be-pulled', 'the blocked Pod keeps the bad image'],
  [
    '10-invalid-image/g-reverted-still-stuck-150s',
    'failed',
    'image-cannot-be-pulled',
    'the blocked Pod keeps the bad image',
  ],
  [
    '10-invalid-image/new-cluster',
    'failed',
    'image-cannot-be-pulled',
    'the Job’s Pod tells; phase is Setting up primary for ever',
  ],
  ['11-replica-lagging/a-replay-paused', 'attention', 'replay-paused', 'phase, Ready and 3 of 3 say healthy'],
  [
    '11-replica-lagging/c-walreceiver-stopped-12s',
    'attention',
    'replica-not-streaming',
    'the primary does not list it; phase says healthy',
  ],
  [
    '12-archiving-failing',
    'attention',
    'archiving-fails',
    'applications write; nothing is archived; phase says healthy',
  ],
  ['13-scheduled-backup-failing', 'attention', 'archiving-fails', 'as before, and its backups fail'],
  ['18-scale-up/a', 'progressing', 'phase', 'a replica is cloned'],
  ['19-scale-down/a', 'progressing', 'phase', 'a Pod ends'],
  ['20-image-change/a', 'progressing', 'phase', 'the rollout is under way'],
  ['20-image-change/c', 'healthy', '', 'all Pods have the new image'],
  [
    '22-operator-down/a-idle',
    'healthy',
    '',
    'the database is well; no permission asked for here shows the operator',
  ],
  ['23-waiting-for-user/a', 'attention', 'phase', 'it never ends by itself'],
  ['23-waiting-for-user/c-after', 'healthy', '', 'switched over'],
  ['24-synchronous/a', 'healthy', '', 'two quorum standbys, one is asked for'],
  ['25-major-upgrade/a', 'progressing', 'phase', 'all Pods end before pg_upgrade'],
  ['25-major-upgrade/c', 'failed', 'job-fails', 'pg_upgrade has failed; the phase never says it'],
  ['25-major-upgrade/d', 'failed', 'job-fails', 'pg_upgrade fails again and again'],
  ['26-barman-plugin/a', 'healthy', '', 'backups and archiving work'],
  [
    '27-plugin-errors/plugin-pod-down-12s',
    'attention',
    'archiving-fails',
    'the store went away before; nobody has noticed the plugin',
  ],
  ['27-plugin-errors/plugin-unknown', 'failed', 'phase', 'the operator does not begin'],
  ['27-plugin-errors/store-missing', 'failed', 'not-begun', 'phase and conditions stay empty for ever'],
  [
    '29-accepted-but-bad/bad-pg-hba/a',
    'attention',
    'setting-refused',
    'everything says healthy; only PostgreSQL’s log tells',
  ],
  [
    '29-accepted-but-bad/bad-value/a',
    'attention',
    'setting-refused',
    'everything says healthy; the next restart fails',
  ],
  ['29-accepted-but-bad/bad-value/b-reverted', 'healthy', '', 'reverted in time'],
  ['29-accepted-but-bad/unknown-parameter/b-reverted', 'healthy', '', 'reverted in time'],
  [
    '29-accepted-but-bad/unknown-parameter/c-then-replica-pod-restarted',
    'attention',
    'container-cannot-start',
    'the primary takes writes, the replica never comes back',
  ],
  ['30-replica-cluster/a', 'healthy', '', 'a replica cluster takes no writes; both instances stream'],
]

describe('the judgement of every recording', async () => {
  const { status } = await replay()
  const validate = new Ajv({ strict: false }).compile(schema)

  it.each(ARGUED)('%s is %s: %s (%s)', async (name, state, reason) => {
    const judged = await status(recording(name))
    const [first] = judged.reasons
    expect([judged.state, first?.state === 'note' ? '' : (first?.id ?? '')]).toEqual([state, reason])
    validate(JSON.parse(statusJson(judged)))
    expect(validate.errors).toBeNull()
  })

  // a primary that is restarted in place has the container that it had: seen on a real cluster
  it.each([
    [5, 'progressing', 'replica-connects'],
    [40, 'attention', 'replica-not-streaming'],
  ])('a replica looks for the primary %i s after a rollout: %s', async (seconds, state, reason) => {
    const recorded = recording('11-replica-lagging/c-walreceiver-stopped-12s')
    const since = new Date(Date.parse(recorded.at) - seconds * 1000).toISOString()
    const ready = { type: 'Ready', status: 'True', reason: 'ClusterIsReady', lastTransitionTime: since }
    recorded.cluster.status = { ...Object(recorded.cluster.status), conditions: [ready] }
    const judged = await status(recorded)
    expect([judged.state, judged.reasons[0]?.id]).toEqual([state, reason])
  })

  it.each([
    [5, 'progressing', 'primary-starting'],
    [40, 'failed', 'no-writes'],
  ])('a primary does not take writes %i s after a rollout: %s', async (seconds, state, reason) => {
    const recorded = recording('01-healthy')
    const since = new Date(Date.parse(recorded.at) - seconds * 1000).toISOString()
    const ready = { type: 'Ready', status: 'True', reason: 'ClusterIsReady', lastTransitionTime: since }
    recorded.cluster.status = { ...Object(recorded.cluster.status), conditions: [ready] }
    const primary = recorded['pg-status']['postgres-1']
    if (primary === undefined) throw new Error('no primary')
    primary.body = { ...Object(primary.body), mightBeUnavailable: true }
    const begun = '2026-11-01T00:00:00Z'
    const old = JSON.stringify(recorded.pods).replaceAll(/"startedAt":"[^"]+"/g, `"startedAt":"${begun}"`)
    recorded.pods = JSON.parse(old)
    const judged = await status(recorded)
    expect(judged.state).toBe(state)
    expect(judged.reasons.map(({ id }) => id)).toContain(reason)
  })

  it('argues about all of them', () => {
    expect(ARGUED.map(([name]) => name).toSorted()).toEqual(Object.keys(recordings).toSorted())
  })
})
