import type { Change, Impact, ImpactKind } from '../manifest/change.ts'
import type { Finding, Unjudged } from '../manifest/finding.ts'
import { isObject, type Json } from '../manifest/json.ts'
import type { Resource } from '../manifest/resource.ts'
import type { TouchedUnit } from '../manifest/touched-unit.ts'
import { verdictOf, type Review } from './review.ts'

/** Largest file of a review that is read. */
export const REVIEW_LIMIT = 8 * 1024 * 1024

/**
 * Reads a review that a workflow without rights wrote, or a process that saw the content of a pull request: whoever opened
 * the pull request may have written it instead. Only known fields are taken, each checked for type and size; the verdict is made again from what the review says.
 * @param text the JSON of `review-file`
 * @throws Error naming the first place that is wrong
 */
export function readReview(text: string): Review {
  let parsed: Json
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new Error('the review is no JSON')
  }
  const read = reviewShape(parsed, 'review')
  return { ...read, verdict: verdictOf(read) }
}

/** Checks a value and gives it typed; throws with the place. */
type Shape<T> = (value: Json | undefined, at: string) => T

function wrong(at: string, expected: string): never {
  throw new Error(`${at} is no ${expected}`)
}

const string =
  (limit: number): Shape<string> =>
  (value, at) =>
    typeof value === 'string' && value.length <= limit
      ? value
      : wrong(at, `text of at most ${limit} characters`)

const count: Shape<number> = (value, at) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : wrong(at, 'number')

const oneOf =
  <T extends string | number>(...allowed: T[]): Shape<T> =>
  (value, at) =>
    allowed.find(candidate => candidate === value) ?? wrong(at, `one of ${allowed.join(', ')}`)

const yes: Shape<true> = (value, at) => (value === true ? value : wrong(at, 'true'))

const list =
  <T>(item: Shape<T>, limit: number): Shape<T[]> =>
  (value, at) =>
    Array.isArray(value) && value.length <= limit
      ? value.map((entry, index) => item(entry, `${at}[${index}]`))
      : wrong(at, `list of at most ${limit}`)

/** Any JSON: printers show it as text. */
const json: Shape<Json> = (value, at) => value ?? wrong(at, 'value')

type Fields<T> = { [Key in keyof T]-?: Shape<T[Key]> | Optional<Exclude<T[Key], undefined>> }
interface Optional<T> {
  optional: Shape<T>
}
const optional = <T>(shape: Shape<T>): Optional<T> => ({ optional: shape })

const object =
  <T extends object>(fields: Fields<T>): Shape<T> =>
  (value, at) => {
    if (!isObject(value)) return wrong(at, 'object')
    const read: Record<string, unknown> = {}
    for (const [name, shape] of Object.entries<Shape<unknown> | Optional<unknown>>(fields)) {
      const inner = Object.hasOwn(value, name) ? value[name] : undefined
      if (typeof shape === 'function') read[name] = shape(inner, `${at}.${name}`)
      else if (inner !== undefined) read[name] = shape.optional(inner, `${at}.${name}`)
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one checked value for each field
    return read as T
  }

const name = string(1000)
const words = string(20_000)
const commit: Shape<string> = (value, at) =>
  typeof value === 'string' && /^[0-9a-f]{40,64}$/.test(value) ? value : wrong(at, 'commit id')

const resource = object<Resource>({ apiVersion: name, kind: name, namespace: name, name })

const finding = object<Finding>({
  ruleId: name,
  level: oneOf('error', 'warning', 'note'),
  message: words,
  repair: optional(words),
  file: optional(name),
  line: optional(count),
  resource: optional(resource),
  field: optional(name),
  cluster: optional(name),
  kustomization: optional(name),
})

const unjudged = object<Unjudged>({
  reason: name,
  message: words,
  repair: optional(words),
  affected: list(name, 10_000),
  cluster: optional(name),
  file: optional(name),
  line: optional(count),
  existing: optional(yes),
})

const impactKind = oneOf<ImpactKind>(
  'none',
  'reload',
  'rolling-restart',
  'primary-restart',
  'switchover',
  'scale',
  'resize',
  'operator-rollout',
  'major-upgrade',
  'hibernation',
  'backup-gap',
  'ignored',
  'data-loss',
  'unknown',
)

const impact = object<Impact>({
  impact: impactKind,
  cluster: name,
  kustomization: name,
  resource,
  from: optional(json),
  to: optional(json),
  reason: words,
  file: optional(name),
  line: optional(count),
})

const change = object<Change>({
  change: oneOf('added', 'removed', 'changed', 'renamed'),
  cluster: name,
  kustomization: name,
  helmRelease: optional(name),
  resource,
  renamedFrom: optional(resource),
  movedFrom: optional(name),
  orphaned: optional(yes),
  diff: string(2_000_000),
  fields: list(
    object<Change['fields'][number]>({ path: name, from: optional(json), to: optional(json) }),
    10_000,
  ),
  impact: optional(impactKind),
})

const unit = object<TouchedUnit>({
  cluster: name,
  kind: oneOf('Kustomization', 'HelmRelease'),
  namespace: name,
  name,
  source: optional(name),
  branch: optional(name),
  dependsOn: list(name, 1000),
  chartVersion: optional(name),
})

const revision = object<Review['base']>({ ref: name, commit: optional(commit) })

const reviewShape = object<Review>({
  version: oneOf(1),
  base: revision,
  head: revision,
  verdict: oneOf('ready', 'attention', 'blocked', 'incomplete'),
  findings: list(finding, 10_000),
  impacts: list(impact, 10_000),
  changes: list(change, 10_000),
  units: optional(list(unit, 10_000)),
  incomplete: list(unjudged, 10_000),
  stats: object<Review['stats']>({
    existing: count,
    suppressed: optional(count),
    objects: count,
    kustomizations: count,
    helmReleases: count,
    rendered: count,
    seconds: count,
    versions: list(name, 100),
    clusters: list(name, 1000),
    noise: list(name, 1000),
  }),
  budgets: optional(
    object<NonNullable<Review['budgets']>>({ comment: optional(count), diffLines: optional(count) }),
  ),
})
