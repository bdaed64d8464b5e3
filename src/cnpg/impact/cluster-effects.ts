import { textAt, valueAt, type Json } from '../../manifest/json.ts'
import type { Manifest } from '../../manifest/resource.ts'
import { operandOf } from '../operand.ts'
import { backupEffects } from './backup-effects.ts'
import { changedFields, type ChangedField } from './changed-fields.ts'
import { CLUSTER_ANNOTATIONS, CLUSTER_FIELDS } from './cluster-fields.ts'
import { effect, type Effect } from './effect.ts'
import { imageEffects } from './image-effects.ts'
import { parameterEffects } from './parameter-effects.ts'
import { rollout, rolloutPlan } from './rollout.ts'
import type { Situation } from './situation.ts'
import { annotationEffects, instanceEffects, replicaEffects, roleEffects } from './state-effects.ts'
import { storageEffects } from './storage-effects.ts'

/** Everything that an edit of a Cluster does, field by field; never leaves a field out: what no rule knows is unknown. */
export function clusterEffects(base: Manifest, head: Manifest, situation: Situation): Effect[] {
  const fields = changedFields(base['spec'], head['spec'], CLUSTER_FIELDS)
  const annotations = changedAnnotations(base, head)
  const { major } = operandOf(head, situation.head.objects, situation.head.operator)
  const effects = [
    ...imageEffects(base, head, situation),
    ...parameterEffects(base, head, major === undefined ? undefined : situation.catalogs(major)),
    ...instanceEffects(base, head),
    ...storageEffects(base, head),
    ...backupEffects(base, head, situation),
    ...replicaEffects(base, head),
    ...roleEffects(base, head),
    ...annotationEffects(base, head),
    ...rolled([...fields, ...annotations], head),
    ...[...fields, ...annotations].flatMap(field => simple(field)),
  ]
  return underAnnotations([...effects, ...leftOver([...fields, ...annotations], effects)], base, head)
}

/** What has rules of its own, none of which spoke of this edit. */
function leftOver(fields: readonly ChangedField[], effects: readonly Effect[]): Effect[] {
  return fields
    .filter(({ rule }) => rule?.effect === 'special')
    .filter(
      field => !effects.some(one => isWithin(one.field, pathOf(field)) || isWithin(pathOf(field), one.field)),
    )
    .map(field => {
      const { path, rule } = field
      return rule?.note === undefined
        ? effect(
            'unknown',
            pathOf(field),
            `${nameOf(path)} changes in a way that cnpg-steward does not judge`,
          )
        : effect('none', pathOf(field), `${nameOf(path)} ${rule.note}`)
    })
}

function isWithin(field: string, parent: string): boolean {
  return field === parent || field.startsWith(`${parent}.`) || field.startsWith(`${parent}[`)
}

/** The name of an annotation, the path of a field. */
function nameOf(path: string): string {
  return path.replace(/^metadata\.annotations\[(.*)\]$/, '$1')
}

function changedAnnotations(base: Manifest, head: Manifest): ChangedField[] {
  const [left, right] = [annotationsOf(base), annotationsOf(head)]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])]
    .filter(name => left[name] !== right[name] && isOperators(name))
    .map(name => ({
      path: `metadata.annotations[${name}]`,
      rule: Object.hasOwn(CLUSTER_ANNOTATIONS, name) ? CLUSTER_ANNOTATIONS[name] : undefined,
      from: left[name],
      to: right[name],
    }))
}

/** The rest is somebody else's, and at most copied onto the Pods. */
function isOperators(name: string): boolean {
  return /^(?:alpha\.)?cnpg\.io\//.test(name) || Object.hasOwn(CLUSTER_ANNOTATIONS, name)
}

function pathOf({ path }: ChangedField): string {
  return path.startsWith('metadata.') ? path : `spec.${path}`
}

/** All fields of the Pods in one effect: they are replaced once. */
function rolled(fields: readonly ChangedField[], head: Manifest): Effect[] {
  const inPods = fields.filter(({ rule }) => rule?.effect === 'roll')
  const [first] = inPods
  if (first === undefined) return []
  const names = inPods.map(({ path }) => nameOf(path))
  const what = `${listed(names)} ${names.length === 1 ? 'is' : 'are'} part of the Pods`
  // these are asked for before the annotation is (isPodNeedingRollout)
  const always = inPods.find(({ rule }) => rule?.always === true)
  if (
    always === undefined &&
    textAt(head, 'metadata', 'annotations', 'cnpg.io/reconcilePodSpec') === 'disabled'
  )
    return [
      effect(
        'ignored',
        pathOf(first),
        `${what}, which cnpg.io/reconcilePodSpec: disabled leaves alone until they are replaced for another reason`,
      ),
    ]
  const { impact, seen } = rollout(rolloutPlan(head), false)
  return [effect(impact, pathOf(always ?? first), `${what}: ${seen}`)]
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}

/** Fields of which one sentence says it all. */
function simple(field: ChangedField): Effect[] {
  const { path, rule } = field
  const at = pathOf(field)
  const name = nameOf(path)
  if (rule === undefined)
    return [effect('unknown', at, `${name} is not known to cnpg-steward: what it does is not judged`)]
  const note = rule.note === undefined ? '' : ` ${rule.note}`
  switch (rule.effect) {
    case 'reload':
      return [effect('reload', at, `${name}${note === '' ? ' is taken up without a restart' : note}`)]
    case 'live':
      return [effect('none', at, `${name}${note === '' ? ' is taken up while the database runs' : note}`)]
    case 'later':
      return [
        effect(
          'ignored',
          at,
          `${name}${note}: it holds for Pods that are made later, none is replaced for it`,
        ),
      ]
    case 'ignored':
      return [effect('ignored', at, `${name}${note}`)]
    case 'roll':
    case 'special':
      break
  }
  return []
}

/** Where the operator does not look, edits do nothing yet; where nothing runs, nothing restarts. */
function underAnnotations(effects: Effect[], base: Manifest, head: Manifest): Effect[] {
  const stays = (name: string, value: string): boolean =>
    textAt(base, 'metadata', 'annotations', name) === value &&
    textAt(head, 'metadata', 'annotations', name) === value
  const loop = textAt(head, 'metadata', 'annotations', 'cnpg.io/reconciliationLoop') === 'disabled'
  const asleep = stays('cnpg.io/hibernation', 'on')
  if (!loop && !asleep) return effects
  const why = loop
    ? 'not before cnpg.io/reconciliationLoop is enabled again; then: '
    : 'not before the hibernated cluster is woken; then: '
  return effects.map(one =>
    one.impact === 'none' || one.impact === 'ignored' || one.field.includes('cnpg.io/')
      ? one
      : { ...one, impact: 'ignored', reason: `${why}${one.reason}` },
  )
}

function annotationsOf(manifest: Manifest): Record<string, Json> {
  const annotations = valueAt(manifest, 'metadata', 'annotations')
  return typeof annotations === 'object' && annotations !== null && !Array.isArray(annotations)
    ? annotations
    : {}
}
