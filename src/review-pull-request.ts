import type { BaseWork } from './base-work.ts'
import type { ParameterCatalogs } from './cnpg/parameters/parameter-catalog.ts'
import type { Config } from './config/config.ts'
import { judgeImpacts } from './judge-impacts.ts'
import { judgeUnrendered } from './judge-unrendered.ts'
import { judgeUpgrades } from './judge-upgrade.ts'
import type { Change, Impact } from './manifest/change.ts'
import { diffTrees } from './diff/diff-trees.ts'
import { joinUnjudged, type Finding, type Unjudged } from './manifest/finding.ts'
import { unitLabel } from './manifest/rendered.ts'
import { resourceKey } from './manifest/resource.ts'
import type { Tree } from './manifest/tree.ts'
import { renderPair } from './render-pair.ts'
import { namedTogether, type RenderedRepository, type RenderTools } from './rendered-repository.ts'
import { isYamlFile } from './render/source-objects.ts'
import { clampPath } from './render/tree-path.ts'
import { verdictOf, type Review, type Revision } from './report/review.ts'
import type { SchemaCatalog } from './schema/catalog.ts'
import { Touched } from './touched.ts'
import { touchedUnits } from './touched-units.ts'
import { settle, validateTree, type Validation } from './validate-tree.ts'

export interface ReviewRequest {
  base: Tree
  head: Tree
  baseRevision: Revision
  headRevision: Revision
  /** decisions are the base's; what the head changes in it is validated and announced */
  config: Config
  /** findings about the head's configuration */
  configFindings: Finding[]
  /** print findings that stood in base, too; both trees are rendered as a whole then */
  all: boolean
  /** render both trees as a whole, for those who compare with that */
  whole?: boolean
  /** roots that are not in Git: --entry NAME=PATH */
  entries: { name: string; path: string }[]
  /** shared with the reviews of other changes of the same base; `base` is its tree then */
  work?: BaseWork
}

export interface ReviewTools extends RenderTools {
  catalog: SchemaCatalog
  parameters: ParameterCatalogs
  /** milliseconds, any epoch */
  clock: () => number
  /** ISO date: what is past its end of life depends on it */
  today: string
}

/**
 * Renders base and head, validates, diffs and judges: the main job. Both are rendered as far as they can differ; where the
 * verdict then hangs on what is not there, a schema or a database, they are rendered as a whole.
 */
export async function reviewPullRequest(request: ReviewRequest, tools: ReviewTools): Promise<Review> {
  const { review, focused } = await reviewOnce(request, tools)
  return focused && hangsOnAbsence(review)
    ? (await reviewOnce({ ...request, whole: true }, tools)).review
    : review
}

function hangsOnAbsence({ incomplete, findings }: Review): boolean {
  return (
    incomplete.some(
      ({ reason, existing }) =>
        existing !== true && (reason === 'schema-unknown' || reason === 'schema-version-unknown'),
    ) || findings.some(({ ruleId }) => ruleId === 'cnpg-cluster-unknown')
  )
}

