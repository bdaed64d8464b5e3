import { ChangedLines } from './changed-lines.ts'
import { operatorVersion } from './cnpg/operator-version.ts'
import type { Config } from './config/config.ts'
import { appliedTwice } from './flux/applied-twice.ts'
import { dependsOnFindings } from './flux/depends-on.ts'
import { readImportedCrds } from './imported-crds.ts'
import { Locator } from './locate.ts'
import { joinUnjudged, type Finding, type Level, type Unjudged } from './manifest/finding.ts'
import type { Place } from './manifest/place.ts'
import type { RenderedHelmRelease, RenderedKustomization, RenderedObject } from './manifest/rendered.ts'
import { groupOf, resourceKey, resourceLabel } from './manifest/resource.ts'
import { readSource } from './manifest/source-file.ts'
import type { Tree } from './manifest/tree.ts'
import { houseFindings } from './policy/house-rules.ts'
import type { RenderedRepository } from './render-tree.ts'
import { isYamlFile } from './render/source-objects.ts'
import { fromCatalog, type SchemaCatalog, type VersionsInUse } from './schema/catalog.ts'
import { fromCrds } from './schema/crd.ts'
import { createValidator, type Validation as Validity, type Validator } from './schema/validator.ts'

export interface ValidationTools {
  catalog: SchemaCatalog
  progress: (message: string) => void
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
}

/**
 * Judges everything a rendered tree would apply: the structural schema of each object, what Flux itself would stumble
 * over, and the house rules.
 * @param trusted the tree whose comments silence findings and whose imported CRDs count: in a review the base, so that
 *   no change silences itself
 */
export async function validateTree(
  tree: Tree,
  rendered: RenderedRepository,
  config: Config,
  tools: ValidationTools,
  trusted: Tree = tree,
): Promise<Validation> {
  const lines: FieldLines = {
    locator: new Locator(tree, rendered),
    changed: new ChangedLines(tree, trusted),
  }
  const findings = [...rendered.findings]
  const incomplete = [...rendered.incomplete]
  const versions = new Set<string>()
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
    if (operator !== undefined) versions.add(`operator ${operator.version} ${operator.from}`)
    const validator = createValidator([
      fromCrds([
        // later ones win: what the cluster installs is truer than a copy
        ...imported,
        ...objects
          .filter(({ resource }) => resource.kind === 'CustomResourceDefinition')
          .map(object => object.manifest),
      ]),
      fromCatalog(tools.catalog, versionsInUse(config, operator?.version)),
    ])
    validators.set(cluster, validator)
    for (const unit of units) {
      const judged = await judgeUnit(unit, validator, lines)
      findings.push(...judged.findings)
      incomplete.push(...judged.incomplete)
    }
    findings.push(...dependsOnFindings(objects, config.external).map(finding => ({ ...finding, cluster })))
  }
  findings.push(...appliedTwice(rendered.kustomizations))
  const files = await textsOf(tree, rendered.files)
  findings.push(
    ...houseFindings({
      kustomizations: rendered.kustomizations,
      files,
      settings: config.rules,
      fluxVersion: config.fluxVersion,
    }),
    ...(await sourceFindings(tree, rendered.files)),
  )
  const judged = joinClusters(levelled(await located(findings, lines), config))
  const kept = await withoutIgnored(judged, tree, trusted)
  return {
    findings: kept,
    suppressed: judged.length - kept.length,
    incomplete: joinUnjudged(incomplete),
    versions: [...versions],
    validators,
  }
}

function versionsInUse(config: Config, operator: string | undefined): VersionsInUse {
  const cnpg = operator ?? config.cnpgVersion
  return {
    kubernetes: config.kubernetesVersion,
    flux: config.fluxVersion,
    ...(cnpg === undefined ? {} : { cnpg }),
  }
}

type Unit = RenderedKustomization | RenderedHelmRelease

async function judgeUnit(
  unit: Unit,
  validator: Validator,
  lines: FieldLines,
): Promise<{ findings: Finding[]; incomplete: Unjudged[] }> {
  const findings: Finding[] = []
  const incomplete: Unjudged[] = []
  const { cluster } = unit
  const owner = 'path' in unit ? { kustomization: `${unit.namespace}/${unit.name}`.replace(/^\//, '') } : {}
  for (const object of unit.objects) {
    const { resource, manifest } = object
    const verdict = validator.validate(manifest)
    if (!verdict.known) {
      incomplete.push(unknownSchema(object, cluster, verdict.nearest))
      continue
    }
    if (verdict.uncertain.length > 0) {
      incomplete.push(unfitting(object, verdict, cluster))
    }
    for (const { ruleId, message, repair, field } of verdict.findings) {
      const place = await lineOf(lines, unit, object, field)
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
  }
  return { findings, incomplete }
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
    repair: IMPORT,
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

interface FieldLines {
  locator: Locator
  changed: ChangedLines
}

/** Where to point for a field of an object. */
async function lineOf(
  { locator, changed }: FieldLines,
  unit: Unit,
  object: RenderedObject,
  field: string,
): Promise<Place | undefined> {
  const origin = await locator.field(unit, object, field)
  return origin === undefined ? undefined : await changed.culprit(origin)
}

/** Findings about fields of objects, moved from the object's line to the field's. */
async function located(findings: readonly Finding[], lines: FieldLines): Promise<Finding[]> {
  return await Promise.all(
    findings.map(async finding => {
      const { file, line, field, resource, cluster } = finding
      if (file === undefined || line === undefined || field === undefined || resource === undefined)
        return finding
      const found = lines.locator.applied(cluster, resource, { file, line })
      return found === undefined
        ? finding
        : { ...finding, ...(await lineOf(lines, found.unit, found.object, field)) }
    }),
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
