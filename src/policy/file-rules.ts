import type { HouseRule, RuleProblem } from './house-rule.ts'

/** Rules on the source files: what rendering makes of them no longer shows it. */
export const fileRules: HouseRule[] = [
  {
    id: 'house-kustomization-file-name',
    title: 'A kustomize directory has its kustomization.yaml under exactly this name.',
    why: 'kustomize reads kustomization.yml and Kustomization too, but searches, editors and bots look for one name.',
    repair: 'Rename the file to kustomization.yaml.',
    failing: 'kubernetes/apps/demo/kustomization.yml',
    mended: 'kubernetes/apps/demo/kustomization.yaml',
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
    failing: 'destinationPath: s3://cnpg-$CLUSTER_NAME/',
    mended: 'destinationPath: s3://cnpg-${CLUSTER_NAME}/',
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
