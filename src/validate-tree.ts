import { admissionTools } from './admission-tools.ts'
import type { AdmitTools } from './admit.ts'
import { fluxExpression } from './cel/flux-expression.ts'
import { judgedBy, NEWEST_OPERATOR, OLDEST_OPERATOR } from './cnpg/admission/operator-release.ts'
import { breaksLater } from './cnpg/breaks/breaks-later.ts'
import { BARMAN_PLUGIN, operatorVersion } from './cnpg/operator-version.ts'
import type { ParameterCatalogs } from './cnpg/parameters/parameter-catalog.ts'
import { ASSUMED_KUBERNETES, NEWEST_FLUX, type Config } from './config/config.ts'
import { FieldLines } from './field-lines.ts'
import { asItRuns, judgeByAll } from './judge-admission.ts'
import { judgeOperator } from './judge-operator.ts'
import { appliedTwice } from './flux/applied-twice.ts'
import { fluxVersionLine, type FluxVersion } from './flux-versions.ts'
import { fluxFindings } from './flux/flux-findings.ts'
import { readImportedCrds } from './imported-crds.ts'
import { joinUnjudged, type Finding, type Level, type Unjudged } from './manifest/finding.ts'
import type { RenderedHelmRelease, RenderedKustomization, RenderedObject } from './manifest/rendered.ts'
import { groupOf, resourceKey, resourceLabel, type Manifest } from './manifest/resource.ts'
import { readSource } from './manifest/source-file.ts'
import type { Tree } from './manifest/tree.ts'
import { houseFindings } from './policy/house-rules.ts'
import type { RenderedRepository } from './render-tree.ts'
import { KUSTOMIZATION_NAMES } from './render/kustomization-file.ts'
import { isYamlFile } from './render/source-objects.ts'
import { apiEnd } from './schema/api-lifecycle.ts'
import { fromCatalog, type SchemaCatalog, type VersionsInUse } from './schema/catalog.ts'
import { fromCrds } from './schema/crd.ts'
import { createValidator, type Validation as Validity, type Validator } from './schema/validator.ts'

export interface ValidationTools {
  catalog: SchemaCatalog
  parameters: ParameterCatalogs
  progress: (message: string) => void
  /** ISO date: what is past its end of life depends on it */
  today: string
}

export interface Validation {
  findings: Finding[]
  /** findings silenced by a comment beside their line */
  suppressed: number
  incomplete: Unjudged[]
  /** 'operator 1.28.0 from chart 0.27.0': the versions that objects were held against */
  versions: string[]
  /** cluster → its validator, for those who need its schemas (merge keys of the diff) */
  validators: ReadonlyMap<string, Validator>
  /** where findings and impacts about this tree point to */
  lines: FieldLines
}

/** What of a rendered tree is looked at; the rest is there for what refers to it. */
export interface ValidatedPart {
  hasUnit(unit: RenderedKustomization | RenderedHelmRelease): boolean
  /** whether the text of a file is looked at */
  hasFile(file: string): boolean
  /** whether what an object refers to was rendered, so that what is not there is missing */
  hasReference(finding: Finding): boolean
}

/**
 * Judges everything a rendered tree would apply: the structural schema of each object, what Flux itself would stumble
 * over, and the house rules.
 * @param trusted the tree whose comments silence findings and whose imported CRDs count: in a review the base, so that
 *   no change silences itself
 * @param before the tree as it runs, for what only an update breaks; absent: every object is new
 * @param part what of it is looked at; absent: all
 */
