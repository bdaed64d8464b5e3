import type { Rule } from '../rule.ts'

const SETTINGS = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings`

/** What keeps the objects of Flux from being rendered: roots, Kustomizations, HelmReleases (src/render). */
export const fluxRenderRules: readonly Rule[] = [
  {
    id: 'render-substitution',
    level: 'error',
    title: 'A variable is defined or has a default.',
    why: 'Since Flux 2.9 an undefined variable fails the Kustomization (StrictPostBuildSubstitutions); before, it silently became an empty text.',
    repair: 'Define it under postBuild, give it a default, or write $${NAME} where no variable is meant.',
    failing: substituting('${TIMEZONE}', ' # ←'),
    mended: substituting('${TIMEZONE:=UTC}'),
  },
  {
    id: 'render-applied-twice',
    level: 'warning',
    title: 'A Flux Kustomization is applied by one parent.',
    why: 'Whichever parent applies last wins, anew at every interval; removed from one of them, it is pruned although the other still wants it.',
    repair: 'Leave it to one of them.',
    failing: `# kustomization.yaml
resources:
  - apps.yaml
  - infrastructure.yaml
---
# apps.yaml
${kustomization('apps')}
---
# infrastructure.yaml
${kustomization('infrastructure')}
---
# apps/operator.yaml
${kustomization('operator')}
---
# infrastructure/operator.yaml
${marked(kustomization('operator'))}
---
# operator/settings.yaml
${SETTINGS}`,
    mended: `# kustomization.yaml
resources:
  - apps.yaml
  - infrastructure.yaml
---
# apps.yaml
${kustomization('apps')}
---
# infrastructure.yaml
${kustomization('infrastructure')}
---
# apps/settings.yaml
${SETTINGS}
---
# infrastructure/operator.yaml
${kustomization('operator')}
---
# operator/settings.yaml
${SETTINGS}`,
  },
  {
    id: 'render-entry-guessed',
    level: 'note',
    title: 'The tree says where Flux starts.',
    why: 'Without a root that applies itself, every Kustomization that no other one applies is taken for a root: a guess, which may leave something out.',
    repair: 'Name the roots under `clusters:` in .github/cnpg-steward.yaml.',
    failing: `# flux/apps.yaml
${marked(kustomization('apps'))}
---
# apps/settings.yaml
${SETTINGS}`,
    mended: `# .github/cnpg-steward.yaml
clusters:
  - name: main
    path: flux
---
# flux/apps.yaml
${kustomization('apps')}
---
# apps/settings.yaml
${SETTINGS}`,
  },
  {
    id: 'render-flux-instance',
    level: 'error',
    title: 'The patches of a FluxInstance fit the objects that it makes.',
    why: 'flux-operator makes the source and the root Kustomization of the cluster out of them: nothing below is applied.',
    repair: 'Correct spec.kustomize.patches.',
    failing: fluxInstance('/spec/wait', ' # ←'),
    mended: fluxInstance('/spec/prune'),
  },
  {
    id: 'render-chart',
    level: 'error',
    title: 'The chart of a HelmRelease exists and can be used.',
    why: 'helm-controller cannot install or upgrade the release.',
    repair: 'Correct the source, the name or the version of the chart.',
    failing: treeRelease('charts/postgre', '2', ' # ←'),
    mended: treeRelease('charts/postgres', '2'),
  },
  {
    id: 'render-helm',
    level: 'error',
    title: 'A chart renders with the values of its HelmRelease.',
    why: 'helm-controller fails the release: the install or upgrade does not happen.',
    repair: "helm's message names the template, or the value that values.schema.json refuses.",
    failing: treeRelease('charts/postgres', '""', ' # ←'),
    mended: treeRelease('charts/postgres', '2'),
  },
  {
    id: 'render-helm-values',
    level: 'error',
    title: 'What valuesFrom refers to can be read and merged.',
    why: 'helm-controller fails the release: the install or upgrade does not happen.',
    repair: 'Correct the entry of spec.valuesFrom, or what it refers to.',
    failing: release('value.yaml', ' # ←'),
    mended: release('values.yaml'),
  },
]

function kustomization(name: string, more = ''): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${name}
  namespace: flux-system
spec:
  interval: 1h
  prune: true
  path: ./${name}
  sourceRef:
    kind: GitRepository
    name: flux-system${more}`
}

function substituting(variable: string, mark = ''): string {
  return `# kustomization.yaml
resources:
  - apps.yaml
---
# apps.yaml
${kustomization('apps', '\n  postBuild:\n    substitute:\n      REGION: eu')}
---
# apps/settings.yaml
${SETTINGS.replace('\n', `${mark}\n`)}
data:
  timezone: ${variable}`
}

function fluxInstance(removed: string, mark = ''): string {
  return `# flux/instance.yaml
apiVersion: fluxcd.controlplane.io/v1${mark}
kind: FluxInstance
metadata:
  name: flux
  namespace: flux-system
spec:
  distribution:
    version: 2.x
    registry: ghcr.io/fluxcd
  sync:
    kind: GitRepository
    url: https://github.com/example/fleet.git
    ref: refs/heads/main
    path: flux
  kustomize:
    patches:
      - target:
          kind: Kustomization
        patch: |
          - op: remove
            path: ${removed}
---
# flux/settings.yaml
${SETTINGS}`
}

/** A HelmRelease of a chart that is never fetched, with values of a ConfigMap. */
function release(valuesKey: string, mark = ''): string {
  return `# kustomization.yaml
resources:
  - release.yaml
  - settings.yaml
---
# release.yaml
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: cloudnative-pg
  namespace: databases
spec:
  interval: 1h
  url: oci://ghcr.io/cloudnative-pg/charts/cloudnative-pg
  ref:
    tag: 0.27.0
---
apiVersion: helm.toolkit.fluxcd.io/v2${mark}
kind: HelmRelease
metadata:
  name: cloudnative-pg
  namespace: databases
spec:
  interval: 1h
  chartRef:
    kind: OCIRepository
    name: cloudnative-pg
  valuesFrom:
    - kind: ConfigMap
      name: settings
      valuesKey: ${valuesKey}
---
# settings.yaml
${SETTINGS}
  namespace: databases
data:
  values.yaml: |
    replicaCount: 2`
}

/** A HelmRelease of a chart of the repository. */
function treeRelease(chart: string, instances: string, mark = ''): string {
  return `# flux/apps.yaml
${kustomization('flux-system').replace('./flux-system', './flux')}
---
# flux/release.yaml
apiVersion: helm.toolkit.fluxcd.io/v2${mark}
kind: HelmRelease
metadata:
  name: postgres
  namespace: databases
spec:
  interval: 1h
  chart:
    spec:
      chart: ${chart}
      sourceRef:
        kind: GitRepository
        name: flux-system
        namespace: flux-system
  values:
    instances: ${instances}
---
# charts/postgres/Chart.yaml
apiVersion: v2
name: postgres
version: 1.0.0
---
# charts/postgres/templates/settings.yaml
${SETTINGS}
data:
  instances: {{ required "how many instances?" .Values.instances | quote }}`
}

function marked(manifest: string): string {
  return manifest.replace('\n', ' # ←\n')
}
