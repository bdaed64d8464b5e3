import { textAt } from '../../manifest/json.ts'
import { flag, text } from '../fields.ts'
import { isReady, isTerminating } from '../pod.ts'
import { field, isStarting, type Rule } from '../situation.ts'
import type { Reason } from '../state.ts'

/** Whether every instance was asked, and what those that did not answer said instead. */
export const answersRule: Rule = situation => {
  const { collected, instances, currentPrimary, atWork, now, hibernated } = situation
  if (collected.pods === undefined || hibernated) return []
  const forbidden = instances.filter(({ answer }) => 'problem' in answer && answer.problem === 'forbidden')
  return [
    ...(forbidden.length === 0
      ? []
      : [
          {
            state: 'unknown' as const,
            id: 'instances-not-read',
            message: `${forbidden.length} of ${instances.length} instances may not be asked: the permission get pods/proxy is missing.`,
            evidence: forbidden.map(({ answer }) =>
              'problem' in answer ? (answer.detail ?? answer.message) : '',
            ),
            repair:
              'Allow get on pods/proxy in the namespace. Without it paused replay, lag and pending restarts cannot be seen.',
          },
        ]),
    ...instances.flatMap((instance): Reason[] => {
      const { name, pod, answer } = instance
      if ('body' in answer || answer.problem === 'forbidden') return []
      const evidence = [
        `${name}: ${answer.detail ?? answer.message}`,
        `Pod ${name} is ${isReady(pod) ? '' : 'not '}ready`,
      ]
      // readiness says what a Pod that is not ready does
      if (isTerminating(pod) || (answer.problem === 'refused' && !isReady(pod))) return []
      if (atWork || (!isReady(pod) && isStarting(instance, now)))
        return [
          {
            state: 'progressing',
            id: 'instance-silent',
            message: `${name} does not answer at this moment.`,
            evidence,
          },
        ]
      return [
        {
          state: name === currentPrimary ? 'failed' : 'attention',
          id: 'instance-silent',
          message:
            answer.problem === 'no-answer'
              ? `${name} does not answer: its instance manager takes the question, PostgreSQL says nothing.`
              : `${name} cannot say how it is.`,
          evidence,
          repair: `See its log; if it stands still: kubectl delete pod ${name} -n ${collected.namespace}`,
        },
      ]
    }),
  ]
}

/** One primary, the one that the operator names. */
export const primaryRule: Rule = ({ instances, currentPrimary, isReplica, atWork }) => {
  const primaries = instances.filter(({ status }) => flag(status, 'isPrimary')).map(({ name }) => name)
  const evidence = [
    ...primaries.map(name => `${name}: isPrimary`),
    field('status.currentPrimary', currentPrimary),
  ]
  if (primaries.length > 1)
    return [
      {
        state: atWork ? 'progressing' : 'failed',
        id: 'several-primaries',
        message: `${primaries.join(' and ')} both say that they are the primary.`,
        evidence,
        ...(atWork ? {} : { repair: 'Fence the one that applications do not reach, then see the logs.' }),
      },
    ]
  const [primary] = primaries
  if (primary === undefined || primary === currentPrimary) return []
  return [
    isReplica
      ? {
          state: 'progressing',
          id: 'primary-differs',
          message: `${primary} takes writes in a replica cluster.`,
          evidence,
        }
      : {
          state: 'progressing',
          id: 'primary-differs',
          message: `${primary} is the primary, the operator still names ${currentPrimary}.`,
          evidence,
        },
  ]
}

/** What the instances say of their own configuration and version. */
export const instanceSettingsRule: Rule = ({ instances, atWork }) => {
  const answered = instances.filter(({ status, pod }) => status !== undefined && !isTerminating(pod))
  const pending = answered.filter(({ status }) => flag(status, 'pendingRestart')).map(({ name }) => name)
  const differ = (key: string) =>
    new Set(answered.flatMap(({ status }) => textAt(status, key) ?? [])).size > 1
  const each = (key: string) =>
    answered.map(({ name, status }) => `${name}: ${key} ${text(status, key).slice(0, 12)}`)
  return [
    ...(pending.length === 0
      ? []
      : [
          {
            state: 'progressing' as const,
            id: 'pending-restart',
            message: `${pending.join(', ')} must restart before a parameter takes effect.`,
            evidence: pending.map(name => `${name}: pendingRestart`),
          },
        ]),
    ...(differ('loadedConfigurationHash')
      ? [
          {
            state: 'progressing' as const,
            id: 'configuration-differs',
            message: 'The instances do not have the same configuration yet.',
            evidence: each('loadedConfigurationHash'),
          },
        ]
      : []),
    ...(answered.some(({ status }) => flag(status, 'isInstanceManagerUpgrading'))
      ? [
          {
            state: 'progressing' as const,
            id: 'manager-upgrades',
            message: 'An instance manager is being replaced.',
            evidence: answered
              .filter(({ status }) => flag(status, 'isInstanceManagerUpgrading'))
              .map(({ name }) => name),
          },
        ]
      : []),
    ...(differ('instanceManagerVersion')
      ? [
          {
            state: atWork ? ('progressing' as const) : ('attention' as const),
            id: 'manager-versions-differ',
            message: 'The instances run different versions of the instance manager.',
            evidence: each('instanceManagerVersion'),
            ...(atWork ? {} : { repair: 'See why the rollout after the operator’s update has stopped.' }),
          },
        ]
      : []),
  ]
}
