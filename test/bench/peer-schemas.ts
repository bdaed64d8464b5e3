import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import { openCatalog } from '../../src/adapters/schema-catalog.ts'
import { nearestVersion } from '../../src/schema/catalog.ts'
import type { StructuralSchema } from '../../src/schema/structural.ts'

/**
 * Writes our catalog as the peers read schemas, so that all judge by the same ones: JSON schemas for kubeconform, closed as
 * its `-strict` wants them, and CRDs for kubectl-validate, which has Kubernetes' own kinds built in.
 * @param versions project of the catalog → version; else the newest
 * @returns what kubeconform's -schema-location and kubectl-validate's --local-crds name
 */
export function writePeerSchemas(
  directory: string,
  versions: Readonly<Record<string, string>>,
): { kubeconform: string; crds: string } {
  const catalog = openCatalog()
  const jsonSchemas = path.join(directory, 'json-schemas')
  const crds = path.join(directory, 'crds')
  mkdirSync(crds, { recursive: true })
  for (const [project, known] of Object.entries(catalog.index)) {
    const version = nearestVersion(Object.keys(known), versions[project])
    for (const [key, entry] of Object.entries(known[version ?? ''] ?? {})) {
      const [group = '', kind = ''] = key.split('/')
      const schemas = Object.entries(entry.versions).flatMap(([apiVersion, file]) =>
        typeof file === 'string' ? [{ apiVersion, schema: catalog.read(file) }] : [],
      )
      for (const { apiVersion, schema } of schemas) {
        // of a core kind kubeconform takes the version for the group
        const folder = path.join(jsonSchemas, group === '' ? apiVersion : group)
        mkdirSync(folder, { recursive: true })
        writeFileSync(
          path.join(folder, `${kind.toLowerCase()}_${apiVersion}.json`),
          JSON.stringify(rootSchema(schema)),
        )
      }
      if (project === 'kubernetes' || schemas.length === 0) continue
      writeFileSync(
        path.join(crds, `${group}_${kind}.yaml`),
        stringify(crdOf(group, kind, entry.scope, schemas)),
      )
    }
  }
  return {
    kubeconform: path.join(jsonSchemas, '{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json'),
    crds,
  }
}

function crdOf(
  group: string,
  kind: string,
  scope: string,
  schemas: readonly { apiVersion: string; schema: StructuralSchema }[],
): object {
  const plural = `${kind.toLowerCase()}s`
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: schemas.map(({ apiVersion, schema }, index) => ({
        name: apiVersion,
        served: true,
        storage: index === 0,
        schema: { openAPIV3Schema: schema },
      })),
    },
  }
}

function rootSchema(schema: StructuralSchema): object {
  const { properties = {}, ...rest } = schema
  const whole: StructuralSchema = {
    ...rest,
    properties: {
      ...properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
    },
  }
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...jsonSchema(whole) }
}

/** As the converters of catalogs do it (openapi2jsonschema): what is not open is closed, int-or-string is one of two types. */
function jsonSchema(schema: StructuralSchema): Record<string, unknown> {
  const { properties, additionalProperties, items, anyOf, oneOf, allOf, not, type, nullable, ...rest } =
    schema
  const keywords = Object.fromEntries(Object.entries(rest).filter(([name]) => JSON_KEYWORDS.has(name)))
  const all = (branches: StructuralSchema[] | undefined) => branches?.map(branch => branchSchema(branch))
  const open =
    properties === undefined ||
    schema['x-kubernetes-preserve-unknown-fields'] === true ||
    schema['x-kubernetes-embedded-resource'] === true
  const defined = {
    ...keywords,
    ...(type === undefined ? {} : { type: nullable === true ? [type, 'null'] : type }),
    ...(schema['x-kubernetes-int-or-string'] === true ? { type: ['string', 'integer', 'number'] } : {}),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, inner]) => [name, jsonSchema(inner)]),
          ),
        }),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: jsonSchema(additionalProperties) }
      : additionalProperties === undefined && !open
        ? { additionalProperties: false }
        : {}),
    ...(items === undefined ? {} : { items: jsonSchema(items) }),
    anyOf: all(anyOf),
    oneOf: all(oneOf),
    allOf: all(allOf),
    ...(not === undefined ? {} : { not: branchSchema(not) }),
  }
  return Object.fromEntries(Object.entries(defined).filter(([, value]) => value !== undefined))
}

/** A branch names some fields of an object only. */
function branchSchema(schema: StructuralSchema): Record<string, unknown> {
  return jsonSchema({ ...schema, 'x-kubernetes-preserve-unknown-fields': true })
}

const JSON_KEYWORDS = new Set([
  'required',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
])
