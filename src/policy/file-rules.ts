import type { HouseRule, RuleProblem } from './house-rule.ts'

/** Rules on the source files: what rendering makes of them no longer shows it. */
export const fileRules: HouseRule[] = [
  {
    id: 'house-kustomization-file-name',
    title: 'A kustomize directory has its kustomization.yaml under exactly this name.',
    why: 'kustomize reads kustomization.yml and Kustomization too, but searches, editors and bots look for one name.',
    repair: 'Rename the file to kustomization.yaml.',
    failing: directory('kustomization.yml', ' # ←'),
    mended: directory('kustomization.yaml'),
    defaultLevel: 'off',
    checkFile: path => {
      const name = path.slice(path.lastIndexOf('/') + 1)
      // the other two names kustomize accepts (sigs.k8s.io/kustomize api/konfig/general.go RecognizedKustomizationFileNames)
      if (name !== 'kustomization.yml' && name !== 'Kustomization') return []
      return [{ message: `${name} should be called kustomization.yaml`, file: path, line: 1 }]
    },
  },
  {
    id: 'house-variable-syntax',
    title: 'Variables are written ${NAME}, the only form that Flux substitutes.',
    why: '$NAME and {{NAME}} stay in the manifest as they are and reach the cluster as text: a bucket called cnpg-$CLUSTER_NAME.',
    repair: 'Write ${NAME}.',
    failing: substituted('s3://cnpg-$CLUSTER_NAME/ # ←'),
    mended: substituted('s3://cnpg-${CLUSTER_NAME}/'),
    defaultLevel: 'off',
    checkFile: (path, text, { variables }) => {
      // templates of a Helm chart have a syntax of their own
      if (!/\.ya?ml$/.test(path) || /(^|\/)templates\//.test(path)) return []
      return text.split('\n').flatMap((line, index) => {
        const problems: RuleProblem[] = []
        if (/^\s*#/.test(line)) return problems
        for (const [written, name = ''] of line.matchAll(DOLLAR)) {
          // any other $NAME may be a variable of a shell script, which is right as it is
          if (variables.has(name)) problems.push(variableProblem(written, name, path, index + 1))
        }
        for (const [written, name = ''] of line.matchAll(BRACES))
          problems.push(variableProblem(written, name, path, index + 1))
        return problems
      })
    },
  },
]

// not after a dollar: $$NAME is Flux's way to write a dollar (fluxcd/pkg envsubst)
const DOLLAR = /(?<!\$)\$([A-Za-z_]\w*)/g
// {{ .field }} is a Go template, as in an ExternalSecret: only a bare upper-case name is a misspelled variable
const BRACES = /\{\{\s*([A-Z][A-Z0-9_]*)\s*\}\}/g

function variableProblem(written: string, name: string, file: string, line: number): RuleProblem {
  return {
    message: `${written} is not substituted by Flux`,
    repair: `Write \${${name}}.`,
    file,
    line,
  }
}

/** The names of the variables in a text: what Flux would substitute, `$${NAME}` left out. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(/(?<!\$)\$\{([A-Za-z_]\w*)/g)].map(([, name = '']) => name)
}

function directory(name: string, mark = ''): string {
  return `# kustomization.yaml
resources:
  - apps
---
# apps/${name}
resources:${mark}
  - settings.yaml
---
# apps/settings.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings`
}

function substituted(path: string): string {
  return `# kustomization.yaml
resources:
  - apps.yaml
---
# apps.yaml
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: apps
  namespace: flux-system
spec:
  interval: 1h
  prune: true
  path: ./apps
  sourceRef:
    kind: GitRepository
    name: flux-system
  postBuild:
    substitute:
      CLUSTER_NAME: infra
---
# apps/settings.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  destinationPath: ${path}`
}
