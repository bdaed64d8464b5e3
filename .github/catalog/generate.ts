// Makes src/schema/catalog from the Go modules of the projects in versions.json.
//
//   node .github/catalog/generate.ts           write the catalog
//   node .github/catalog/generate.ts --check   fail where the catalog is not what the modules say
//
// Needs `go` on PATH (GO names another one). Modules are fetched by `go mod download`, which checks them against the
// checksum database: the same versions give the same catalog on every machine.
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { parseAllDocuments } from 'yaml'
import { download } from './go-module.ts'
import { kindsOfOpenApi } from './openapi.ts'
import { strip, type Kind, type Schema } from './schema.ts'

interface Project {
  module: string
  /** where the module's version is not the project's */
  moduleVersion?: string
  path: string
  format?: 'crd' | 'openapi'
  versions: string[]
}

const here = import.meta.dirname
const catalog = path.join(here, '../../src/schema/catalog')
const projects: Record<string, Project> = JSON.parse(
  readFileSync(path.join(here, 'versions.json'), 'utf8'),
).projects

/** The kinds that the CustomResourceDefinitions below a directory define. */
function kindsOfCrds(directory: string): Kind[] {
  const files = globSync('**/*.{yaml,yml}', { cwd: directory }).toSorted()
  return files.flatMap(file =>
    parseAllDocuments(readFileSync(path.join(directory, file), 'utf8')).flatMap(document => {
      const crd = document.toJS() as { kind?: string; spec?: any } | null
      if (crd?.kind !== 'CustomResourceDefinition') return []
      const { group, names, scope, versions } = crd.spec
      return [
        {
          group,
          kind: names.kind,
          scope,
          versions: Object.fromEntries(
            versions.map((version: any) => [
              version.name,
              { served: version.served, schema: strip(version.schema.openAPIV3Schema) },
            ]),
          ),
        },
      ]
    }),
  )
}

// flux-operator adds its own kinds to what Alerts and Receivers may name when it installs Flux (flux-operator 0.59.0,
// internal/builder/templates.go, notificationPatchTmpl); without them every Alert on a FluxInstance would look wrong.
const OPERATOR_KINDS = ['FluxInstance', 'ResourceSet', 'ResourceSetInputProvider']
function knowOperatorKinds(kind: Kind): Kind {
  if (kind.group !== 'notification.toolkit.fluxcd.io') return kind
  const enlarge = (schema: Schema): void => {
    for (const inner of Object.values(schema))
      if (typeof inner === 'object' && inner !== null) enlarge(inner as Schema)
    const values = schema['enum']
    if (Array.isArray(values) && values.includes('HelmRelease'))
      schema['enum'] = [...new Set([...values, ...OPERATOR_KINDS])]
  }
  for (const version of Object.values(kind.versions)) enlarge(version.schema)
  return kind
}

const written = new Map<string, string>()
const index: Record<string, Record<string, Record<string, unknown>>> = {}
for (const [name, project] of Object.entries(projects)) {
  const ofProject: Record<string, Record<string, unknown>> = (index[name] = {})
  for (const version of project.versions) {
    const directory = path.join(
      download(project.module, project.moduleVersion ?? version),
      project.path.replace('{version}', version),
    )
    const found = project.format === 'openapi' ? kindsOfOpenApi(directory) : kindsOfCrds(directory)
    const kinds = found.map(knowOperatorKinds)
    if (kinds.length === 0) throw new Error(`${name} ${version}: no kinds in ${project.path}`)
    const ofVersion: Record<string, unknown> = (ofProject[version] = {})
    for (const kind of kinds.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)))
      ofVersion[keyOf(kind)] = {
        scope: kind.scope,
        versions: Object.fromEntries(
          Object.entries(kind.versions).map(([apiVersion, { served, schema }]) => {
            const text = JSON.stringify(schema)
            const digest = createHash('sha256').update(text).digest('hex').slice(0, 8)
            const file = `${name}/${kind.group === '' ? 'core' : kind.group}_${kind.kind}_${apiVersion}-${digest}.json.br`
            written.set(file, text)
            return [apiVersion, served ? file : { unserved: file }]
          }),
        ),
      }
    console.log(`${name} ${version}: ${kinds.length} kinds`)
  }
}
// One line a kind: a change of the catalog reads well in a diff.
written.set(
  'index.json',
  `${JSON.stringify(index, null, 1)
    .replaceAll(/\n {4,}/g, '')
    .replaceAll(/\n {3}\}/g, '}')}\n`,
)

function keyOf(kind: Kind): string {
  return `${kind.group}/${kind.kind}`
}

function decode(file: string, content: Buffer): string {
  return file.endsWith('.br') ? brotliDecompressSync(content).toString('utf8') : content.toString('utf8')
}

if (process.argv.includes('--check')) {
  const present = globSync('**/*.{json,br}', { cwd: catalog })
  const stray = present.filter(file => !written.has(file))
  const different = [...written].flatMap(([file, text]) => {
    const target = path.join(catalog, file)
    return existsSync(target) && decode(file, readFileSync(target)) === text ? [] : [file]
  })
  for (const file of [...stray, ...different]) console.error(`not as generated: ${file}`)
  process.exitCode = stray.length + different.length === 0 ? 0 : 1
} else {
  rmSync(catalog, { recursive: true, force: true })
  for (const [file, text] of written) {
    const target = path.join(catalog, file)
    mkdirSync(path.dirname(target), { recursive: true })
    writeFileSync(
      target,
      file.endsWith('.br')
        ? brotliCompressSync(text, {
            params: {
              [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
              [constants.BROTLI_PARAM_LGWIN]: 22,
              [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
            },
          })
        : text,
    )
  }
  console.log(`${written.size} files`)
}
