import type { UpdatesConfig } from './config/updates-config.ts'
import { editUpdates } from './edit-updates.ts'
import type { Json } from './manifest/json.ts'
import { contentId, type Tree } from './manifest/tree.ts'
import { headline } from './report/headline.ts'
import type { ReviewedProposal, ReviewedUpdates } from './report/reviewed-proposal.ts'
import { updateBody } from './report/update-body.ts'
import { renovateFile, sharedPackages } from './updates/renovate.ts'
import { updateTitle, type TitleParts } from './updates/update-title.ts'
import type { HeldReason, UpdatedFile, UpdatePlan, WantedUpdate } from './updates/wanted-update.ts'
import { linkUpdates } from './versions/linked-updates.ts'
import { windowsClosed } from './versions/maintenance-window.ts'
import { isWaiting, type Hold, type ProposalMember } from './versions/proposal.ts'
import type { ReferenceUpdate } from './versions/reference-update.ts'
import type { VersionReference } from './versions/reference.ts'
import { keyDigest, packageName, updateKeyOf } from './versions/update-key.ts'

export interface PlanRequest {
  tree: Tree
  /** the commit that the tree is of */
  base: string
  config: UpdatesConfig
  /** ISO time */
  now: string
}

/** The plan that pull requests are kept by, from what was found, chosen and reviewed. */
export async function planUpdates(
  { updates, proposals, unread }: ReviewedUpdates,
  { tree, base, config, now }: PlanRequest,
): Promise<UpdatePlan> {
  const wanted: WantedUpdate[] = []
  for (const [index, proposal] of proposals.entries())
    wanted.push(await wantedOf(proposal, -index, { tree, config, now }))
  const keys = new Set(proposals.map(({ key }) => key))
  const unknown = new Map<string, string>()
  const current = new Map<string, string>()
  for (const linked of linkUpdates(updates, config.groups)) {
    const id = keyDigest(linked.updateKey)
    if (keys.has(id)) continue
    const silent = linked.updates.find(update => update.unknown !== undefined)
    if (silent?.unknown !== undefined) unknown.set(id, silent.unknown)
    else current.set(id, linked.updates[0]?.reference.current.version ?? '')
  }
  const offered = updates.flatMap(({ reference, onRequest }) =>
    onRequest.map(choice => ({
      id: keyDigest(updateKeyOf(reference, choice)),
      name: packageName(reference.package),
      change: `${reference.current.version ?? ''} → ${choice.version} (${choice.classes.join(', ')})`,
    })),
  )
  return {
    base,
    wanted,
    offered: [...new Map(offered.map(one => [one.id, one])).values()].filter(({ id }) => !keys.has(id)),
    unknown,
    current,
    settings: {
      openLimit: config.limits.open,
      hourLimit: config.limits.hourly,
      rebase: config.rebase,
      dashboard: config.dashboard,
    },
    remarks: [
      ...unread.map(({ file, reason }) => `${file} ${reason}`),
      ...(await othersAtWork(tree, updates)),
    ],
    complete: unread.length === 0,
  }
}

/** Renovate has a configuration here that does not leave to us what we update. */
async function othersAtWork(tree: Tree, updates: readonly ReferenceUpdate[]): Promise<string[]> {
  const file = renovateFile((await tree.files()).keys())
  if (file === undefined) return []
  const shared = sharedPackages(parsed(await tree.read(file)), packagesOf(updates.map(one => one.reference)))
  if (shared.length === 0) return []
  return [
    `Renovate (${file}) may update these, too: ${shared.join(', ')}. \`cnpg-steward updates --output renovate\` prints the rule that leaves them to cnpg-steward.`,
  ]
}

/** The packages that updates are proposed for. */
export function packagesOf(references: readonly VersionReference[]): string[] {
  return references
    .filter(({ role, package: target }) => role !== 'remote' && target.kind !== 'unknown')
    .map(({ package: target }) => packageName(target))
}

/** @returns undefined for JSON5 and whatever else is no JSON */
function parsed(bytes: Uint8Array): Json | undefined {
  try {
    const value: Json = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return value
  } catch {
    return undefined
  }
}

async function wantedOf(
  proposal: ReviewedProposal,
  priority: number,
  { tree, config, now }: Pick<PlanRequest, 'tree' | 'config' | 'now'>,
): Promise<WantedUpdate> {
  const { review, members, classes, policy, holds } = proposal
  const files: UpdatedFile[] = []
  const refused: HeldReason[] = []
  for (const edited of await editUpdates(members, tree, { held: true })) {
    if (!edited.ok) refused.push({ message: `${edited.file}: ${edited.reason}`, approvable: false })
    else
      files.push({
        path: edited.file,
        before: contentId(edited.before),
        text: Buffer.from(edited.bytes).toString('utf8'),
      })
  }
  const parts = titleParts(proposal)
  const text = updateBody(proposal)
  return {
    key: proposal.updateKey,
    slug: proposal.name,
    name: proposal.name,
    change: `${parts.from} → ${parts.to}`,
    to: leadOf(members)?.choice.version ?? '',
    classes,
    edits: proposal.edits,
    files,
    title: updateTitle(parts, config.title),
    text,
    labels: ['update', ...(classes[0] === undefined ? [] : [`update/${classes[0]}`])],
    held: [...holds.filter(({ kind }) => kind !== 'limit').map(heldOf), ...refused],
    verdict: {
      verdict: review?.verdict ?? 'incomplete',
      title: review === undefined ? 'Not reviewed' : headline(review),
      summary: text,
    },
    automerge: policy.automerge && windowsClosed(policy.merge, now, config) === undefined,
    priority,
  }
}

/** Time passes, and a person may say yes; what is wrong with it a person has to mend. */
function heldOf(hold: Hold): HeldReason {
  return {
    message: [hold.message, hold.repair].filter(Boolean).join(' '),
    approvable: isWaiting(hold) || hold.kind === 'approval',
  }
}

function leadOf(members: readonly ProposalMember[]): ProposalMember | undefined {
  return members[0]
}

const MAJOR = new Set(['pg-major', 'major'])
const MINOR = new Set(['operator-minor', 'minor', 'breaking', 'os-change', 'type-change'])
const BREAKING = new Set(['pg-major', 'major', 'breaking', 'os-change'])

function titleParts({ name, members, classes }: ReviewedProposal): TitleParts {
  const lead = leadOf(members)
  const current = lead?.reference.current
  const [from, to] = [current?.version ?? '', lead?.choice.version ?? '']
  const isDigest = from === to
  return {
    name,
    package: lead === undefined ? name : packageName(lead.reference.package),
    from: isDigest ? short(current?.digest) : from,
    to: isDigest ? short(lead?.choice.digest) : to,
    kind:
      lead?.reference.package.kind === 'image'
        ? 'image'
        : lead?.reference.role === 'chart' || lead?.reference.package.kind === 'helm'
          ? 'chart'
          : 'artifact',
    size: isDigest
      ? 'digest'
      : classes.some(kind => MAJOR.has(kind))
        ? 'major'
        : classes.some(kind => MINOR.has(kind))
          ? 'minor'
          : 'patch',
    breaking: classes.some(kind => BREAKING.has(kind)),
  }
}

function short(digest: string | undefined): string {
  return digest === undefined ? 'no digest' : digest.replace('sha256:', '').slice(0, 7)
}