async function reviewOnce(
  request: ReviewRequest,
  tools: ReviewTools,
): Promise<{ review: Review; focused: boolean }> {
  const started = tools.clock()
  const { config, entries } = request
  const pair = await renderPair(
    { tree: request.base, config, entries },
    { tree: request.head, trusted: request.base, config, entries },
    { ...tools, projectOf: projectsIn(tools.catalog) },
    request.all || request.whole === true,
    request.work,
  )
  const { base, head } = namedTogether(pair.base, pair.head)
  const files = { base: await request.base.files(), head: await request.head.files() }
  const touched = new Touched(base, head, files)
  const part = pair.focused ? touched : undefined
  const judgeBase = async () =>
    await validateTree(request.base, base, config, tools, request.base, undefined, part)
  const before =
    request.work === undefined || part !== undefined
      ? await judgeBase()
      : await request.work.validated(base, judgeBase)
  const after = await validateTree(request.head, head, config, tools, request.base, base, part)
  const upgrades = await judgeUpgrades({
    base,
    head,
    validators: { base: before.validators, head: after.validators },
    lines: after.lines,
    config,
  })
  const unrendered = await judgeUnrendered({
    trees: { base: request.base, head: request.head },
    base,
    head,
    validators: after.validators,
    config,
  })
  const upgraded = await settle([...upgrades.findings, ...unrendered], {
    config,
    tree: request.head,
    trusted: request.base,
  })
  const diff = diffTrees(base, head, {
    hasDirectory: { base: isDirectoryOf(files.base), head: isDirectoryOf(files.head) },
    mergeKeys: (resource, path) =>
      [...after.validators.values()][0]?.mergeKeys(
        resource,
        path.split('.').map(step => step.replace(/\[\]$/, '')),
      ),
  })
  const judged = await judgeImpacts(base, head, diff.changes, {
    tree: request.head,
    lines: after.lines,
    config,
    catalogs: tools.parameters,
  })
  const { brought, existing } = sortOut(
    [
      ...upgraded.findings,
      ...after.findings.filter(finding => !upgrades.tells(finding)),
      ...request.configFindings,
    ],
    before,
    touched,
  )
  const findings = request.all ? [...brought, ...existing] : brought
  const impacts = judged.impacts.filter(impact => !isRefused(impact, brought))
  const incomplete = incompleteOf(
    after,
    before,
    [
      ...upgrades.incomplete,
      ...diff.incomplete,
      ...failedOnBothSides(base, head, after.incomplete),
      ...notApplied(base, head, diff.changes, touched),
    ],
    touched,
  )
  const review: Review = {
    version: 1,
    base: request.baseRevision,
    head: request.headRevision,
    verdict: verdictOf({ findings: brought, impacts, incomplete }),
    findings,
    impacts,
    changes: judged.changes,
    units: touchedUnits(base, head, judged.changes, impacts),
    incomplete,
    budgets: request.config.budgets,
    stats: {
      existing: existing.length,
      suppressed: after.suppressed + upgraded.suppressed,
      objects: count(head),
      kustomizations: head.kustomizations.length,
      helmReleases: head.helmReleases.length,
      rendered: touched.units,
      seconds: Math.round((tools.clock() - started) / 100) / 10,
      versions: [
        ...after.versions,
        tools.kustomize.version,
        ...(tools.helm === undefined ? [] : [tools.helm.version]),
      ],
      clusters: clusterLines(head, config),
      noise: diff.noise,
    },
  }
  return { review, focused: pair.focused }
}

/** The project of an API group in the catalog. */
function projectsIn({ index }: SchemaCatalog): (group: string) => string | undefined {
  let projects: Map<string, string> | undefined
  return group => {
    projects ??= new Map(
      Object.entries(index).flatMap(([project, versions]) =>
        Object.values(versions).flatMap(kinds =>
          Object.keys(kinds).map(kind => [kind.split('/')[0] ?? '', project] as const),
        ),
      ),
    )
    return projects.get(group)
  }
}

/** Whether a path is a directory of a tree: some file lies in it. */
function isDirectoryOf(files: ReadonlyMap<string, string>): (path: string) => boolean {
  return path => [...files.keys()].some(file => path === '' || file.startsWith(`${path}/`))
}

/** A field that nobody knows and that is refused has no effect that could be unknown. */
function isRefused({ impact, resource, file, line }: Impact, findings: readonly Finding[]): boolean {
  return (
    impact === 'unknown' &&
    findings.some(
      finding =>
        finding.level === 'error' &&
        finding.file === file &&
        finding.line === line &&
        finding.resource !== undefined &&
        resourceKey(finding.resource) === resourceKey(resource),
    )
  )
}

/** Findings of the head, told apart: what the change brings or touches, and what stood in base unchanged. */
function sortOut(
  findings: readonly Finding[],
  before: Validation,
  touched: Touched,
): { brought: Finding[]; existing: Finding[] } {
  const known = new Set(before.findings.map(identityOf))
  const existing = new Set(
    findings.filter(finding => known.has(identityOf(finding)) && !touched.finding(finding)),
  )
  return { brought: findings.filter(finding => !existing.has(finding)), existing: [...existing] }
}

/** Lines move when something is written above them: they do not make a finding another one. */
function identityOf({ ruleId, message, file, resource, field, cluster }: Finding): string {
  return JSON.stringify([
    ruleId,
    message,
    file,
    field,
    cluster,
    resource === undefined ? '' : resourceKey(resource),
  ])
}

/** What could not be judged, what the change touches of it first; what stood in base untouched is marked. */
function incompleteOf(
  after: Validation,
  before: Validation,
  ofChange: readonly Unjudged[],
  touched: Touched,
): Unjudged[] {
  const known = new Set(
    before.incomplete.flatMap(entry => entry.affected.map(label => causeOf(entry, label))),
  )
  const fresh: Unjudged[] = [...ofChange]
  const existing: Unjudged[] = []
  for (const entry of after.incomplete)
    for (const label of entry.affected) {
      const single = { ...entry, affected: [label] }
      if (known.has(causeOf(entry, label)) && !touched.unjudged(label, entry))
        existing.push({ ...single, existing: true })
      else fresh.push(single)
    }
  return joinUnjudged([...fresh, ...existing])
}

