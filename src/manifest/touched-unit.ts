/** A Kustomization or HelmRelease of Flux that applies what a change touches: whoever waits for the change waits for it. */
export interface TouchedUnit {
  cluster: string
  kind: 'Kustomization' | 'HelmRelease'
  namespace: string
  name: string
  /** what a Kustomization is applied from: 'GitRepository flux-system/flux-system'; absent: the tree does not say */
  source?: string
  /** the branch that this source follows; absent: the tree does not say */
  branch?: string
  /** units of the same kind that it waits for: 'Kustomization databases/operator' */
  dependsOn: string[]
  /** of a HelmRelease whose chart is another one than before: the version */
  chartVersion?: string
}
