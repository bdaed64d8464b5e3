/** What the command line offers: arguments.ts reads it, help.ts prints it. */

export interface Flag {
  type: 'string' | 'boolean'
  /** what the value is, in help: 'DIR' */
  value?: string
  short?: string
  multiple?: true
  help: string
}

export const flags = {
  repo: {
    type: 'string',
    value: 'DIR',
    help: 'the repository (default: the one around the working directory)',
  },
  base: {
    type: 'string',
    value: 'REF',
    help: 'compare with this commit (default: where the default branch was left)',
  },
  head: {
    type: 'string',
    value: 'REF',
    help: 'review this commit (default: the work tree, before you commit)',
  },
  ref: { type: 'string', value: 'REF', help: 'look at this commit (default: the work tree)' },
  all: { type: 'boolean', help: 'show what stood in base unchanged, too' },
  entry: {
    type: 'string',
    value: 'NAME=PATH',
    multiple: true,
    help: 'a cluster whose root is not in Git, and its directory',
  },
  cluster: { type: 'string', value: 'NAME', help: 'this cluster only' },
  kustomization: { type: 'string', value: 'NS/NAME', help: 'this Flux Kustomization only' },
  'flux-version': {
    type: 'string',
    value: 'X.Y',
    help: 'as this Flux does: 2.9 (default) substitutes strictly',
  },
  'kubernetes-version': { type: 'string', value: 'X.Y', help: 'for this Kubernetes (default: 1.35)' },
  'cnpg-version': {
    type: 'string',
    value: 'X.Y.Z',
    help: 'for this operator, where nothing else says which: X.Y.Z or main',
  },
  old: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'objects that were applied before: those of the same name are updated',
  },
  crd: {
    type: 'string',
    value: 'FILE|DIR',
    multiple: true,
    help: 'CRDs of the cluster, taken before the bundled ones',
  },
  namespace: {
    type: 'string',
    value: 'NAMESPACE',
    short: 'n',
    help: 'where the Cluster is (default: of the context, else default)',
  },
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    help: 'access to the API server (default: KUBECONFIG, ~/.kube/config, the service account of the Pod)',
  },
  context: {
    type: 'string',
    value: 'NAME',
    help: 'this context of the kubeconfig (default: the current one)',
  },
  'allow-exec': { type: 'boolean', help: 'let a program that the kubeconfig names give the credentials' },
  verbose: {
    type: 'boolean',
    short: 'v',
    multiple: true,
    help: 'more: slots, roles, tablespaces, disruption budgets; twice: certificates, too',
  },
  wait: {
    type: 'boolean',
    help: 'wait until it is healthy and has held still, or stands where it needs somebody',
  },
  timeout: { type: 'string', value: 'DURATION', help: 'wait so long at most: 90s, 30m (default), 2h' },
  at: { type: 'string', value: 'TIME', help: 'judge as of this time, for recordings (RFC 3339)' },
  output: { type: 'string', value: 'FORMAT', short: 'o', help: 'how to print' },
  kustomize: { type: 'string', value: 'PATH', help: 'this kustomize or kubectl (default: of PATH)' },
  helm: { type: 'string', value: 'PATH', help: 'this helm (default: of PATH)' },
  offline: { type: 'boolean', help: 'fetch no charts; those in the cache are used' },
  allow: {
    type: 'string',
    value: 'CLASS|KEY',
    multiple: true,
    help: 'also what is done on request only: pg-major, os-change, operator-minor, …; and see above',
  },
  apply: { type: 'boolean', help: 'edit the work tree; without it nothing is changed' },
  'no-color': { type: 'boolean', help: 'no colours (NO_COLOR works, too)' },
  help: { type: 'boolean', short: 'h', help: 'this help' },
  version: { type: 'boolean', help: 'the version' },
} as const satisfies Record<string, Flag>

export type FlagName = keyof typeof flags
export type Output = 'text' | 'markdown' | 'json' | 'sarif' | 'yaml' | 'plan' | 'renovate'
export type CommandName =
  | 'review'
  | 'render'
  | 'validate'
  | 'admit'
  | 'status'
  | 'updates'
  | 'explain'
  | 'schema'
  | 'doctor'

export interface CommandDescription {
  summary: string
  /** after the command's name */
  usage: string
  details: string
  /** the first one is the default */
  outputs: readonly [Output, ...Output[]]
  flags: readonly FlagName[]
  /** how many words may follow */
  words: readonly [number, number]
  examples: readonly string[]
}

const rendering = [
  'repo',
  'entry',
  'flux-version',
  'kubernetes-version',
  'kustomize',
  'helm',
  'offline',
] as const
const everywhere = ['output', 'no-color', 'help'] as const

