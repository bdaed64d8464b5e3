import type { Files } from '../fakes/github/git-repository.ts'

/** So many Kustomizations with so many databases each, the repository that benchmarks of whole reviews share. */
export const KUSTOMIZATIONS = 40
export const DATABASES = 5

/** A path of the repository that holds databases, and what it holds with another `shared_buffers` in one of them. */
export function databasesOf(kustomization: number, changed?: number): [path: string, text: string] {
  const documents = Array.from({ length: DATABASES }, (_, n) => database(kustomization, n, n === changed))
  return [`apps/app-${kustomization}/databases.yaml`, documents.join('---\n')]
}

/** Every file of the repository, as Flux would apply it: one entry point, a Kustomization each, and databases in it. */
export function generatedRepository(): Files {
  const files: Files = {
    '.github/cnpg-steward.yaml':
      'cnpgVersion: "1.28.0"\nclusters:\n  - name: main\n    path: clusters/main\n',
    'clusters/main/apps.yaml': Array.from(
      { length: KUSTOMIZATIONS },
      (_, n) =>
        `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: app-${n}\n  namespace: flux-system\nspec:\n  interval: 10m\n  prune: true\n  path: ./apps/app-${n}\n  sourceRef:\n    kind: GitRepository\n    name: flux-system\n  postBuild:\n    substitute:\n      SIZE: ${10 + n}Gi\n`,
    ).join('---\n'),
  }
  for (let n = 0; n < KUSTOMIZATIONS; n++) {
    const [path, text] = databasesOf(n)
    files[path] = text
    files[`apps/app-${n}/kustomization.yaml`] =
      `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: app-${n}\nresources:\n  - databases.yaml\n`
  }
  return files
}

function database(kustomization: number, n: number, isChanged: boolean): string {
  return `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db-${kustomization}-${n}
spec:
  instances: 3
  imageName: ghcr.io/cloudnative-pg/postgresql:17.6-system-trixie
  storage:
    size: \${SIZE}
  postgresql:
    parameters:
      shared_buffers: ${isChanged ? '512MB' : '256MB'}
---
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata:
  name: db-${kustomization}-${n}
spec:
  schedule: 0 0 3 * * *
  method: volumeSnapshot
  cluster:
    name: db-${kustomization}-${n}
`
}
