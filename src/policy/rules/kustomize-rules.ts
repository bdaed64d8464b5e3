import type { Rule } from '../rule.ts'

const NOTHING_APPLIED = 'kustomize refuses the build, and Flux then applies nothing of the Kustomization.'
const SETTINGS = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings`

/** What keeps kustomize from building a directory (src/render/closure.ts, src/adapters/kustomize.ts). */
export const kustomizeRules: readonly Rule[] = [
  {
    id: 'render-missing-file',
    level: 'error',
    title: 'Every file and directory that a kustomization names is there.',
    why: NOTHING_APPLIED,
    repair: 'Correct the path, or add the file; the finding proposes a near name.',
    failing: `# kustomization.yaml
resources:
  - setings.yaml # ←
---
# settings.yaml
${SETTINGS}`,
    mended: `# kustomization.yaml
resources:
  - settings.yaml
---
# settings.yaml
${SETTINGS}`,
  },
  {
    id: 'render-outside-tree',
    level: 'error',
    title: 'The paths of a kustomization stay inside the repository.',
    why: 'Flux has nothing but the repository: there is no such path in the cluster.',
    repair: 'Move the file into the repository.',
    failing: `# kustomization.yaml
resources:
  - ../elsewhere/settings.yaml # ←`,
    mended: `# kustomization.yaml
resources:
  - settings.yaml
---
# settings.yaml
${SETTINGS}`,
  },
  {
    id: 'render-cycle',
    level: 'error',
    title: 'Kustomizations do not include each other in a circle.',
    why: NOTHING_APPLIED,
    repair: 'Take one of the entries out.',
    failing: `# kustomization.yaml
resources:
  - databases
---
# databases/kustomization.yaml
resources:
  - .. # ←`,
    mended: `# kustomization.yaml
resources:
  - databases
---
# databases/kustomization.yaml
resources:
  - settings.yaml
---
# databases/settings.yaml
${SETTINGS}`,
  },
  {
    id: 'render-kustomization-invalid',
    level: 'error',
    title: 'A kustomization.yaml has the fields and types that kustomize knows.',
    why: NOTHING_APPLIED,
    repair: 'Correct the field that is named.',
    failing: `# kustomization.yaml
resources: settings.yaml # ←
---
# settings.yaml
${SETTINGS}`,
    mended: `# kustomization.yaml
resources:
  - settings.yaml
---
# settings.yaml
${SETTINGS}`,
  },
  {
    id: 'render-plugin',
    level: 'error',
    title: 'A kustomization uses no plugins but those that are built into kustomize.',
    why: 'Flux runs no exec functions and no containers, and neither does a review of what strangers wrote.',
    repair: 'Render what the plugin makes, and commit that.',
    failing: `# kustomization.yaml
generators:
  - generator.yaml
---
# generator.yaml
apiVersion: example.org/v1 # ←
kind: SettingsGenerator
metadata:
  name: settings
  annotations:
    config.kubernetes.io/function: |
      exec:
        path: ./generate.sh`,
    mended: `# kustomization.yaml
resources:
  - settings.yaml
---
# settings.yaml
${SETTINGS}`,
  },
  {
    id: 'render-link',
    level: 'error',
    title: 'What a kustomization names is a file or a directory, no symbolic link and no submodule.',
    why: 'source-controller leaves links out of the artifact that Flux builds from: in the cluster there is no such file, and the build fails.',
    repair: 'Put the file itself there.',
    failing: `# kustomization.yaml
resources:
  - settings.yaml # ←
---
# shared/settings.yaml
${SETTINGS}
---
# settings.yaml -> shared/settings.yaml`,
    mended: `# kustomization.yaml
resources:
  - settings.yaml
---
# settings.yaml
${SETTINGS}`,
  },
  {
    id: 'render-build',
    level: 'error',
    title: 'kustomize can build what Flux applies.',
    why: 'A Kustomization that does not build is not applied; what it applied before stays as it is.',
    repair: "kustomize's message says what to correct.",
    failing: `# kustomization.yaml
resources: # ←
  - settings.yaml
patches:
  - patch: |
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: setings
      data:
        timezone: UTC
---
# settings.yaml
${SETTINGS}`,
    mended: `# kustomization.yaml
resources:
  - settings.yaml
patches:
  - patch: |
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: settings
      data:
        timezone: UTC
---
# settings.yaml
${SETTINGS}`,
  },
  {
    id: 'render-nameless',
    level: 'error',
    title: 'Every object has apiVersion, kind and metadata.name.',
    why: 'The API server takes no object without them, and Flux then applies nothing of the Kustomization.',
    repair: 'Add what is missing.',
    failing: `# kustomization.yaml
resources:
  - settings.yaml
---
# settings.yaml
kind: ConfigMap # ←
metadata:
  name: settings`,
    mended: `# kustomization.yaml
resources:
  - settings.yaml
---
# settings.yaml
${SETTINGS}`,
  },
]
