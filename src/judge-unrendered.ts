import { admissionTools } from './admission-tools.ts'
import { judgedBy, NEWEST_OPERATOR, OLDEST_OPERATOR } from './cnpg/admission/operator-release.ts'
import { operatorVersion } from './cnpg/operator-version.ts'
import type { Config } from './config/config.ts'
import type { StandingProblem } from './compare-upgrade.ts'
import { asItRuns, judgeByAll } from './judge-admission.ts'
import type { Finding } from './manifest/finding.ts'
import { equalJson, isObject, type Json } from './manifest/json.ts'
import type { RenderedKustomization } from './manifest/rendered.ts'
import { groupOf, identify, resourceKey, resourceLabel, type Manifest } from './manifest/resource.ts'
import { readSource, type SourceDocument } from './manifest/source-file.ts'
import { changedFiles, type Tree } from './manifest/tree.ts'
import type { RenderedRepository } from './render-tree.ts'
import { isYamlFile } from './render/source-objects.ts'
import { clampPath } from './render/tree-path.ts'
import type { Validator } from './schema/validator.ts'

export interface UnrenderedRequest {
  trees: { base: Tree; head: Tree }
  base: RenderedRepository
  head: RenderedRepository
  /** cluster → what judges its objects, of the head */
  validators: ReadonlyMap<string, Validator>
  config: Config
}

/**
 * What an edit breaks in files that are only read by what does not render: a chart that cannot be had, a variable that nobody sets, a
 * file that is missing elsewhere. Objects are judged as they are written, by what they have in the head and had not in the base, so
 * that what patches and generators add is not missed. That the rest was not judged is said by others.
 */
export async function judgeUnrendered(request: UnrenderedRequest): Promise<Finding[]> {
  const { trees, head } = request
  const changed = changedFiles(await trees.base.files(), await trees.head.files())
  const findings: Finding[] = []
  const rendered = new Set(
    head.kustomizations.flatMap(({ objects }) => objects.flatMap(({ origin }) => origin?.file ?? [])),
  )
  for (const [file, how] of changed) {
    if (how !== 'changed' || !isYamlFile(file) || rendered.has(file)) continue
    // what is built and then fails on a variable has read its files like any other
    const unit = failedAbove(file, head)
    const read = head.files.has(file)
    if (unit === undefined ? read || !head.failedFiles.has(file) : !read && !head.failedFiles.has(file))
      continue
    const before = new Map(
      readSource(file, await trees.base.read(file)).documents.flatMap(document =>
        document.resource === undefined ? [] : [[resourceKey(document.resource), document] as const],
      ),
    )
    for (const document of readSource(file, await trees.head.read(file)).documents) {
      const old = document.resource === undefined ? undefined : before.get(resourceKey(document.resource))
      if (old !== undefined) findings.push(...judgeDocument(file, unit, { old, document }, request))
    }
  }
  return findings
}

function judgeDocument(
  file: string,
  unit: RenderedKustomization | undefined,
  { old, document }: { old: SourceDocument; document: SourceDocument },
  { base, head, validators, config }: UnrenderedRequest,
): Finding[] {
  const was = withOpenVariables(old.value)
  const is = withOpenVariables(document.value)
  if (!isObject(was) || !isObject(is) || equalJson(was, is) || 'sops' in is) return []
  const cluster = unit?.cluster ?? [...validators.keys()][0] ?? ''
  const validator = validators.get(cluster)
  const resource = identify(is)
  const verdict = validator?.validate(is)
  if (validator === undefined || verdict === undefined || !verdict.known || !verdict.exact || verdict.builtIn)
    return []
  const operator = judgedBy(operatorVersion(head, cluster)?.version ?? config.cnpgVersion)
  const tools = (operator === undefined ? [NEWEST_OPERATOR, OLDEST_OPERATOR] : [operator]).map(version =>
    admissionTools(validator, version, { volumeSnapshots: true }),
  )
  const ran = operatorVersion(base, cluster)?.version ?? operator
  const live = asItRuns({ manifest: was, resource }, [], ran)
  const problems = (manifest: Manifest): StandingProblem[] => {
    const schema = validator.validate(manifest)
    const refusals = judgeByAll(manifest, live, tools).findings.filter(({ level }) => level === 'error')
    return [
      ...(schema.known ? schema.findings : []),
      // rules of a CRD are those of its version
      ...refusals.filter(
        ({ ruleId }) =>
          ruleId !== 'admission-decoding' &&
          (operator !== undefined ||
            groupOf(resource.apiVersion) !== 'postgresql.cnpg.io' ||
            ruleId !== 'admission-rule'),
      ),
    ]
  }
  const known = new Set(problems(was).map(({ ruleId, field }) => `${ruleId} ${field}`))
  return problems(is)
    .filter(({ ruleId, field }) => !known.has(`${ruleId} ${field}`))
    .map(({ ruleId, message, field, repair }) => ({
      ruleId,
      level: 'error' as const,
      message: `${message.replace(/[.]$/, '')}. (${resourceLabel(resource)} as it is written: what applies it was not rendered.)`,
      ...(repair === undefined ? {} : { repair }),
      resource,
      ...(field === '' ? {} : { field }),
      cluster,
      ...(unit === undefined || unit.namespace === ''
        ? {}
        : { kustomization: `${unit.namespace}/${unit.name}` }),
      file,
      line: document.locate(field).line,
    }))
}

/** The nearest Kustomization above a file, where that failed. */
function failedAbove(
  file: string,
  { kustomizations }: RenderedRepository,
): RenderedKustomization | undefined {
  const [nearest] = kustomizations
    // what is skipped has its files elsewhere, whatever its path looks like
    .filter(({ status, path }) => status !== 'skipped' && isBelow(file, path))
    .toSorted((a, b) => clampPath(b.path).length - clampPath(a.path).length)
  return nearest?.status === 'failed' ? nearest : undefined
}

function isBelow(file: string, path: string): boolean {
  const directory = clampPath(path)
  return directory === '' || directory === '.' || file.startsWith(`${directory}/`)
}

/** Variables are whatever a cluster makes of them: nothing is held against a value that has one. */
function withOpenVariables(value: Json): Json {
  if (typeof value === 'string') return /\$\{/.test(value) ? '..PLACEHOLDER_VARIABLE..' : value
  if (Array.isArray(value)) return value.map(withOpenVariables)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withOpenVariables(inner)]))
}
