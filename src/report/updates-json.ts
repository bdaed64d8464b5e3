import { keyDigest, packageName, updateKeyOf } from '../versions/update-key.ts'
import { prettyJson } from './json.ts'
import type { ReviewedProposal, ReviewedUpdates } from './reviewed-proposal.ts'
import type { AppliedFile } from './updates.ts'

/** The JSON of `updates --output json`; src/report/schema/updates.schema.json describes it. */
export function updatesJson(
  { updates, proposals, unread }: ReviewedUpdates,
  applied?: readonly AppliedFile[],
): string {
  return prettyJson({
    version: 1,
    proposals: proposals.map(proposalJson),
    updates: updates.map(({ reference, choice, held, onRequest, remarks, unknown, signature, age }) => ({
      file: reference.place.file,
      line: reference.place.line,
      role: reference.role,
      package: packageName(reference.package),
      ...(reference.owner === undefined ? {} : { resource: reference.owner }),
      current: reference.current,
      state:
        unknown !== undefined
          ? 'unknown'
          : held.length > 0
            ? 'held'
            : choice !== undefined
              ? 'proposed'
              : 'current',
      ...(choice === undefined ? {} : { proposal: choice }),
      ...(signature === undefined ? {} : { signature }),
      ...(age === undefined ? {} : { age }),
      held,
      onRequest: onRequest.map(one => ({ ...one, key: keyDigest(updateKeyOf(reference, one)) })),
      remarks,
      ...(unknown === undefined ? {} : { unknown }),
    })),
    unread,
    ...(applied === undefined ? {} : { applied }),
  })
}

function proposalJson({
  members,
  review,
  unreviewed,
  todo,
  stale = [],
  policy,
  ...proposal
}: ReviewedProposal) {
  const { key, updateKey, content, name, group, classes, edits, holds } = proposal
  return {
    key,
    updateKey,
    content,
    name,
    ...(group === undefined ? {} : { group }),
    classes,
    members: members.map(({ reference, choice, signature, age }) => ({
      file: reference.place.file,
      line: reference.place.line,
      package: packageName(reference.package),
      from: reference.current,
      to: choice,
      ...(signature === undefined ? {} : { signature }),
      ...(age === undefined ? {} : { age }),
    })),
    edits,
    policy,
    holds,
    ...(review === undefined
      ? { verdict: 'incomplete', unreviewed: unreviewed ?? '' }
      : {
          verdict: review.verdict,
          findings: review.findings,
          impacts: review.impacts,
          incomplete: review.incomplete.filter(({ existing }) => existing !== true),
        }),
    ...(todo === undefined ? {} : { todo }),
    stale,
  }
}
