import { annotation, conditionOf, flag, number, text, timeOf } from '../fields.ts'
import { fencedInstances, isFenced } from '../instances.ts'
import { barmanPlugin } from '../barman-plugin.ts'
import { PHASE_REPAIRS } from '../phases.ts'
import { isReady } from '../pod.ts'
import { field, hasJustRolled, isStarting, writer, type Rule } from '../situation.ts'

/** The operator begins within a second; with a long queue it may take longer. */
const UNTOUCHED_MS = 120_000

/** What the operator says that it is doing. */
export const phaseRule: Rule = ({ cluster, phase, phaseClass, now, collected }) => {
  const why = text(cluster, 'status', 'phaseReason')
  const ready = conditionOf(cluster, 'Ready')
  const evidence = [
    field('status.phase', phase),
    ...(why === '' ? [] : [field('status.phaseReason', why)]),
    ...(ready === undefined ? [] : [`condition Ready: ${ready.status} since ${ready.lastTransitionTime}`]),
  ]
  const said = why === '' ? phase : `${phase}: ${why}`
  const repair = PHASE_REPAIRS[phase]?.replace('CLUSTER', `${collected.name} -n ${collected.namespace}`)
  switch (phaseClass) {
    case 'healthy':
      return ready !== undefined && ready.status !== 'True'
        ? [
            {
              state: 'progressing',
              id: 'not-ready',
              message: 'The operator does not call it ready.',
              evidence,
            },
          ]
        : []
    case 'progressing':
      return [{ state: 'progressing', id: 'phase', message: said, evidence }]
    case 'attention':
    case 'failed':
      return [
        {
          state: phaseClass,
          id: 'phase',
          message: said,
          evidence,
          ...(repair === undefined ? {} : { repair }),
        },
      ]
    case 'not-known':
      return [
        {
          state: 'unknown',
          id: 'phase-not-known',
          message: `The operator is in a phase that is not known here: ${said}`,
          evidence,
        },
      ]
    case 'none':
    default: {
      const store = barmanPlugin(cluster)?.store ?? ''
      const storeMissing = collected.unread.some(
        ({ what, reason }) => what === `ObjectStore ${store}` && reason === 'not-found',
      )
      const created = timeOf(text(cluster, 'metadata', 'creationTimestamp')) ?? now
      if (!storeMissing && now - created < UNTOUCHED_MS)
        return [
          {
            state: 'progressing',
            id: 'not-begun',
            message: 'The operator has not begun yet.',
            evidence: [
              'status.phase is absent',
              field('metadata.creationTimestamp', text(cluster, 'metadata', 'creationTimestamp')),
            ],
          },
        ]
      return [
        {
          state: 'failed',
          id: 'not-begun',
          message: 'The operator has not begun to work on it: it does not run, or a plugin stops it.',
          evidence: [
            'status.phase is absent',
            field('metadata.creationTimestamp', text(cluster, 'metadata', 'creationTimestamp')),
          ],
          repair: storeMissing
            ? `Create the ObjectStore ${store}, which the Barman Cloud plugin waits for.`
            : "See the operator's Deployment and its log.",
        },
      ]
    }
  }
}

/** What somebody has declared by annotation, whatever phase the operator shows. */
export const declaredRule: Rule = ({ cluster, hibernated, atWork }) => {
  const hibernation = annotation(cluster, 'cnpg.io/hibernation')
  const condition = conditionOf(cluster, 'cnpg.io/hibernation')
  const evidence = [
    ...(hibernation === undefined ? [] : [field('annotation cnpg.io/hibernation', hibernation)]),
    ...(condition === undefined
      ? []
      : [`condition cnpg.io/hibernation: ${condition.status} ${condition.reason} ${condition.message}`]),
  ]
  return [
    ...(hibernated && hibernation !== 'off'
      ? [
          {
            state: 'attention' as const,
            id: 'hibernated',
            message: 'It is hibernated, as declared: no instance runs.',
            evidence,
            repair: 'Set the annotation cnpg.io/hibernation to "off" to wake it.',
          },
        ]
      : atWork && (hibernation === 'on' || hibernated)
        ? [
            {
              state: 'progressing' as const,
              id: 'hibernation-changes',
              message: hibernation === 'on' ? 'It is being hibernated, as declared.' : 'It is waking up.',
              evidence,
            },
          ]
        : []),
    ...(annotation(cluster, 'cnpg.io/reconciliationLoop') === 'disabled'
      ? [
          {
            state: 'attention' as const,
            id: 'reconciliation-disabled',
            message: 'The operator does nothing about it: its reconciliation is switched off.',
            evidence: ['annotation cnpg.io/reconciliationLoop: disabled'],
            repair: 'Remove the annotation cnpg.io/reconciliationLoop.',
          },
        ]
      : []),
  ]
}

