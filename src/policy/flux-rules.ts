import { groupOf } from '../manifest/resource.ts'
import { isObject, textAt, valueAt } from '../manifest/json.ts'
import type { RenderedObject } from '../manifest/rendered.ts'
import type { HouseRule, RuleProblem } from './house-rule.ts'

const HELM_GROUP = 'helm.toolkit.fluxcd.io'

const FROM_OCI = '  chartRef:\n    kind: OCIRepository\n    name: cloudnative-pg'
const FROM_REPOSITORY =
  '  chart: # ←\n    spec:\n      chart: cloudnative-pg\n      version: 0.27.0\n      sourceRef:\n        kind: HelmRepository\n        name: cloudnative-pg'
const BOTH =
  '\n  install:\n    remediation:\n      retries: -1\n  upgrade:\n    remediation:\n      strategy: rollback\n      retries: 3'

// Flux minor that no longer serves the version (helm-controller CRDs of Flux 2.7 and 2.8)
const HELM_REMOVED = new Map([
  [`${HELM_GROUP}/v2beta1`, 7],
  [`${HELM_GROUP}/v2beta2`, 8],
])

/** Rules on Flux's own objects and on ExternalSecrets. */
export const fluxRules: HouseRule[] = [
  {
    id: 'house-helm-api-version',
    title: 'HelmReleases use helm.toolkit.fluxcd.io/v2.',
    why: 'Flux 2.7 no longer serves v2beta1, and 2.8 no longer v2beta2: the object is refused.',
    repair: 'Set apiVersion: helm.toolkit.fluxcd.io/v2.',
    failing: deprecated('v2beta2 # ←'),
    mended: deprecated('v2'),
    defaultLevel: 'error',
    checkObject: ({ resource }, { fluxVersion }) => {
      const removedIn = HELM_REMOVED.get(resource.apiVersion)
      if (removedIn === undefined) return []
      const removed = isAtLeast(fluxVersion, removedIn)
      return [
        {
          message: removed
            ? `${resource.apiVersion} is not served by Flux ${fluxVersion}`
            : `${resource.apiVersion} is deprecated, Flux 2.${removedIn} no longer serves it`,
          field: 'apiVersion',
          // where it still works it is style
          defaultLevel: removed ? 'error' : 'off',
        },
      ]
    },
  },
  {
    id: 'house-external-secrets-api-version',
    title: 'External Secrets objects use external-secrets.io/v1.',
    why: 'v1beta1 is deprecated and no longer served by current releases of the External Secrets Operator.',
    repair: 'Set apiVersion: external-secrets.io/v1.',
    failing: externalSecret('v1beta1 # ←'),
    mended: externalSecret('v1'),
    // which release runs is not known here; where the tree installs its CRDs, the schema says it for certain
    defaultLevel: 'off',
    checkObject: ({ resource }) =>
      V1_KINDS.has(resource.kind) &&
      groupOf(resource.apiVersion) === 'external-secrets.io' &&
      resource.apiVersion !== 'external-secrets.io/v1'
        ? [{ message: `${resource.apiVersion} is not v1`, field: 'apiVersion' }]
        : [],
  },
  {
    id: 'house-remediation',
    title: 'Every HelmRelease says what happens when an install or an upgrade fails.',
    why: 'Without remediation Flux stops after the first failure, and the release stays broken until a person acts.',
    repair:
      'Set spec.install.remediation.retries and spec.upgrade.remediation, or strategy RetryOnFailure (here, or in a patch of the parent Kustomization).',
    failing: helmRelease('', { mark: ' # ←' }),
    mended: helmRelease(BOTH),
    defaultLevel: 'off',
    checkObject: object =>
      isHelmRelease(object)
        ? (['install', 'upgrade'] as const).flatMap((action): RuleProblem[] =>
            hasRemediation(object, action)
              ? []
              : [
                  {
                    message: `nothing is said about a failed ${action}`,
                    field: `spec.${action}.remediation`,
                  },
                ],
          )
        : [],
  },
  {
    id: 'house-chart-ref',
    title: 'A HelmRelease takes its chart from an OCIRepository through chartRef.',
    why: 'An OCI artifact can be pinned by digest and verified, and one object serves every release of the chart.',
    repair: 'Add an OCIRepository with a layerSelector for the chart, and name it in spec.chartRef.',
    failing: helmRelease(BOTH, { chart: FROM_REPOSITORY }),
    mended: helmRelease(BOTH),
    defaultLevel: 'off',
    checkObject: object => {
      if (!isHelmRelease(object)) return []
      const kind = textAt(object.manifest, 'spec', 'chartRef', 'kind')
      if (kind === 'OCIRepository') return []
      return [
        {
          message: `the chart comes from ${kind === undefined ? 'spec.chart' : `a ${kind}`}, not from an OCIRepository`,
          field: kind === undefined ? 'spec.chart' : 'spec.chartRef.kind',
        },
      ]
    },
  },
]

// the kinds that have a v1; PushSecret and the generators are still alpha
const V1_KINDS = new Set(['ExternalSecret', 'ClusterExternalSecret', 'SecretStore', 'ClusterSecretStore'])

function isHelmRelease({ resource }: RenderedObject): boolean {
  return resource.kind === 'HelmRelease' && groupOf(resource.apiVersion) === HELM_GROUP
}

// helm-controller: strategy RetryOnFailure takes the place of remediation (api/v2/helmrelease_types.go, GetActiveRetry)
function hasRemediation({ manifest }: RenderedObject, action: 'install' | 'upgrade'): boolean {
  const remediation = valueAt(manifest, 'spec', action, 'remediation')
  return (
    (isObject(remediation) && Object.keys(remediation).length > 0) ||
    textAt(manifest, 'spec', action, 'strategy', 'name') === 'RetryOnFailure'
  )
}

/** Compares a Flux version ('2.9', 'v2.9.1') with minor 2.x; an unreadable one counts as the newest. */
function isAtLeast(fluxVersion: string, minor: number): boolean {
  const [, major, here] = /^v?(\d+)\.(\d+)/.exec(fluxVersion) ?? []
  if (major === undefined || here === undefined) return true
  return Number(major) > 2 || (Number(major) === 2 && Number(here) >= minor)
}

function helmRelease(
  more: string,
  { version = 'v2', chart = FROM_OCI, mark = '' }: { version?: string; chart?: string; mark?: string } = {},
): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: cloudnative-pg
  namespace: cnpg-system
spec:
  interval: 1h
  url: oci://ghcr.io/cloudnative-pg/charts/cloudnative-pg
  ref:
    tag: 0.27.0
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata:
  name: cloudnative-pg
  namespace: cnpg-system
spec:
  interval: 1h
  url: https://cloudnative-pg.github.io/charts
---
apiVersion: helm.toolkit.fluxcd.io/${version}${mark}
kind: HelmRelease
metadata:
  name: cloudnative-pg
  namespace: cnpg-system
spec:
  interval: 1h
${chart}${more}`
}

/** Where Flux still serves the old version. */
function deprecated(version: string): string {
  return `# .github/cnpg-steward.yaml
fluxVersion: "2.7"
rules:
  house-helm-api-version:
    level: warning
    reason: before the next Flux
---
# kustomization.yaml
resources:
  - release.yaml
---
# release.yaml
${helmRelease(BOTH, { version })}`
}

function externalSecret(version: string): string {
  return `apiVersion: external-secrets.io/${version}
kind: ExternalSecret
metadata:
  name: postgres-app
  namespace: databases
spec:
  secretStoreRef:
    kind: ClusterSecretStore
    name: vault
  dataFrom:
    - extract:
        key: postgres-app`
}
