import { canonicalJson, valueAt } from '../../manifest/json.ts'
import type { Manifest } from '../../manifest/resource.ts'
import { compareVersions } from '../operand-image.ts'
import { operandOf } from '../operand.ts'
import { effect, type Effect } from './effect.ts'
import { rollout, rolloutPlan } from './rollout.ts'
import type { Situation } from './situation.ts'

/**
 * What another image does: a rolling update, an offline major upgrade, or nothing.
 * Source: CloudNativePG 1.30.0, docs/src/rolling_update.md, docs/src/postgres_upgrades.md, pkg/reconciler/majorupgrade.
 */
export function imageEffects(base: Manifest, head: Manifest, situation: Situation): Effect[] {
  const before = operandOf(base, situation.base.objects, situation.base.operator)
  const after = operandOf(head, situation.head.objects, situation.head.operator)
  // a default is written into the object once: a newer operator does not change it
  if (before.by === 'operator' && after.by === 'operator') return []
  const values = {
    from: before.image?.reference ?? before.major,
    to: after.image?.reference ?? after.major,
  }
  const field = after.field
  if (before.by === 'operator' && after.by === 'imageCatalogRef')
    return [
      effect(
        'ignored',
        field,
        'the running Cluster holds the image that the operator wrote into it: imageCatalogRef beside it is refused by the CRD',
        values,
      ),
    ]
  if (
    before.by === after.by &&
    before.image?.reference === after.image?.reference &&
    before.major === after.major
  )
    return before.image === undefined && before.by === 'imageCatalogRef' && sameReference(base, head)
      ? []
      : before.image === undefined
        ? [
            effect(
              'unknown',
              field,
              'the image catalog is not in this repository: which image it names is not known',
              values,
            ),
          ]
        : []
  if (before.major === undefined || after.major === undefined)
    return [
      effect(
        'unknown',
        field,
        'which PostgreSQL major one of the images is cannot be read: this is a rolling update, or a major upgrade',
        values,
      ),
    ]
  const guess =
    before.by === 'operator'
      ? " (what runs is the operator's default of the time the cluster was created, taken here for that of the operator in use)"
      : after.by === 'operator'
        ? ' (without imageName the operator writes its own default)'
        : ''
  if (after.major < before.major)
    return [
      effect(
        'ignored',
        field,
        `PostgreSQL ${before.major} cannot go back to ${after.major}: the operator's webhook refuses the update${guess}`,
        values,
      ),
    ]
  if (after.major > before.major) return [majorUpgrade(before, after, head, values, guess, situation)]
  if (before.image !== undefined && before.image.reference === after.image?.reference)
    return [effect('none', field, 'another way to name the image that runs', values)]
  const { impact, seen } = rollout(rolloutPlan(head), false)
  const [old, now] = [before.image?.distribution, after.image?.distribution]
  const collation =
    old !== undefined && now !== undefined && old !== now
      ? ` Debian ${old} → ${now} brings another glibc: text sorts differently, indexes on text must be rebuilt (REINDEX, ALTER DATABASE … REFRESH COLLATION VERSION).`
      : ''
  return [effect(impact, field, `another image: ${seen}${guess}.${collation}`, values)]
}

function sameReference(base: Manifest, head: Manifest): boolean {
  return catalogReference(base) === catalogReference(head)
}

function majorUpgrade(
  before: ReturnType<typeof operandOf>,
  after: ReturnType<typeof operandOf>,
  head: Manifest,
  values: { from?: string | number | undefined; to?: string | number | undefined },
  guess: string,
  { head: { operator } }: Situation,
): Effect {
  const [from = 0, to = 0] = [before.major, after.major]
  const conditions: string[] = []
  if (to < 16) conditions.push('the operator upgrades to 16 or newer only and refuses this')
  if (operator !== undefined && compareVersions(operator, '1.26.0') < 0)
    conditions.push(`operator ${operator} cannot do it, 1.26 can`)
  const [old, now] = [before.image?.distribution, after.image?.distribution]
  if (old !== undefined && now !== undefined && old !== now)
    conditions.push(
      `both images must be of one Debian release (${old} → ${now}): pg_upgrade runs the old binaries in the new image`,
    )
  if (/^17\.[0-5](?:\D|$)/.test(before.image?.tag ?? ''))
    conditions.push('from 17.0–17.5 it fails unless max_slot_wal_keep_size is -1: go to 17.6 or newer first')
  if (rolloutPlan(head).instances > 1) conditions.push('replicas are deleted and cloned again')
  return effect(
    'major-upgrade',
    after.field,
    `PostgreSQL ${from} → ${to}, offline: all Pods stop, pg_upgrade runs on the primary's volume, the database is down meanwhile${guess}. ` +
      `Take a backup first: no recovery across the upgrade, archive to a new serverName afterwards, ANALYZE, update extensions.${conditions.length === 0 ? '' : ` Conditions: ${conditions.join('; ')}.`}`,
    values,
  )
}

function catalogReference(manifest: Manifest): string {
  return canonicalJson(valueAt(manifest, 'spec', 'imageCatalogRef') ?? null)
}
