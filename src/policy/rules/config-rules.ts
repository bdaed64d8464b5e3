import type { Rule } from '../rule.ts'

const MISREAD =
  'A decision that is misread would judge something else than was decided: with such a configuration nothing is judged (exit code 2).'

/** What is wrong with .github/cnpg-steward.yaml and with comments that silence a finding (src/config, src/manifest). */
export const configRules: readonly Rule[] = [
  {
    id: 'config-parse',
    level: 'error',
    title: 'The configuration is YAML in UTF-8, with few aliases.',
    why: MISREAD,
    repair: 'Correct the line that is named.',
    failing: configuration('branches: main: release # ←'),
    mended: configuration('branches: [main, release]'),
  },
  {
    id: 'config-misplaced',
    level: 'error',
    title: 'The configuration stands in .github/cnpg-steward.yaml.',
    why: 'A file of another name is not read: its decisions would be passed over without a word.',
    repair: 'Rename it to .github/cnpg-steward.yaml.',
    failing: `# .github/cnpg-steward.yml\nfluxVersion: "2.9" # ←`,
    mended: configuration('fluxVersion: "2.9"'),
  },
  {
    id: 'config-unknown-key',
    level: 'error',
    title: 'The configuration has only keys that exist.',
    why: MISREAD,
    repair: 'Correct the key; the finding proposes a near one, or names those there are.',
    failing: configuration('fluxversion: "2.9" # ←'),
    mended: configuration('fluxVersion: "2.9"'),
  },
  {
    id: 'config-missing-key',
    level: 'error',
    title: 'A key that an entry needs is there.',
    why: MISREAD,
    repair: 'Add the key. A rule that is set to another level needs a reason, for the next person.',
    failing: configuration(`rules:
  house-image-digest: # ←
    level: error`),
    mended: configuration(`rules:
  house-image-digest:
    level: error
    reason: renovate pins every digest`),
  },
  {
    id: 'config-type',
    level: 'error',
    title: 'A value of the configuration has the type that its key takes.',
    why: MISREAD,
    repair: 'Write a value of the type that the finding names.',
    failing: configuration('branches: main # ←'),
    mended: configuration(`branches:
  - main`),
  },
  {
    id: 'config-value',
    level: 'error',
    title:
      'A value of the configuration can be used: a version, a path inside the repository, one of the words allowed.',
    why: MISREAD,
    repair: 'Write it as the finding says.',
    failing: configuration(`clusters:
  - name: main
    path: ../clusters/main # ←`),
    mended: configuration(`clusters:
  - name: main
    path: clusters/main`),
  },
  {
    id: 'config-duplicate',
    level: 'error',
    title: 'Each cluster of the configuration has a name of its own.',
    why: 'Findings and changes name the cluster: with one name for two, nobody could tell which is meant.',
    repair: 'Rename one of them.',
    failing: configuration(`clusters:
  - name: main
    path: clusters/apps
  - name: main # ←
    path: clusters/infra`),
    mended: configuration(`clusters:
  - name: apps
    path: clusters/apps
  - name: infra
    path: clusters/infra`),
  },
  {
    id: 'config-unknown-rule',
    level: 'error',
    title: 'The configuration speaks of rules that exist.',
    why: 'A misspelt id would leave the rule as it is, without a word.',
    repair: 'Correct the id; findings name the rule they come from.',
    failing: configuration(`rules:
  house-image-digset: # ←
    level: error
    reason: renovate pins every digest`),
    mended: configuration(`rules:
  house-image-digest:
    level: error
    reason: renovate pins every digest`),
  },
  {
    id: 'config-effect',
    level: 'warning',
    title: 'A pull request that changes the configuration says what that does.',
    why: 'A review is decided by the configuration of the base branch; what the head makes of it counts from the merge on, for every later review.',
    repair: 'Look whether less shall be reported or more be allowed; if not, take the change out.',
    failing: `# head/.github/cnpg-steward.yaml
rules: # ←
  cnpg-schedule-flood:
    level: note
    reason: we like many backups`,
    mended: `# head/.github/cnpg-steward.yaml
rules: {}`,
  },
  {
    id: 'config-ignore-reason',
    level: 'warning',
    title: 'A comment that silences a finding names the rule and says why.',
    why: 'The next reader must be able to judge whether the reason still holds; without one the comment counts for nothing.',
    repair: 'Write the reason behind the rule, in your own words.',
    failing: cluster('schema-type # ←'),
    mended: cluster('schema-type the operator reads both forms'),
  },
]

function configuration(text: string): string {
  return `# .github/cnpg-steward.yaml\n${text}`
}

function cluster(ignored: string): string {
  return `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: postgres
spec:
  instances: 3
  storage:
    size: 10Gi # cnpg-steward: ignore ${ignored}`
}
