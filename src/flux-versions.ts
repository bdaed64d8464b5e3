import { NEWEST_FLUX, type Config } from './config/config.ts'
import { fluxMinor } from './config/versions.ts'
import { textAt } from './manifest/json.ts'
import { identify, type Manifest } from './manifest/resource.ts'
import type { Tree } from './manifest/tree.ts'
import { installsFluxInstance, isFluxInstance } from './render/flux-instance.ts'
import { clampPath } from './render/tree-path.ts'
import type { SourceObject } from './render/source-objects.ts'

/** The Flux that a cluster runs, by its minor, and who says so. */
export interface FluxVersion {
  /** '2.9' */
  version: string
  /** for reports: 'as configured', 'of FluxInstance flux', 'assumed' */
  from: string
}

/** Says which Flux a cluster runs, by the directory that its root applies. */
export type FluxVersions = (directory: string) => FluxVersion

interface Said extends FluxVersion {
  file: string
  /** the directory that its root Kustomization applies, where it says */
  directory?: string
}

/**
 * The versions of Flux in use: the configured one; else what the FluxInstance of the cluster installs (as an object or as values of
 * its chart), or the manifests of `flux bootstrap`; else the newest known.
 * @param sources Flux objects as they stand in files
 * @param files paths of the tree
 */
export async function fluxVersions(
  tree: Tree,
  sources: readonly SourceObject[],
  files: Iterable<string>,
  config: Pick<Config, 'fluxVersion'>,
): Promise<FluxVersions> {
  const { fluxVersion } = config
  if (fluxVersion !== undefined) return () => ({ version: fluxVersion, from: 'as configured' })
  const said = [...sources.flatMap(saidBy), ...(await saidByComponents(tree, files))]
  return directory => {
    const below = said.filter(({ file }) => directory === '' || file.startsWith(`${directory}/`))
    const own = said.filter(one => one.directory === directory)
    for (const group of [own, below, said]) {
      // of several that differ none is this cluster's for certain
      const [first] = group
      if (first !== undefined && group.every(({ version }) => version === first.version))
        return { version: first.version, from: first.from }
      if (first !== undefined) break
    }
    return { version: NEWEST_FLUX, from: 'assumed' }
  }
}

function saidBy({ manifest, file }: SourceObject): Said[] {
  const { name, kind } = identify(manifest)
  const instance = isFluxInstance(manifest)
    ? manifest.spec
    : kind === 'HelmRelease' && installsFluxInstance(manifest, () => undefined)
      ? valuesOf(manifest)
      : undefined
  const version = minorOf(textAt(instance, 'distribution', 'version'))
  const path = textAt(instance, 'sync', 'path')
  return version === undefined
    ? []
    : [
        {
          version,
          from: `of ${kind} ${name}`,
          file,
          ...(path === undefined ? {} : { directory: clampPath(path) }),
        },
      ]
}

/** The values that stand in the release itself. */
function valuesOf(release: Manifest): Manifest[string] | undefined {
  const { spec } = release
  const values = typeof spec === 'object' && spec !== null && 'values' in spec ? spec['values'] : undefined
  return typeof values === 'object' && values !== null && 'instance' in values
    ? values['instance']
    : undefined
}

/** '2.9.4', '2.9.x', 'v2.9.0' → '2.9'; '2.x' is the newest. */
function minorOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (/^v?2(?:\.[x*])?(?:\.[x*])?$/.test(text)) return NEWEST_FLUX
  return fluxMinor(text.replace(/\.[x*]$/, ''))
}

/** `flux bootstrap` writes the version into the second line of gotk-components.yaml. */
async function saidByComponents(tree: Tree, files: Iterable<string>): Promise<Said[]> {
  const found = [...files].filter(file => /(?:^|\/)gotk-components\.yaml$/.test(file))
  return (
    await Promise.all(
      found.map(async (file): Promise<Said[]> => {
        const head = new TextDecoder().decode((await tree.read(file)).subarray(0, 400))
        const version = minorOf(/^# Flux [Vv]ersion: (\S+)$/m.exec(head)?.[1])
        return version === undefined ? [] : [{ version, from: `of ${file}`, file }]
      }),
    )
  ).flat()
}

/** For reports: 'Flux 2.9 rules' as configured, else with who says so. */
export function fluxVersionLine({ version, from }: FluxVersion): string {
  return `Flux ${version} rules${from === 'as configured' ? '' : ` ${from}`}`
}