export async function validateTree(
  tree: Tree,
  rendered: RenderedRepository,
  config: Config,
  tools: ValidationTools,
  trusted: Tree = tree,
  before?: RenderedRepository,
  part?: ValidatedPart,
): Promise<Validation> {
  const lines = new FieldLines(tree, trusted, rendered)
  const findings = [...rendered.findings]
  const incomplete = [...rendered.incomplete]
  const versions = new Set<string>()
  const fluxOf = (cluster: string): FluxVersion =>
    rendered.fluxVersions?.get(cluster) ?? {
      version: config.fluxVersion ?? NEWEST_FLUX,
      from: config.fluxVersion === undefined ? 'assumed' : 'as configured',
    }
  const validators = new Map<string, Validator>()
  // a decision, like the configuration: a change does not bring the schema it is judged by
  const imported = await readImportedCrds(trusted)
  const clusters = [
    ...new Set([...rendered.kustomizations, ...rendered.helmReleases].map(unit => unit.cluster)),
  ]
  for (const cluster of clusters) {
    tools.progress(`${tree.name}: validating ${cluster === '' ? 'objects' : `cluster ${cluster}`}`)
    const units = [...rendered.kustomizations, ...rendered.helmReleases].filter(
      unit => unit.cluster === cluster,
    )
    const objects = units.flatMap(unit => unit.objects)
    const operator = operatorVersion(rendered, cluster)
    const judging = judgedBy(operator?.version ?? config.cnpgVersion)
    const asked = `${OLDEST_OPERATOR} to ${NEWEST_OPERATOR} asked`
    if (operator !== undefined)
      versions.add(
        `operator ${operator.version} ${operator.from}${judging === undefined ? `, ${asked}` : ''}`,
      )
    const validator = createValidator([
      fromCrds([
        // later ones win: what the cluster installs is truer than a copy
        ...imported,
        ...objects
          .filter(({ resource }) => resource.kind === 'CustomResourceDefinition')
          .map(object => object.manifest),
      ]),
      fromCatalog(
        tools.catalog,
        versionsInUse(
          config,
          fluxOf(cluster).version,
          judging,
          operatorVersion(rendered, cluster, BARMAN_PLUGIN)?.version,
        ),
      ),
    ])
    validators.set(cluster, validator)
    const admission = admissionOf(cluster, validator, {
      operator: judging,
      inUse: { kubernetes: config.kubernetesVersion ?? ASSUMED_KUBERNETES, flux: fluxOf(cluster).version },
      ...(before === undefined ? {} : { before }),
      ...(config.cnpgVersion === undefined ? {} : { configured: config.cnpgVersion }),
    })
    if (operator === undefined && objects.some(isOfOperator))
      versions.add(
        config.cnpgVersion === undefined
          ? `operator not known, ${asked}`
          : `operator ${config.cnpgVersion} as configured`,
      )
    for (const unit of units) {
      if (part?.hasUnit(unit) === false) continue
      const judged = await judgeUnit(unit, validator, lines, admission)
      findings.push(...judged.findings)
      incomplete.push(...judged.incomplete)
    }
    findings.push(
      ...fluxFindings({
        cluster,
        head: rendered,
        ...(before === undefined ? {} : { base: before }),
        external: config.external,
        compile: fluxExpression,
      }).filter(finding => part?.hasReference(finding) !== false),
      ...judgeOperator(
        cluster,
        { head: rendered, ...(before === undefined ? {} : { base: before }), config },
        tools.today,
      ),
    )
  }
  findings.push(
    ...appliedTwice(rendered.kustomizations),
    ...breaksLater({
      head: rendered,
      ...(before === undefined ? {} : { base: before }),
      catalogs: tools.parameters,
      external: config.external,
      ...(config.cnpgVersion === undefined ? {} : { operator: config.cnpgVersion }),
    }),
  )
  const read = new Set([...rendered.files].filter(file => part?.hasFile(file) !== false))
  const files = await textsOf(tree, read)
  const notServed = new Set(
    findings
      .filter(({ ruleId }) => ['schema-version-not-served', 'schema-version-removed'].includes(ruleId))
      .map(versionOf),
  )
  findings.push(
    ...houseFindings({
      kustomizations: rendered.kustomizations,
      files,
      settings: config.rules,
      fluxVersion: cluster => fluxOf(cluster).version,
      ...(config.annotationPrefix === undefined ? {} : { annotationPrefix: config.annotationPrefix }),
      // what the schemas say of a version is not said again
    }).filter(finding => finding.field !== 'apiVersion' || !notServed.has(versionOf(finding))),
    ...(await sourceFindings(tree, new Set([...manifestFiles(rendered)].filter(file => read.has(file))))),
  )
  const placed = await Promise.all(findings.map(async finding => await lines.ofFinding(finding)))
  return {
    ...(await settle(placed, { config, tree, trusted })),
    incomplete: joinUnjudged(incomplete),
    versions: [...versions, ...new Set(clusters.map(cluster => fluxVersionLine(fluxOf(cluster))))],
    validators,
    lines,
  }
}

