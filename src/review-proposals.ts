import { BaseWork } from './base-work.ts'
import { operatorVersion } from './cnpg/operator-version.ts'
import { majorPreconditions } from './cnpg/release/major-preconditions.ts'
import type { Config } from './config/config.ts'
import { UNPREPARED } from './config/updates-config.ts'
import { editUpdates } from './edit-updates.ts'
import { overlayTree } from './manifest/overlay-tree.ts'
import type { Tree } from './manifest/tree.ts'
import { renderTree } from './render-tree.ts'
import type { RenderedRepository } from './rendered-repository.ts'
import type { Revision } from './report/review.ts'
import type { ReviewedProposal } from './report/reviewed-proposal.ts'
import { reviewPullRequest, type ReviewTools } from './review-pull-request.ts'
import type { Hold, Proposal } from './versions/proposal.ts'
import { packageName } from './versions/update-key.ts'

export interface ProposalReviewRequest {
  /** what the proposals were made for */
  tree: Tree
  revision: Revision
  config: Config
  /** roots that are not in Git */
  entries: { name: string; path: string }[]
  /** what a person lets pass: `UNPREPARED` */
  allow?: readonly string[]
  /** shared with others who review changes of the same tree */
  work?: BaseWork
}

/**
 * Reviews each proposal as the pull request that it would be: with its edits in memory, and so with the charts, CRDs and images
 * that it brings. What they have in common, the tree as it is, is worked on once.
 * @param refusal why the tools are not there, one sentence: then nothing is reviewed, and each says so
 */
export async function reviewProposals(
  proposals: readonly Proposal[],
  request: ProposalReviewRequest,
  tools: ReviewTools | { refusal: string },
): Promise<ReviewedProposal[]> {
  const { work = new BaseWork(request.tree) } = request
  const reviewed: ReviewedProposal[] = []
  for (const [index, proposal] of proposals.entries()) {
    if ('refusal' in tools) reviewed.push({ ...proposal, unreviewed: tools.refusal })
    else {
      tools.progress(`reviewing ${proposal.name} (${index + 1} of ${proposals.length})`)
      reviewed.push(await reviewProposal(proposal, { ...request, work }, tools))
    }
  }
  return reviewed
}

async function reviewProposal(
  proposal: Proposal,
  { revision, config, entries, work, allow = [] }: ProposalReviewRequest & { work: BaseWork },
  tools: ReviewTools,
): Promise<ReviewedProposal> {
  const edited = await editUpdates(proposal.members, work.tree, { held: true })
  const files = new Map<string, Uint8Array>()
  for (const one of edited) {
    // what cannot be written is no proposal: all of it or nothing
    if (!one.ok) return { ...proposal, unreviewed: one.reason }
    files.set(one.file, one.bytes)
  }
  const stale = edited.flatMap(one =>
    one.ok ? one.stale.map(({ line, text }) => ({ file: one.file, line, text })) : [],
  )
  const review = await reviewPullRequest(
    {
      base: work.tree,
      head: overlayTree(work.tree, files, proposal.name),
      baseRevision: revision,
      headRevision: { ref: `update of ${proposal.name}` },
      config,
      configFindings: [],
      all: false,
      entries,
      work,
    },
    tools,
  )
  const made = { ...proposal, review, stale }
  if (!proposal.classes.includes('pg-major')) return made
  const whole = await work.rendered(async () => await renderTree({ tree: work.tree, config, entries }, tools))
  return { ...made, ...withConditions(proposal, whole, config, allow) }
}

/** What keeps a new major back, unless a person lets it pass, and what it asks of a person. */
function withConditions(
  { members, holds }: Proposal,
  base: RenderedRepository,
  { cnpgVersion }: Config,
  allow: readonly string[],
): Pick<ReviewedProposal, 'holds' | 'todo'> {
  const conditions = members.flatMap(({ reference: { role, owner, package: target }, choice }) => {
    if (role !== 'postgres' || owner === undefined) return []
    const image = `${packageName(target)}:${choice.version}`
    const clusters = base.kustomizations.flatMap(unit =>
      unit.objects.flatMap(object =>
        object.resource.kind === 'Cluster' &&
        object.resource.name === owner.name &&
        (owner.namespace === '' || object.resource.namespace === owner.namespace)
          ? [{ object, cluster: unit.cluster }]
          : [],
      ),
    )
    if (clusters.length === 0)
      return [
        {
          state: 'todo' as const,
          message: 'The Cluster was not rendered, so that nobody looked at what the upgrade needs.',
          repair: 'Read docs/src/postgres_upgrades.md of the operator first.',
        },
      ]
    return clusters.flatMap(({ object, cluster }) =>
      majorPreconditions({
        cluster: object,
        image,
        objects: [...base.kustomizations, ...base.helmReleases]
          .filter(unit => unit.cluster === cluster)
          .flatMap(unit => unit.objects),
        operator: operatorVersion(base, cluster)?.version ?? cnpgVersion,
      }),
    )
  })
  // the same in two clusters is told once
  const each = [...new Map(conditions.map(one => [one.message, one])).values()]
  const unmet = each.filter(({ state }) => state === 'unmet')
  const told = (some: typeof each) => some.map(({ message, repair }) => ({ message, repair }))
  if (allow.includes(UNPREPARED)) return { holds, todo: told(each) }
  return {
    holds: [
      ...holds,
      ...unmet.map(({ message, repair }): Hold => ({
        kind: 'precondition',
        message,
        repair: `${repair} (--allow ${UNPREPARED} lets it pass.)`,
      })),
    ],
    todo: told(each.filter(({ state }) => state === 'todo')),
  }
}