/** Fencing stops PostgreSQL, while phase, Ready and readyInstances stay as they were. */
export const fencingRule: Rule = ({ cluster, collected, instances, currentPrimary, hibernated }) => {
  const fenced = fencedInstances(cluster)
  const evidence = [
    field('annotation cnpg.io/fencedInstances', annotation(cluster, 'cnpg.io/fencedInstances') ?? ''),
    ...instances
      .filter(({ status }) => flag(status, 'mightBeUnavailable'))
      .map(({ name, status }) =>
        `${name}: mightBeUnavailable ${text(status, 'mightBeUnavailableMaskedError')}`.trimEnd(),
      ),
  ]
  if (fenced.length === 0) {
    const left = instances.filter(({ status }) => flag(status, 'mightBeUnavailable')).map(({ name }) => name)
    return left.length === 0
      ? []
      : [
          {
            state: 'progressing',
            id: 'unfencing',
            // an instance that restarts in place says the same as one whose fence was lifted
            message: `${left.join(', ')} is not back yet: its PostgreSQL restarts, or its fence was lifted just now.`,
            evidence: evidence.slice(1),
          },
        ]
  }
  if (hibernated) return []
  const repair = `Lift the fence when it suits: kubectl cnpg fencing off ${collected.name} ${fenced.includes('*') ? "'*'" : (fenced[0] ?? '')} -n ${collected.namespace}`
  const who = fenced.includes('*') ? 'Every instance' : fenced.join(', ')
  return isFenced(cluster, currentPrimary)
    ? [
        {
          state: 'failed',
          id: 'primary-fenced',
          message: `The primary is fenced: no instance takes writes. Fenced: ${who}.`,
          evidence,
          repair,
        },
      ]
    : [
        {
          state: 'attention',
          id: 'replica-fenced',
          message: `${who} is fenced: PostgreSQL is stopped there.`,
          evidence,
          repair,
        },
      ]
}

/** No instance that takes writes, and nothing under way that would explain it. */
export const writesRule: Rule = situation => {
  const { cluster, collected, instances, isReplica, hibernated, atWork, currentPrimary, phaseClass, now } =
    situation
  if (collected.pods === undefined || isReplica || hibernated || phaseClass === 'none') return []
  if (writer(situation) !== undefined || isFenced(cluster, currentPrimary)) return []
  // one that may not be asked may be the one, if its Pod is ready
  if (
    instances.some(({ answer, pod }) => 'problem' in answer && answer.problem === 'forbidden' && isReady(pod))
  )
    return []
  const primary = instances.find(({ name }) => name === currentPrimary)
  const evidence = [
    field('status.currentPrimary', currentPrimary),
    primary === undefined
      ? 'it has no Pod'
      : `Pod ${primary.name} is ${isReady(primary.pod) ? '' : 'not '}ready`,
    ...(primary !== undefined && 'problem' in primary.answer
      ? [`${primary.name}: ${primary.answer.detail ?? primary.answer.message}`]
      : []),
  ]
  if (atWork || phaseClass === 'failed')
    return [
      {
        state: phaseClass === 'failed' ? 'failed' : 'progressing',
        id: 'no-writes',
        message: 'No instance takes writes at this moment.',
        evidence,
      },
    ]
  if (primary !== undefined && (isStarting(primary, now) || hasJustRolled(cluster, now)))
    return [
      {
        state: 'progressing',
        id: 'primary-starting',
        message: 'The primary is starting; it takes no writes yet.',
        evidence,
      },
    ]
  return [
    {
      state: 'failed',
      id: 'no-writes',
      message: 'No instance takes writes, and the operator does not say that it does something about it.',
      evidence: [...evidence, field('status.phase', situation.phase)],
      repair: "See the primary's Pod and log, and whether the operator runs.",
    },
  ]
}

/** What the spec asks for and what stands in the status: right after an edit the status is that of the spec before. */
export const takenUpRule: Rule = ({ cluster, hibernated, phaseClass }) => {
  if (hibernated || phaseClass === 'none') return []
  const wanted = number(cluster, 'spec', 'instances')
  const has = number(cluster, 'status', 'instances')
  const image = text(cluster, 'spec', 'imageName')
  const imageTaken = text(cluster, 'status', 'image')
  const current = text(cluster, 'status', 'currentPrimary')
  const target = text(cluster, 'status', 'targetPrimary')
  return [
    ...(wanted === has
      ? []
      : [
          {
            state: 'progressing' as const,
            id: 'instances-not-taken-up',
            message: `${wanted} instances are asked for, the operator counts ${has}.`,
            evidence: [field('spec.instances', wanted), field('status.instances', has)],
          },
        ]),
    ...(image === '' || imageTaken === '' || image === imageTaken
      ? []
      : [
          {
            state: 'progressing' as const,
            id: 'image-not-taken-up',
            message: 'The operator has not taken up the image that is asked for.',
            evidence: [field('spec.imageName', image), field('status.image', imageTaken)],
          },
        ]),
    ...(current === target
      ? []
      : [
          {
            state: 'progressing' as const,
            id: 'primary-changes',
            message: `The primary changes from ${current === '' ? 'none' : current} to ${target}.`,
            evidence: [field('status.currentPrimary', current), field('status.targetPrimary', target)],
          },
        ]),
  ]
}