/** Findings as they count: by the levels of the configuration, one for several clusters, without what a comment silences. */
export async function settle(
  findings: readonly Finding[],
  { config, tree, trusted }: { config: Config; tree: Tree; trusted: Tree },
): Promise<{ findings: Finding[]; suppressed: number }> {
  const judged = joinClusters(levelled(findings, config))
  const kept = await withoutIgnored(judged, tree, trusted)
  return { findings: kept, suppressed: judged.length - kept.length }
}

/** An object in its version, as one cluster gets it. */
function versionOf({ cluster, resource }: Finding): string {
  return JSON.stringify([cluster, resource])
}

function versionsInUse(
  config: Config,
  flux: string,
  cnpg: string | undefined,
  plugin: string | undefined,
): VersionsInUse {
  return {
    ...(plugin === undefined ? {} : { 'barman-cloud': plugin }),
    kubernetes: config.kubernetesVersion ?? { atLeast: ASSUMED_KUBERNETES },
    flux,
    // what every known version refuses is refused
    cnpg: cnpg ?? { atLeast: OLDEST_OPERATOR },
  }
}

type Unit = RenderedKustomization | RenderedHelmRelease

interface Admission {
  /** the versions that API versions have their end by */
  inUse: { kubernetes: string; flux: string }
  /** undefined: nobody says which one runs */
  operator?: string
  /** of the operator that runs; of the newest and the oldest where that is not known */
  tools: readonly AdmitTools[]
  /** resourceKey → the object as the base applies it */
  before: ReadonlyMap<string, Manifest>
}

/** What judges the objects of a cluster as API server and operator would: created, or as updates of what the base applies. */
function admissionOf(
  cluster: string,
  validator: Validator,
  known: {
    operator: string | undefined
    configured?: string
    before?: RenderedRepository
    inUse: { kubernetes: string; flux: string }
  },
): Admission {
  const { before, operator } = known
  const applied =
    before === undefined
      ? []
      : [...before.kustomizations, ...before.helmReleases]
          .filter(unit => unit.cluster === cluster)
          .flatMap(({ objects }) => objects)
  const ran =
    before === undefined ? undefined : (operatorVersion(before, cluster)?.version ?? known.configured)
  return {
    ...(operator === undefined ? {} : { operator }),
    inUse: known.inUse,
    // a cluster that is described in Git is not asked whether it has the VolumeSnapshot CRD
    tools: (operator === undefined ? [NEWEST_OPERATOR, OLDEST_OPERATOR] : [operator]).map(version =>
      admissionTools(validator, version, { volumeSnapshots: true }),
    ),
    before: new Map(
      applied.map(object => [resourceKey(object.resource), asItRuns(object, applied, ran ?? operator)]),
    ),
  }
}

function isOfOperator({ resource }: RenderedObject): boolean {
  return groupOf(resource.apiVersion) === 'postgresql.cnpg.io'
}