/** Numbers in messages are counts and lines: they do not make a cause another one. */
function causeOf({ reason, message, cluster }: Unjudged, label: string): string {
  return JSON.stringify([reason, message.replaceAll(/\d+/g, '#'), cluster, label])
}

/**
 * What the change touches in units that did not render before and do not now: their changes are not seen.
 * @param known what is on the incomplete list anyway: a limit of ours is said once
 */
function failedOnBothSides(
  base: RenderedRepository,
  head: RenderedRepository,
  known: readonly Unjudged[],
): Unjudged[] {
  const before = new Map(unitsOf(base).map(unit => [`${unit.cluster} ${unit.label}`, unit]))
  return unitsOf(head).flatMap(unit => {
    const earlier = before.get(`${unit.cluster} ${unit.label}`)
    if (unit.status !== 'failed' || earlier?.status !== 'failed' || earlier.inputs === unit.inputs) return []
    // rendered in part on both sides: its changes are seen
    if (unit.leftOut !== undefined && earlier.leftOut !== undefined) return []
    if (known.some(({ reason, affected }) => reason === unit.error?.ruleId && affected.includes(unit.label)))
      return []
    return [
      {
        reason: 'failed-on-both-sides',
        message: `It is changed, and it does not render before or after: ${unit.error?.message ?? ''}`,
        affected: [unit.label],
        ...(unit.cluster === '' ? {} : { cluster: unit.cluster }),
        ...(unit.error?.file === undefined ? {} : { file: unit.error.file }),
        ...(unit.error?.line === undefined ? {} : { line: unit.error.line }),
      },
    ]
  })
}

/**
 * Manifests that changed and that nothing applies on either side. Where not one changed manifest is applied, the reason
 * may be that the roots were not recognised: an empty diff would be a lie.
 */
function notApplied(
  base: RenderedRepository,
  head: RenderedRepository,
  changes: readonly Change[],
  touched: Touched,
): Unjudged[] {
  const manifests = touched.files.filter(
    file => isYamlFile(file) && !file.split('/').some(part => part.startsWith('.')),
  )
  const unread = manifests.filter(file =>
    [base.files, base.failedFiles, head.files, head.failedFiles].every(files => !files.has(file)),
  )
  if (changes.length > 0 || unread.length === 0 || unread.length < manifests.length) return []
  // what lies below a Kustomization that does not render is on the list with it
  const failed = [...base.kustomizations, ...head.kustomizations].filter(({ status }) => status === 'failed')
  const unexplained = unread.filter(
    file => !failed.some(({ path }) => file.startsWith(`${clampPath(path)}/`)),
  )
  if (unexplained.length === 0) return []
  return [
    {
      reason: 'changed-files-not-applied',
      message: 'None of the changed YAML files is read by anything that was rendered.',
      repair:
        'If a cluster applies them, name its root under `clusters:` in .github/cnpg-steward.yaml, or give --entry NAME=PATH.',
      affected: unexplained,
    },
  ]
}

function count(rendered: RenderedRepository): number {
  return [...rendered.kustomizations, ...rendered.helmReleases].reduce(
    (sum, { objects }) => sum + objects.length,
    0,
  )
}

/** 'infra on merge', 'apps a day after release' */
function clusterLines(head: RenderedRepository, config: Config): string[] {
  return [...new Set(head.kustomizations.map(({ cluster }) => cluster))]
    .filter(cluster => cluster !== '')
    .map(cluster => {
      const known = config.clusters.find(({ name }) => name === cluster)
      if (known?.branch === undefined && known?.delay === undefined) return cluster
      return [cluster, known.delay, known.branch === undefined ? undefined : `following ${known.branch}`]
        .filter(Boolean)
        .join(' ')
    })
}

function unitsOf(side: RenderedRepository) {
  return [
    ...side.kustomizations.map(unit => ({ label: unitLabel('Kustomization', unit), ...unit })),
    ...side.helmReleases.map(unit => ({
      label: unitLabel('HelmRelease', unit),
      leftOut: undefined,
      ...unit,
    })),
  ]
}
