import { policyOf, strictest, type UpdatesConfig } from '../config/updates-config.ts'
import type { UpdateClass } from './choose-update.ts'
import { linkUpdates, type LinkedUpdates } from './linked-updates.ts'
import { windowsClosed } from './maintenance-window.ts'
import type { Hold, Proposal, ProposalGroup, ProposalMember, ProposedEdit } from './proposal.ts'
import type { ReferenceUpdate } from './reference-update.ts'
import { contentOf, inOrder, keyDigest, packageName, shortName, updateKeyOf } from './update-key.ts'

/** The most demanding first: the order in which classes are named. */
const DEMANDING: readonly UpdateClass[] = [
  'pg-major',
  'operator-minor',
  'major',
  'os-change',
  'type-change',
  'flavour-form',
  'bundle-change',
  'breaking',
  'pre-release',
  'operator-patch',
  'pg-minor',
  'minor',
  'patch',
  'chart-only',
  'rebuild',
  'digest',
]

/** The most urgent first: fixes of databases, then of the operator; what only builds anew comes last. */
const URGENT: readonly UpdateClass[] = [
  'pg-minor',
  'operator-patch',
  'operator-minor',
  'patch',
  'chart-only',
  'minor',
  'breaking',
  'major',
]

/**
 * What becomes pull requests. A reference that a comment holds is left out of its group; where all must go together, the group
 * waits for it.
 * @param now ISO time
 */
export function makeProposals(
  updates: readonly ReferenceUpdate[],
  config: UpdatesConfig,
  now: string,
): Proposal[] {
  return linkUpdates(updates, config.groups)
    .flatMap(linked => proposalOf(linked, config, now) ?? [])
    .toSorted((a, b) => urgency(a) - urgency(b) || (a.updateKey < b.updateKey ? -1 : 1))
}

function proposalOf(linked: LinkedUpdates, config: UpdatesConfig, now: string): Proposal | undefined {
  const all = linked.updates.flatMap(update => memberOf(update) ?? [])
  const group = groupOf(linked, all)
  const free = all.filter(({ holds = [] }) => holds.length === 0)
  const together = group?.lockStep === true
  const members = together || free.length === 0 ? all : free
  const [lead] = members
  if (lead === undefined) return undefined
  const edits = inOrder(members.flatMap(editsOf))
  const classes = classesOf(members)
  const policy = strictest(classes.map(kind => policyOf(kind, config)))
  const holds: Hold[] = [
    ...members.flatMap(member => member.holds ?? []),
    ...incomplete(linked, members, group),
  ]
  const closed = windowsClosed(policy.open, now, config)
  if (closed !== undefined)
    holds.push({
      kind: 'window',
      message: `The window ${closed.names.join(', ')} is closed${closed.until === undefined ? '' : ` until ${closed.until}`}.`,
      ...(closed.until === undefined ? {} : { until: closed.until }),
    })
  return {
    updateKey: linked.updateKey,
    key: keyDigest(linked.updateKey),
    content: contentOf(edits),
    name: linked.group?.name ?? shortName(lead.reference.package),
    ...(group === undefined ? {} : { group }),
    members,
    classes,
    policy,
    edits,
    holds: uniqueHolds(holds),
  }
}

function memberOf(update: ReferenceUpdate): ProposalMember | undefined {
  const { choice, edits } = update
  return choice === undefined || edits === undefined ? undefined : { ...update, choice, edits }
}

function editsOf({ edits: { file, edits } }: ProposalMember): ProposedEdit[] {
  return edits.map(({ document, pointer, from, to }) => ({ path: file, document, pointer, from, to }))
}

function groupOf({ group }: LinkedUpdates, members: readonly ProposalMember[]): ProposalGroup | undefined {
  if (group !== undefined) return { kind: 'configured', name: group.name, lockStep: group.lockStep }
  const keys = new Set(members.map(({ reference, choice }) => updateKeyOf(reference, choice)))
  if (keys.size < 2) return undefined
  const [lead] = members
  const owner = lead?.reference.owner
  return {
    kind: members.some(({ choice }) => choice.classes.includes('pg-major')) ? 'major' : 'database',
    name: owner === undefined ? '' : `${owner.namespace === '' ? '' : `${owner.namespace}/`}${owner.name}`,
    lockStep: members.some(({ choice }) => choice.classes.includes('pg-major')),
  }
}

/** What keeps a configured group from going: too few packages, or not all to one version. */
function incomplete(
  { group, updates }: LinkedUpdates,
  members: readonly ProposalMember[],
  { lockStep }: Partial<ProposalGroup> = {},
): Hold[] {
  if (group === undefined) return []
  const packages = new Set(members.map(({ reference }) => packageName(reference.package)))
  if (packages.size < group.minimum)
    return [
      {
        kind: 'lock-step',
        message: `The group ${group.name} wants updates of ${group.minimum} packages at once, and there are of ${packages.size}: ${[...packages].join(', ')}.`,
      },
    ]
  if (lockStep !== true) return []
  const target = plainVersion(members[0]?.choice.version)
  const apart = updates.filter(
    ({ reference, choice }) => plainVersion(choice?.version ?? reference.current.version) !== target,
  )
  return apart.map(({ reference, choice, unknown }) => ({
    kind: 'lock-step',
    message: `The group ${group.name} goes to one version, and ${packageName(reference.package)} ${
      unknown === undefined
        ? `would be at ${choice?.version ?? reference.current.version ?? 'none'}`
        : `is not known: ${unknown}`
    }.`,
  }))
}

function plainVersion(version: string | undefined): string | undefined {
  return version?.replace(/^v/, '')
}

function classesOf(members: readonly ProposalMember[]): UpdateClass[] {
  return [...new Set(members.flatMap(({ choice }) => choice.classes))].toSorted(
    (a, b) => DEMANDING.indexOf(a) - DEMANDING.indexOf(b),
  )
}

function urgency({ classes }: Proposal): number {
  const ranks = classes.map(kind => URGENT.indexOf(kind)).filter(rank => rank !== -1)
  return ranks.length === 0 ? URGENT.length : Math.min(...ranks)
}

function uniqueHolds(holds: readonly Hold[]): Hold[] {
  return [...new Map(holds.map(hold => [hold.message, hold])).values()]
}
