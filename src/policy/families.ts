/** Rules that come from one source; the id of each begins with the family's prefix. */
export interface Family {
  /** 'schema-' */
  prefix: string
  title: string
  /** where what they say comes from, in whole sentences */
  from: string
}

/** The families of rules, in the order of the documentation. */
export const families: readonly Family[] = [
  {
    prefix: 'parse-',
    title: 'Files that cannot be read',
    from: 'What kustomize refuses to read, as its YAML library reads it (go.yaml.in/yaml/v3), and the limits of a review.',
  },
  {
    prefix: 'render-',
    title: 'What does not render',
    from: 'The real kustomize and helm do the building; around them stands what kustomize-controller, helm-controller and source-controller do.',
  },
  {
    prefix: 'schema-',
    title: 'What the API server refuses by the schema',
    from: "The schema of the CRD that the repository itself installs, else that of the version in use, out of the project's own release; for Kubernetes' own kinds its OpenAPI document.",
  },
  {
    prefix: 'admission-',
    title: 'What the API server and the operator refuse beyond the schema',
    from: "The CEL rules of the CRDs, the rules of the API server about names and labels, and the webhooks of CloudNativePG (internal/webhook/v1) in the operator's version; compared with what a real API server and operator answered.",
  },
  {
    prefix: 'cnpg-',
    title: 'What is accepted and then breaks',
    from: "PostgreSQL's own parameters (pg_settings of a server of each major) and its pg_hba.conf parser, the code of CloudNativePG, and what was watched on a running cluster.",
  },
  {
    prefix: 'flux-',
    title: 'What Flux makes of objects that are fine one by one',
    from: 'The code of kustomize-controller and helm-controller, and what was watched on a running cluster.',
  },
  {
    prefix: 'upgrade-',
    title: 'What an update does to what the repository holds',
    from: 'The schemas, CEL rules and webhooks of the version before and of the one after, held against every object of their kinds.',
  },
  {
    prefix: 'operator-',
    title: 'What the project says of a release of the operator',
    from: 'The releases, advisories, release notes and support tables of CloudNativePG, with their sources in src/cnpg/release/operator-releases.json.',
  },
  {
    prefix: 'house-',
    title: 'House rules',
    from: 'A choice of each repository, no fact about a cluster; most are off until the configuration switches them on.',
  },
  {
    prefix: 'config-',
    title: 'The configuration and its comments',
    from: 'The schema of .github/cnpg-steward.yaml (src/config/config.schema.json).',
  },
]

/** The family of a rule. @throws Error where it has none */
export function familyOf(ruleId: string): Family {
  const family = families.find(({ prefix }) => ruleId.startsWith(prefix))
  if (family === undefined) throw new Error(`${ruleId} is of no family`)
  return family
}
