import { majorVersion } from './cluster-facts.ts'
import type { Cluster } from './cluster-types.ts'
import { invalid, type FieldError } from './field-error.ts'
import { imageTag, postgresMajor } from './image-reference.ts'
import { since, type OperatorRelease } from './operator-release.ts'

export function validateImageName({ spec: { imageName = '' } }: Cluster): FieldError[] {
  if (imageName === '') return []
  const tag = imageTag(imageName)
  const wrong = (why: string) => [invalid('spec.imageName', imageName, why)]
  if (tag === 'latest') return wrong("Can't use 'latest' as image tag as we can't detect upgrades")
  if (tag === '') return wrong("Can't use just the image sha as we can't detect upgrades")
  return postgresMajor(tag) === undefined ? wrong('invalid version tag') : []
}

export function validateImagePullPolicy({ spec: { imagePullPolicy = '' } }: Cluster): FieldError[] {
  return ['', 'Always', 'Never', 'IfNotPresent'].includes(imagePullPolicy)
    ? []
    : [
        invalid(
          'spec.imagePullPolicy',
          imagePullPolicy,
          "invalid imagePullPolicy, if defined must be one of 'Always', 'Never' or 'IfNotPresent'",
        ),
      ]
}

/** Compares with what runs (status.pgDataImageInfo), not with the old manifest; without it nothing is said. */
export function validateImageChange(cluster: Cluster, old: Cluster, release: OperatorRelease): FieldError[] {
  const field = cluster.spec.imageCatalogRef === undefined ? 'spec.imageName' : 'spec.imageCatalogRef.major'
  const next = majorVersion(cluster, release)
  const running = old.status.pgDataImageInfo
  if (next === undefined || running === undefined) return []
  const current = running.majorVersion ?? 0
  if (current > next)
    return [invalid(field, String(next), `can't downgrade from major ${current} to ${next}`)]
  if (current < next && next < 16)
    return [invalid(field, String(next), 'major upgrades are only supported to version 16 or higher')]
  return []
}

/** An image and the parameters do not change together: always until 1.27, since then only with method switchover. */
export function validateConfigurationChange(
  { spec }: Cluster,
  old: Cluster,
  release: OperatorRelease,
): FieldError[] {
  if ((old.spec.imageName ?? '') === (spec.imageName ?? '')) return []
  const onlySwitchover = since(release, '1.28.0')
  if (onlySwitchover && spec.primaryUpdateMethod !== 'switchover') return []
  const before = new Map(Object.entries(old.spec.postgresql?.parameters ?? {}))
  const after = new Map(Object.entries(spec.postgresql?.parameters ?? {}))
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  const differences = names.filter(name => before.get(name) !== after.get(name))
  if (differences.length === 0) return []
  const printed = Object.fromEntries(
    differences.map(name => [name, [before.get(name) ?? '', after.get(name) ?? '']]),
  )
  const when = onlySwitchover ? ' when `primaryUpdateMethod` is set to `switchover`' : ''
  return [
    invalid(
      'spec.imageName',
      spec.imageName ?? '',
      `Can't change image name and configuration at the same time${when}. There are differences in PostgreSQL configuration parameters: ${JSON.stringify(printed)}`,
    ),
  ]
}
