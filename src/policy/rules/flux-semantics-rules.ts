import type { Rule } from '../rule.ts'

/** What Flux makes of objects that are fine one by one (src/flux). */
export const fluxSemanticsRules: readonly Rule[] = [
  {
    id: 'flux-applied-twice',
    level: 'warning',
    title: 'An object is applied by one Kustomization, or by several with the same content.',
    why: 'Each Kustomization takes its own version back at every interval: the object flaps, and a deletion in one of them prunes what the other still wants.',
    repair: 'Leave the object to one of them.',
    failing: `# apps/settings.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: databases
data:
  timezone: UTC
---
# infrastructure/settings.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: databases
data:
  timezone: Europe/Berlin`,
    mended: `# infrastructure/settings.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: databases
data:
  timezone: Europe/Berlin`,
  },
  {
    id: 'flux-depends-on-unknown',
    level: 'warning',
    title: 'dependsOn names a Kustomization or HelmRelease that this repository applies.',
    why: 'The object waits until somebody else creates its dependency: after a slip of the pen, for ever.',
    repair:
      'Correct name or namespace; declare what lives elsewhere under `external:` in .github/cnpg-steward.yaml.',
    failing: waiting('operator', 'postgres', 'operater'),
    mended: waiting('operator', 'postgres', 'operator'),
  },
  {
    id: 'flux-depends-on-cycle',
    level: 'error',
    title: 'dependsOn has no circle.',
    why: 'Each waits for the next one to be ready: none of them is ever applied.',
    repair: 'Take one of the dependsOn entries out.',
    failing: `${named('operator', 'postgres')}\n---\n${named('postgres', 'operator')}`,
    mended: `${named('operator')}\n---\n${named('postgres', 'operator')}`,
  },
]

function waiting(first: string, second: string, dependency: string): string {
  return `${named(first)}\n---\n${named(second, dependency)}`
}

function named(name: string, dependency?: string): string {
  const spec = dependency === undefined ? '' : `\nspec:\n  dependsOn:\n    - name: ${dependency}`
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${name}
  namespace: flux-system${spec}`
}