export const commands: Record<CommandName, CommandDescription> = {
  review: {
    summary: 'what a change does: verdict, findings, impacts, diff',
    usage: '[--base REF] [--head REF] [--all]',
    details:
      'Renders what a change reaches, in base and head, as Flux would, validates it and says what differs and what that\nmeans. With --all both trees as a whole.',
    outputs: ['text', 'markdown', 'json', 'sarif'],
    flags: ['base', 'head', 'all', ...rendering, 'cnpg-version', ...everywhere],
    words: [0, 0],
    examples: ['review', 'review --base origin/main --head HEAD --output markdown'],
  },
  render: {
    summary: 'what a tree applies: every object of every cluster',
    usage: '[--ref REF] [--cluster NAME] [--kustomization NS/NAME]',
    details: 'Renders a tree as Flux would. A directory that is no git repository works, too.',
    outputs: ['yaml', 'json', 'text'],
    flags: ['ref', 'cluster', 'kustomization', ...rendering, ...everywhere],
    words: [0, 0],
    examples: ['render --cluster infra', 'render --kustomization flux-system/apps --output json'],
  },
  validate: {
    summary: 'what is wrong with a whole tree: findings only',
    usage: '[--ref REF]',
    details: 'Renders a tree and validates every object, whether it changed or not.',
    outputs: ['text', 'markdown', 'json', 'sarif'],
    flags: ['ref', ...rendering, 'cnpg-version', ...everywhere],
    words: [0, 0],
    examples: ['validate', 'validate --ref origin/main --output sarif > findings.sarif'],
  },
  admit: {
    summary: 'whether the API server and the operator would take objects',
    usage: 'FILE … [--old FILE] [--crd FILE|DIR]',
    details: `Judges each object of the files, YAML or JSON, as the API server with the operator would when Flux applies it: defaults,
schema, rules in CEL, the operator's webhooks. With --old it is the update of what was applied before; a status in it is
the live one. Exit code 1: one is refused; 2: something that decides was not known.`,
    outputs: ['text', 'json'],
    flags: ['old', 'crd', 'cnpg-version', 'kubernetes-version', ...everywhere],
    words: [1, Number.POSITIVE_INFINITY],
    examples: ['admit cluster.yaml', 'admit cluster.yaml --old before.yaml --cnpg-version 1.28.0'],
  },
  status: {
    summary: 'how a running database is: judgement, and what kubectl cnpg status prints',
    usage: 'NAME [-n NAMESPACE] [-v] [--wait]',
    details: `Reads the Cluster NAME with all that belongs to it, without exec and without Secrets, and judges it: healthy, progressing,
attention, failed or unknown, each with the reasons. Then follows what kubectl cnpg status of plugin 1.28 prints.
With --wait it is read until nothing changes any more: healthy for 10 seconds, or not getting any further by itself.
Exit code 1: not healthy, or not within the time; 2: could not be found out.`,
    outputs: ['text', 'markdown', 'json'],
    flags: [
      'namespace',
      'kubeconfig',
      'context',
      'allow-exec',
      'verbose',
      'wait',
      'timeout',
      'at',
      ...everywhere,
    ],
    words: [1, 1],
    examples: [
      'status postgres -n databases',
      'status postgres -n databases -v -v --output markdown',
      'status postgres -n databases --wait --timeout 15m',
    ],
  },
  updates: {
    summary: 'which charts and images could be updated, and how far',
    usage: '[--allow CLASS] [--apply]',
    details: `Finds every version in the sources, asks registries for newer ones and chooses by class: minors and rebuilds of
PostgreSQL, patches and minors of the rest, the operator one minor at a time. What else there is, is listed as on request.
Each says by whom it is signed and how long it is out: what is signed by somebody else is held, what has to be signed
and is not known waits for --allow unverified, a new major of PostgreSQL that something speaks against for --allow
unprepared. Each is reviewed as the pull request it would be. With --apply they are written to the work tree, byte by
byte where the versions stand, but for those whose review blocks (exit code 1). Credentials of registries are those of
REGISTRY_AUTH_FILE or DOCKER_CONFIG, each for its own host.
Output plan is what the bot carries out, renovate the rule that makes Renovate leave these packages alone.`,
    outputs: ['text', 'markdown', 'json', 'plan', 'renovate'],
    flags: ['ref', 'allow', 'apply', ...rendering, 'cnpg-version', ...everywhere],
    words: [0, 0],
    examples: ['updates', 'updates --allow operator-minor --apply'],
  },
  explain: {
    summary: 'what a rule says, why, and how to mend it',
    usage: 'RULE',
    details: 'RULE is the id that stands beside a finding.',
    outputs: ['text', 'markdown', 'json'],
    flags: [...everywhere],
    words: [1, 1],
    examples: ['explain schema-unknown-field'],
  },
  schema: {
    summary: 'the kinds that can be validated without the CRDs of the tree',
    usage: '[import FILE|DIR|URL …]',
    details: 'Without more it lists the bundled catalog; `schema import` adds CRDs to it.',
    outputs: ['text', 'json'],
    flags: [...everywhere],
    words: [0, Number.POSITIVE_INFINITY],
    examples: ['schema', 'schema import crds/'],
  },
  doctor: {
    summary: 'which git, kustomize, kubectl and helm are used',
    usage: '',
    details:
      'Says what was found, where, in which version, and how to get what is missing. Exit code 2: nothing can be rendered.',
    outputs: ['text', 'json'],
    flags: ['kustomize', 'helm', ...everywhere],
    words: [0, 0],
    examples: ['doctor'],
  },
}

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(commands, word)
}