async function judgeUnit(
  unit: Unit,
  validator: Validator,
  lines: FieldLines,
  admission: Admission,
): Promise<{ findings: Finding[]; incomplete: Unjudged[] }> {
  const findings: Finding[] = []
  const incomplete: Unjudged[] = []
  const { cluster } = unit
  const owner = 'path' in unit ? { kustomization: `${unit.namespace}/${unit.name}`.replace(/^\//, '') } : {}
  for (const object of unit.objects) {
    const { resource, manifest } = object
    const verdict = validator.validate(manifest)
    const end = apiEnd(resource.apiVersion, resource.kind, admission.inUse)
    if (end !== undefined && (!end.gone || !verdict.known))
      findings.push({
        ruleId: end.gone ? 'schema-version-removed' : 'schema-version-deprecated',
        level: end.gone ? 'error' : 'note',
        message: `${end.removedIn} ${end.gone ? 'and later do' : 'will'} not serve ${resource.apiVersion} for ${resource.kind}${end.gone ? ': the object is refused, and the whole Kustomization with it' : ''}.`,
        repair:
          end.use === undefined
            ? 'Nothing takes its place: take the object out.'
            : `Set apiVersion: ${end.use}, and adapt the fields that differ.`,
        resource,
        field: 'apiVersion',
        cluster,
        ...owner,
        ...(await lines.of(unit, object, 'apiVersion')),
      })
    if (!verdict.known && end?.gone === true) continue
    if (!verdict.known) {
      incomplete.push(unknownSchema(object, cluster, verdict.nearest))
      continue
    }
    if (verdict.uncertain.length > 0) {
      incomplete.push(unfitting(object, verdict, cluster))
    }
    for (const { ruleId, message, repair, field } of verdict.findings) {
      const place = await lines.of(unit, object, field)
      findings.push({
        ruleId,
        level: 'error',
        message,
        ...(repair === undefined ? {} : { repair }),
        resource,
        ...(field === '' ? {} : { field }),
        cluster,
        ...owner,
        ...place,
      })
    }
    // an inexact schema has other rules, and kinds of Kubernetes' own are judged by code that is not here
    if (verdict.builtIn || (!verdict.exact && !isOfOperator(object))) continue
    const { findings: refusals, open } = judgeByAll(
      manifest,
      admission.before.get(resourceKey(resource)),
      admission.tools,
    )
    incomplete.push(...open.map(reason => admissionUnknown(object, cluster, reason)))
    for (const { field, ...refusal } of refusals) {
      // what cannot be decoded is a value of some field, and the schema has named it
      if (refusal.ruleId === 'admission-decoding' && verdict.findings.length > 0) continue
      // rules of a CRD are those of its version
      if (refusal.ruleId === 'admission-rule' && admission.operator === undefined && isOfOperator(object)) {
        incomplete.push(admissionUnknown(object, cluster, refusal.message))
        continue
      }
      findings.push({
        ...refusal,
        resource,
        ...(field === '' ? {} : { field }),
        cluster,
        ...owner,
        ...(await lines.of(unit, object, field)),
      })
    }
  }
  return { findings, incomplete }
}

function admissionUnknown({ resource }: RenderedObject, cluster: string, message: string): Unjudged {
  return {
    reason: 'admission-unknown',
    message,
    affected: [resourceLabel(resource)],
    ...(cluster === '' ? {} : { cluster }),
  }
}

const IMPORT = 'Let the tree install the CRDs, or add them with `cnpg-steward schema import`.'
const PROBLEMS = 2

/** Objects of one kind that do not fit in the same way are one entry: it says in which. */
function unfitting(
  { resource }: RenderedObject,
  { uncertain, source }: Extract<Validity, { known: true }>,
  cluster: string,
): Unjudged {
  const problems = [...new Set(uncertain.map(({ message }) => message.replaceAll(/\[\d+\]/g, '[]')))]
  const more = problems.length > PROBLEMS ? ` and ${problems.length - PROBLEMS} more` : ''
  return {
    reason: 'schema-version-unknown',
    message: `${resource.kind} does not fit the bundled schema of ${source}, and which version the cluster runs is not known: ${problems.slice(0, PROBLEMS).join('; ')}${more}.`,
    repair: source.startsWith('kubernetes ')
      ? 'Name it as kubernetesVersion in .github/cnpg-steward.yaml.'
      : IMPORT,
    affected: [resourceLabel(resource)],
    ...(cluster === '' ? {} : { cluster }),
  }
}

/** One entry an API group: its kinds come with one set of CRDs. The labels of the objects name the kinds. */
function unknownSchema({ resource }: RenderedObject, cluster: string, nearest?: string): Unjudged {
  const { apiVersion } = resource
  return {
    reason: nearest === undefined ? 'schema-unknown' : 'schema-version-unknown',
    message:
      nearest === undefined
        ? `There is no schema for kinds of ${groupOf(apiVersion) || 'the core group'}.`
        : `The bundled schema of ${nearest} has no ${apiVersion}, and which version the cluster runs is not known.`,
    repair: nearest === undefined ? `Nothing that was rendered installs their CRDs. ${IMPORT}` : IMPORT,
    affected: [resourceLabel(resource)],
    ...(cluster === '' ? {} : { cluster }),
  }
}

/**
 * The files that kustomize reads as YAML: those that objects come from, and kustomizations. What a generator puts into a
 * ConfigMap as text may be anything, templates that end in .yaml too.
 */
function manifestFiles(rendered: RenderedRepository): Set<string> {
  const origins = new Set(
    rendered.kustomizations.flatMap(({ objects }) => objects.flatMap(({ origin }) => origin?.file ?? [])),
  )
  return new Set(
    [...rendered.files].filter(
      file =>
        origins.has(file) || KUSTOMIZATION_NAMES.some(name => file === name || file.endsWith(`/${name}`)),
    ),
  )
}

/** What is wrong with the text of the files that were read: duplicate keys, encodings, ignore comments without reason. */
async function sourceFindings(tree: Tree, files: ReadonlySet<string>): Promise<Finding[]> {
  const found = await Promise.all(
    [...files].filter(isYamlFile).map(async file => readSource(file, await tree.read(file)).findings),
  )
  return found.flat()
}

async function textsOf(tree: Tree, files: ReadonlySet<string>): Promise<Map<string, string>> {
  const decoder = new TextDecoder()
  return new Map(
    await Promise.all(
      [...files].filter(isYamlFile).map(async file => [file, decoder.decode(await tree.read(file))] as const),
    ),
  )
}

/** Leaves out what a comment beside the line silences with a reason (`# cnpg-steward: ignore RULE reason`), if base has it, too. */
async function withoutIgnored(findings: readonly Finding[], tree: Tree, trusted: Tree): Promise<Finding[]> {
  const known = await tree.files()
  const files = new Set(findings.flatMap(({ file }) => (file !== undefined && known.has(file) ? [file] : [])))
  const trustedFiles = await trusted.files()
  const silenced = new Set<string>()
  for (const file of files) {
    const allowed = new Set(
      trustedFiles.has(file)
        ? readSource(file, await trusted.read(file)).ignores.map(
            ({ ruleId, reason }) => `${ruleId} ${reason}`,
          )
        : [],
    )
    for (const ignore of readSource(file, await tree.read(file)).ignores)
      if (ignore.problem === undefined && allowed.has(`${ignore.ruleId} ${ignore.reason}`))
        silenced.add(`${file}:${ignore.line} ${ignore.ruleId}`)
  }
  return findings.filter(({ file, line, ruleId }) => !silenced.has(`${file}:${line} ${ruleId}`))
}

function levelled(findings: readonly Finding[], config: Config): Finding[] {
  return findings.flatMap(finding => {
    const level: Level | 'off' = config.rules[finding.ruleId]?.level ?? finding.level
    return level === 'off' ? [] : [{ ...finding, level }]
  })
}

/** The same mistake in the same line for several clusters is one finding that names them. */
function joinClusters(findings: readonly Finding[]): Finding[] {
  const joined = new Map<string, Finding & { clusters: Set<string> }>()
  for (const finding of findings) {
    const { cluster, ...rest } = finding
    const key = JSON.stringify([
      rest.ruleId,
      rest.message,
      rest.file,
      rest.line,
      rest.field,
      rest.resource === undefined ? '' : resourceKey(rest.resource),
    ])
    const known = joined.get(key) ?? { ...rest, clusters: new Set<string>() }
    if (cluster !== undefined && cluster !== '') known.clusters.add(cluster)
    joined.set(key, known)
  }
  return [...joined.values()].map(({ clusters, ...finding }) =>
    clusters.size === 0 ? finding : { ...finding, cluster: [...clusters].join(', ') },
  )
}
