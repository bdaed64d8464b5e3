import type { Reason } from './rule.ts'

const CHART =
  'Without the chart the objects of the HelmRelease are not known: they are neither compared nor validated.'

/** Why something was not rendered or not validated: the reasons of the incomplete list. */
export const reasons: readonly Reason[] = [
  {
    id: 'no-entry-point',
    title: 'The tree has no Flux object and no kustomize directory.',
    why: 'Nothing was rendered, so nothing can be said; an empty diff would look like "no change".',
    repair:
      'Name the roots under `clusters:` in .github/cnpg-steward.yaml, or give --entry NAME=PATH on the command line.',
  },
  {
    id: 'no-flux-objects',
    title: 'The tree has kustomize directories, and no Flux object.',
    why: 'The directories were built as they stand. If Flux applies them, its patches, variables and namespaces are missing from what is shown.',
    repair:
      'If Flux runs this repository, name its roots under `clusters:` in .github/cnpg-steward.yaml, or give --entry NAME=PATH.',
  },
  {
    id: 'never-settles',
    title: 'The walk of a cluster came to no end.',
    why: 'What the root applies changes the root or its variables again and again; which state a cluster would be in is not known.',
    repair: 'Look for variables or patches of the root that depend on themselves.',
  },
  {
    id: 'merge-base-missing',
    title: 'The checkout has no history that head and base have in common.',
    why: 'Where the change began is not known, so nothing can be compared.',
    repair: 'Add `fetch-depth: 0` below `with:` of the step `uses: actions/checkout`.',
  },
  {
    id: 'entry-point-unknown',
    title: 'A flux-instance release says where Flux starts, and its values could not be worked out.',
    why: 'What the cluster applies from there on is not seen.',
    repair: 'Commit the values, or name the root under `clusters:` in .github/cnpg-steward.yaml.',
  },
  {
    id: 'source-elsewhere',
    title: 'A Kustomization or a chart comes from a source that is not this repository.',
    why: 'Its files are not here. Which source is this repository is decided by what the entry points name, not by a git remote.',
    repair: 'Review it where that source is kept; if it is this repository after all, correct sourceRef.',
  },
  {
    id: 'variables-unknown',
    title: 'Variables come from a ConfigMap or Secret that this repository does not make.',
    why: 'The objects are rendered with the variables left open, so values in them are not judged.',
    repair: 'Give the variables under `clusters[].variables` in .github/cnpg-steward.yaml.',
  },
  {
    id: 'values-unknown',
    title:
      'Values of a HelmRelease are encrypted, or come from an object that this repository does not make.',
    why: 'A chart rendered without them would show other objects than the cluster gets.',
    repair:
      'Keep what shapes the objects in spec.values or in a ConfigMap of the tree, and only secrets encrypted.',
  },
  {
    id: 'helm-missing',
    title: 'There is no helm to render charts with.',
    why: 'The objects of HelmReleases are neither compared nor validated.',
    repair: 'Install helm, or name it with --helm; `cnpg-steward doctor` says what was found.',
  },
  {
    id: 'chart-unknown',
    title: 'The chart of a HelmRelease is in another Git repository, in a bucket, or made by a controller.',
    why: CHART,
    repair: 'Take the chart from an OCIRepository, a HelmRepository or a path of this repository.',
  },
  {
    id: 'chart-offline',
    title: 'The chart was never fetched, and this run fetches nothing.',
    why: CHART,
    repair: 'Run once with network access and the same cache.',
  },
  {
    id: 'chart-unavailable',
    title: 'The registry or repository of the chart cannot be reached, or answers with an error.',
    why: CHART,
    repair: 'Run again later; behind a proxy, see that the host may be reached.',
  },
  {
    id: 'chart-denied',
    title: 'The registry or repository does not give out the chart without credentials.',
    why: CHART,
    repair: 'Log the runner in to it, or mirror the chart to where it can be read.',
  },
  {
    id: 'chart-host-refused',
    title: 'The chart is on a host inside a private network.',
    why: 'A pull request may name any host: those that are not on the public internet are asked only when the configuration of the base branch allows it.',
    repair: 'Add the host to `chartHosts:` in .github/cnpg-steward.yaml on the base branch.',
  },
  {
    id: 'render-remote-base',
    title: 'A kustomization includes files from another repository or address.',
    why: 'A review does not fetch what a pull request names; Flux itself may well build it.',
    repair: 'Commit the files, or make them a source of their own with a Kustomization that applies it.',
  },
  {
    id: 'render-limit',
    title: 'A kustomization needs more than the limits of a review allow.',
    why: 'Limits on size and time keep hostile content from stopping the review; Flux itself may well build it.',
    repair: 'Split the directory.',
  },
  {
    id: 'schema-unknown',
    title: 'There is no schema for the kind of an object.',
    why: 'The object is rendered and compared, and not validated: nothing in the repository installs its CRD, and the bundled catalog does not know it.',
    repair: 'Add the CRD with `cnpg-steward schema import FILE|DIR|URL`, or let the tree install it.',
  },
  {
    id: 'schema-version-unknown',
    title: 'An object does not fit the bundled schema, and which version the cluster runs is not known.',
    why: 'The field may exist in the version that runs; calling it an error would be a guess.',
    repair: 'Let the tree install the CRDs, or add them with `cnpg-steward schema import`.',
  },
  {
    id: 'one-side-failed',
    title: 'A Kustomization or HelmRelease renders before or after the change, and not on both sides.',
    why: 'Comparing with nothing would show every object as created or deleted.',
    repair: 'Mend what does not render; the diff then shows what really changes.',
  },
  {
    id: 'failed-on-both-sides',
    title: 'A Kustomization or HelmRelease is changed and renders neither before nor after.',
    why: 'What the change does to it is not seen.',
    repair: 'Mend what does not render.',
  },
  {
    id: 'changed-files-not-applied',
    title: 'None of the YAML files that changed is read by anything that was rendered.',
    why: 'Either nothing applies them, or a root was not recognised: "no change" would be a guess.',
    repair:
      'If a cluster applies them, name its root under `clusters:` in .github/cnpg-steward.yaml, or give --entry NAME=PATH.',
  },
  {
    id: 'admission-unknown',
    title: 'What decides whether the API server or the operator takes an object is not known here.',
    why: 'A value is encrypted or made elsewhere, a rule cannot be evaluated, or the version of the operator is none whose rules are known: it may be refused after the merge.',
    repair: 'Look at the fields that the entry names, or try it with `kubectl apply --dry-run=server`.',
  },
  {
    id: 'upgrade-unknown',
    title: 'An operator or its CRDs are updated, and what one of the two versions takes is not known here.',
    why: 'Objects that it does not touch may be refused after the update, or lose fields.',
    repair:
      'Read the release notes; let the chart or its CRDs be rendered, or take versions that `cnpg-steward schema` lists.',
  },
]
