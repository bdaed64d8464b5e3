import type { RuleSetting } from '../config/config.ts'
import type { Finding, Level } from '../manifest/finding.ts'
import { isObject, valueAt } from '../manifest/json.ts'
import type { RenderedKustomization } from '../manifest/rendered.ts'
import { fileRules, variablesIn } from './file-rules.ts'
import { fluxRules } from './flux-rules.ts'
import type { HouseContext, HouseRule, RuleProblem } from './house-rule.ts'
import { objectRules } from './object-rules.ts'

/** All house rules, in the order of story 4.2 where they are its rules 1 to 9. */
export const houseRules: readonly HouseRule[] = [...fileRules, ...fluxRules, ...objectRules]

export interface HouseInput {
  kustomizations: readonly RenderedKustomization[]
  /** source files by path: those that rendering read, so that what no cluster applies is judged by nobody */
  files: ReadonlyMap<string, string>
  /** `rules` of the configuration */
  settings: Readonly<Record<string, RuleSetting>>
  /** the Flux minor that a cluster runs */
  fluxVersion: (cluster: string) => string
  annotationPrefix?: string
}

/**
 * Holds a rendered tree and its sources against the house rules.
 * @returns findings at the level of the configuration, else at the rule's own; what is off is not looked at
 */
export function houseFindings(input: HouseInput): Finding[] {
  const context: TreeContext = {
    variables: substitutedNames(input),
    ...(input.annotationPrefix === undefined ? {} : { annotationPrefix: input.annotationPrefix }),
  }
  return houseRules.flatMap(rule => {
    const configured = input.settings[rule.id]?.level
    if ((configured ?? rule.defaultLevel) === 'off') return []
    return [...fileFindings(rule, input, context), ...objectFindings(rule, input, context)].flatMap(
      ({ problem, ...found }) => {
        const level = configured ?? problem.defaultLevel ?? rule.defaultLevel
        return level === 'off' ? [] : [finding(rule, level, problem, found)]
      },
    )
  })
}

type Found = { problem: RuleProblem } & Pick<Finding, 'resource' | 'cluster' | 'kustomization'>

/** What is the same for all clusters. */
type TreeContext = Omit<HouseContext, 'fluxVersion'>

function fileFindings(rule: HouseRule, { files }: HouseInput, context: TreeContext): Found[] {
  return [...files].flatMap(([path, text]) =>
    (rule.checkFile?.(path, text, context) ?? []).map(problem => ({ problem })),
  )
}

function objectFindings(
  rule: HouseRule,
  { kustomizations, fluxVersion }: HouseInput,
  context: TreeContext,
): Found[] {
  return kustomizations.flatMap(({ cluster, namespace, name, path, objects }) =>
    objects.flatMap(object =>
      (rule.checkObject?.(object, { ...context, fluxVersion: fluxVersion(cluster) }) ?? []).map(problem => ({
        problem: {
          ...(object.origin === undefined ? {} : { file: object.origin.file, line: object.origin.line }),
          ...problem,
        },
        resource: object.resource,
        cluster,
        kustomization: namespace === '' ? path : `${namespace}/${name}`,
      })),
    ),
  )
}

function finding(
  rule: HouseRule,
  level: Level,
  problem: RuleProblem,
  found: Omit<Found, 'problem'>,
): Finding {
  const { defaultLevel: _, ...place } = problem
  return { ruleId: rule.id, level, repair: rule.repair, ...place, ...found }
}

/** Names that are variables here: written ${NAME} in a file, or given by a postBuild or by a ConfigMap that one names. */
function substitutedNames({ kustomizations, files }: HouseInput): Set<string> {
  const names = new Set([...files.values()].flatMap(variablesIn))
  const objects = kustomizations.flatMap(kustomization => kustomization.objects)
  const sources = new Set<string>()
  for (const { manifest, resource } of objects) {
    if (resource.kind !== 'Kustomization') continue
    const inline = valueAt(manifest, 'spec', 'postBuild', 'substitute')
    for (const name of isObject(inline) ? Object.keys(inline) : []) names.add(name)
    const from = valueAt(manifest, 'spec', 'postBuild', 'substituteFrom')
    for (const source of Array.isArray(from) ? from : [])
      if (isObject(source) && typeof source.name === 'string')
        sources.add(`${resource.namespace}/${source.name}`)
  }
  for (const { manifest, resource } of objects) {
    if (resource.kind !== 'ConfigMap' || !sources.has(`${resource.namespace}/${resource.name}`)) continue
    const data = valueAt(manifest, 'data')
    for (const name of isObject(data) ? Object.keys(data) : []) names.add(name)
  }
  return names
}
