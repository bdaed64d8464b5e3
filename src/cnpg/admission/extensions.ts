import path from 'node:path'
import type { Cluster, Extension } from './cluster-types.ts'
import { isReservedVariable, unknownPlaceholders } from './environment.ts'
import { duplicate, forbidden, invalid, type FieldError } from './field-error.ts'
import { since, type OperatorRelease } from './operator-release.ts'

/** Extensions from image volumes (spec.postgresql.extensions), since 1.27. */
export function validateExtensions({ spec }: Cluster, release: OperatorRelease): FieldError[] {
  if (!since(release, '1.27.0')) return []
  const errors: FieldError[] = []
  const names = new Set<string>()
  const volumes = new Set<string>()
  for (const [index, extension] of (spec.postgresql?.extensions ?? []).entries()) {
    const item = `spec.postgresql.extensions[${index}]`
    const { name = '' } = extension
    const wrong = emptyOrDuplicate(`${item}.name`, names, name)
    const volumesAreNamed = since(release, '1.27.3', '1.28.1', '1.29.0')
    if (wrong !== undefined) {
      errors.push(wrong)
      if (volumesAreNamed) continue
    }
    names.add(name)
    if (volumesAreNamed) errors.push(...volumeErrors(`${item}.name`, name, volumes, release))
    errors.push(
      ...imageErrors(item, extension, spec.imageCatalogRef !== undefined, release),
      ...(since(release, '1.29.0')
        ? [
            ...pathErrors(`${item}.extension_control_path`, extension.extension_control_path, release),
            ...pathErrors(`${item}.dynamic_library_path`, extension.dynamic_library_path, release),
            ...pathErrors(`${item}.ld_library_path`, extension.ld_library_path, release),
            ...pathErrors(`${item}.bin_path`, extension.bin_path, release),
            ...validateExtensionEnvVars(extension.env ?? [], item),
          ]
        : [
            ...listErrors(`${item}.extension_control_path`, extension.extension_control_path),
            ...listErrors(`${item}.dynamic_library_path`, extension.dynamic_library_path),
          ]),
    )
  }
  return errors
}

function emptyOrDuplicate(field: string, seen: ReadonlySet<string>, value: string): FieldError | undefined {
  if (value === '') return invalid(field, value, 'value cannot be empty')
  return seen.has(value) ? duplicate(field, value) : undefined
}

function volumeErrors(
  field: string,
  name: string,
  volumes: Set<string>,
  release: OperatorRelease,
): FieldError[] {
  // pkg/specs/volumes.go SanitizeExtensionNameForVolume; the prefix came a release later
  const prefix = since(release, '1.27.4', '1.28.2', '1.29.0') ? 'ext-' : ''
  const volume = `${prefix}${name.replaceAll('_', '-')}`
  const isTaken = volumes.has(volume)
  volumes.add(volume)
  return isTaken
    ? [
        invalid(
          field,
          name,
          `extension name results in duplicate volume name ${JSON.stringify(volume)} after sanitization (underscores are converted to hyphens)`,
        ),
      ]
    : []
}

function imageErrors(
  item: string,
  { name = '', image }: Extension,
  hasCatalog: boolean,
  release: OperatorRelease,
): FieldError[] {
  const reference = image?.reference ?? ''
  if (reference !== '' || !since(release, '1.27.4', '1.28.2', '1.29.0')) return []
  const field = `${item}.image.reference`
  // since 1.29 a catalog may bring the image
  if (!since(release, '1.29.0'))
    return [invalid(field, reference, `Image reference for extension ${JSON.stringify(name)} is required`)]
  return hasCatalog
    ? []
    : [
        invalid(
          field,
          reference,
          `Image reference for extension \`${name}\` must be set when no image catalog is configured`,
        ),
      ]
}

function listErrors(field: string, values: readonly string[] = []): FieldError[] {
  const seen = new Set<string>()
  return values.flatMap((value, index) => {
    const wrong = emptyOrDuplicate(`${field}[${index}]`, seen, value)
    seen.add(value)
    return wrong === undefined ? [] : [wrong]
  })
}

function pathErrors(field: string, values: readonly string[] = [], release: OperatorRelease): FieldError[] {
  const seen = new Set<string>()
  return values.flatMap((value, index) => {
    const wrong = emptyOrDuplicate(`${field}[${index}]`, seen, value)
    if (wrong !== undefined) return [wrong]
    if (escapes(value, release))
      return [invalid(`${field}[${index}]`, value, 'path must not escape the extension directory')]
    seen.add(value)
    return []
  })
}

function escapes(value: string, release: OperatorRelease): boolean {
  // up to 1.30.0: strings.HasPrefix(filepath.Clean(path), ".."), which also refuses '..name'
  if (!since(release, '1.29.3', '1.30.1')) return path.posix.normalize(value).startsWith('..')
  const inside = path.posix.normalize(`./${value}`)
  return inside === '..' || inside.startsWith('../')
}

function validateExtensionEnvVars(
  variables: readonly { name?: string; value?: string }[],
  item: string,
): FieldError[] {
  const fields: Record<string, string> = {
    PATH: `${item}.bin_path`,
    LD_LIBRARY_PATH: `${item}.ld_library_path`,
  }
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { name = '', value = '' }] of variables.entries()) {
    const field = `${item}.env[${index}]`
    if (isReservedVariable(name))
      errors.push(
        invalid(`${field}.name`, name, 'the usage of this environment variable is reserved for the operator'),
      )
    const dedicated = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (dedicated !== undefined)
      errors.push(forbidden(`${field}.name`, `${name} must be configured via ${dedicated}`))
    const unknown = unknownPlaceholders(value)
    if (unknown.length > 0)
      errors.push(
        invalid(
          `${field}.value`,
          value,
          `unsupported placeholder(s): ${unknown.join(', ')}; supported: \${image_root}`,
        ),
      )
    if (seen.has(name)) errors.push(duplicate(`${field}.name`, name))
    seen.add(name)
  }
  return errors
}
