import { expect, it } from 'vitest'
import { openCatalog } from '../../src/adapters/schema-catalog.ts'
import { checkRules } from '../../src/cel/check-rules.ts'
import { admit } from '../../src/admit.ts'
import { isObject, type Json, type JsonObject } from '../../src/manifest/json.ts'
import { fromCatalog } from '../../src/schema/catalog.ts'
import type { CelRule, StructuralSchema } from '../../src/schema/structural.ts'
import { toolsFor } from '../admit/tools.ts'

/** Values at the place of a rule: ones that it takes and ones that it refuses; [old, new] pairs for transition rules. */
interface Example {
  passes: readonly Json[]
  fails: readonly Json[]
  isTransition?: boolean
}

const change = (a: Json, b: Json): Example => ({ passes: [[a, a]], fails: [[a, b]], isTransition: true })
const text = change('a', 'b')
const cluster = change({ name: 'a' }, { name: 'b' })
const refused = (name: string): Example => ({ passes: [{ name: 'app' }], fails: [{ name }] })
const onlyWith = (field: string, provider: string): Example => ({
  passes: [{}, { [field]: 'x', localeProvider: provider }],
  fails: [{ [field]: 'x', localeProvider: 'libc' }, { [field]: 'x' }],
})
const notEmpty = { passes: ['x'], fails: [''] }

const IMAGE = 'ghcr.io/cloudnative-pg/postgresql:17.5'
const CATALOG = { apiGroup: 'postgresql.cnpg.io', kind: 'ImageCatalog', name: 'c', major: 17 }

/** By the rule's text; where one text has several meanings, by the place behind ` @ `. */
const EXAMPLES: Record<string, Example> = {
  'oldSelf == self': change(
    { method: 'plugin', cluster: { name: 'a' }, pluginConfiguration: { name: 'p' } },
    { method: 'plugin', cluster: { name: 'b' }, pluginConfiguration: { name: 'p' } },
  ),
  'self == oldSelf': text,
  'self == oldSelf @ cluster': cluster,
  'self == oldSelf @ allTables': change(true, false),
  'self.all(e, self.filter(f, f.key==e.key).size() == 1)': {
    passes: [
      [],
      [
        { key: 'a', image: 'x' },
        { key: 'b', image: 'x' },
      ],
    ],
    fails: [
      [
        { key: 'a', image: 'x' },
        { key: 'a', image: 'y' },
      ],
    ],
  },
  'self.all(e, self.filter(f, f.major==e.major).size() == 1)': {
    passes: [
      [
        { major: 16, image: 'x' },
        { major: 17, image: 'x' },
      ],
    ],
    fails: [
      [
        { major: 16, image: 'x' },
        { major: 16, image: 'y' },
      ],
    ],
  },
  '!(has(self.imageCatalogRef) && has(self.imageName))': {
    passes: [{ imageName: IMAGE }, {}],
    fails: [{ imageName: IMAGE, imageCatalogRef: CATALOG }],
  },
  "!has(self.builtinLocale) || self.localeProvider == 'builtin'": onlyWith('builtinLocale', 'builtin'),
  "!has(self.icuLocale) || self.localeProvider == 'icu'": onlyWith('icuLocale', 'icu'),
  "!has(self.icuRules) || self.localeProvider == 'icu'": onlyWith('icuRules', 'icu'),
  "self.kind == 'ImageCatalog' || self.kind == 'ClusterImageCatalog'": {
    passes: [{ kind: 'ImageCatalog', apiGroup: 'postgresql.cnpg.io' }],
    fails: [{ kind: 'Catalog', apiGroup: 'postgresql.cnpg.io' }],
  },
  "self.apiGroup == 'postgresql.cnpg.io'": {
    passes: [{ kind: 'ImageCatalog', apiGroup: 'postgresql.cnpg.io' }],
    fails: [{ kind: 'ImageCatalog', apiGroup: 'cnpg.io' }, { kind: 'ImageCatalog' }],
  },
  "self.dataDurability!='preferred' || ((!has(self.standbyNamesPre) || self.standbyNamesPre.size()==0) && (!has(self.standbyNamesPost) || self.standbyNamesPost.size()==0))":
    {
      passes: [
        { dataDurability: 'required', standbyNamesPre: ['a'] },
        { dataDurability: 'preferred', standbyNamesPost: [] },
      ],
      fails: [{ dataDurability: 'preferred', standbyNamesPost: ['a'] }, { standbyNamesPre: ['a'] }],
    },
  'self > 0': { passes: [1], fails: [0, -1] },
  'has(self.reference)': { passes: [{ reference: 'x' }], fails: [{}] },
  'self.name == oldSelf.name': change({ name: 'a' }, { name: 'b' }),
  "!has(self.ensure) || self.ensure != 'absent'": {
    passes: [{ name: 'a' }, { name: 'a', ensure: 'present' }],
    fails: [{ name: 'a', ensure: 'absent' }],
  },
  "self.name != 'postgres'": refused('postgres'),
  "self.name != 'streaming_replica'": refused('streaming_replica'),
  "!self.name.startsWith('pg_')": refused('pg_a'),
  "!self.name.startsWith('cnpg_')": refused('cnpg_a'),
  'self.name.size() != 0': refused(''),
  '!has(self.passwordSecret) || !has(self.disablePassword) || !self.disablePassword': {
    passes: [{ name: 'a', passwordSecret: { name: 'x' }, disablePassword: false }],
    fails: [{ name: 'a', passwordSecret: { name: 'x' }, disablePassword: true }],
  },
  '!has(self.clientCertificate) || !self.clientCertificate.enabled || self.login': {
    passes: [{ name: 'a', clientCertificate: { enabled: true }, login: true }],
    fails: [{ name: 'a', clientCertificate: { enabled: true }, login: false }],
  },
  "self != ''": notEmpty,
  "self != 'postgres'": { passes: ['app'], fails: ['postgres'] },
  "self != 'template0'": { passes: ['app'], fails: ['template0'] },
  "self != 'template1'": { passes: ['app'], fails: ['template1'] },
  '!(has(self.image) && has(self.imageCatalogRef))': {
    passes: [{ image: IMAGE }],
    fails: [
      {
        image: IMAGE,
        imageCatalogRef: {
          apiGroup: 'postgresql.cnpg.io',
          kind: 'ImageCatalog',
          name: 'c',
          key: 'pgbouncer',
        },
      },
    ],
  },
  '(has(self.allTables) && !has(self.objects)) || (!has(self.allTables) && has(self.objects))': {
    passes: [{ allTables: true }, { objects: [] }],
    fails: [{}, { allTables: true, objects: [] }],
  },
  '!(self.exists(o, has(o.table) && has(o.table.columns)) && self.exists(o, has(o.tablesInSchema)))': {
    passes: [[{ table: { name: 'a', columns: ['b'] } }], [{ table: { name: 'a' } }, { tablesInSchema: 's' }]],
    fails: [[{ table: { name: 'a', columns: ['b'] } }, { tablesInSchema: 's' }]],
  },
  '(has(self.tablesInSchema) && !has(self.table)) || (!has(self.tablesInSchema) && has(self.table))': {
    passes: [{ table: { name: 'a' } }, { tablesInSchema: 's' }],
    fails: [{}, { table: { name: 'a' }, tablesInSchema: 's' }],
  },
  '!has(self.serverName)': {
    passes: [{ destinationPath: 's3://b' }],
    fails: [{ destinationPath: 's3://b', serverName: 's' }],
  },
  "!self.exists(a, a.startsWith('--log-level'))": {
    passes: [['--pprof-server']],
    fails: [['--log-level=debug']],
  },
}

interface Site {
  /** the first that has this schema */
  version: string
  group: string
  kind: string
  path: readonly string[]
  rule: CelRule
  schema: StructuralSchema
}

function sitesOf(
  schema: StructuralSchema,
  path: readonly string[],
): { path: readonly string[]; rule: CelRule }[] {
  return [
    ...(schema['x-kubernetes-validations'] ?? []).map(rule => ({ path, rule })),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => sitesOf(inner, [...path, name])),
    ...(schema.items === undefined ? [] : sitesOf(schema.items, [...path, '[]'])),
    ...(typeof schema.additionalProperties === 'object'
      ? sitesOf(schema.additionalProperties, [...path, 'any'])
      : []),
  ]
}

const catalog = openCatalog()
const PROJECTS = { cnpg: 'postgresql.cnpg.io', 'barman-cloud': 'barmancloud.cnpg.io' } as const

/** Every rule of every schema of the catalog, each file of a schema once. */
const sites: Site[] = Object.entries(PROJECTS).flatMap(([project, group]) => {
  const seen = new Set<string>()
  return Object.keys(catalog.index[project] ?? {}).flatMap(version => {
    const source = fromCatalog(catalog, { [project]: version })
    return Object.entries(catalog.index[project]?.[version] ?? {}).flatMap(([key, { versions }]) => {
      const kind = key.slice(group.length + 1)
      const file = JSON.stringify(versions)
      const schema = source.find(group, kind)?.schemaOf('v1')
      if (schema === undefined || seen.has(file)) return []
      seen.add(file)
      return sitesOf(schema, []).map(site => ({ version, kind, schema, group, ...site }))
    })
  })
})

function exampleOf({ path, rule }: Site): Example | undefined {
  return EXAMPLES[`${rule.rule} @ ${path.at(-1)}`] ?? EXAMPLES[rule.rule]
}

/** An object that holds nothing but a value at a place. */
function objectWith(path: readonly string[], value: Json): JsonObject {
  const [first = '', ...rest] = path
  const inner = (steps: readonly string[]): Json => {
    const [step, ...more] = steps
    if (step === undefined) return value
    return step === '[]' ? [inner(more)] : { [step]: inner(more) }
  }
  return { [first]: inner(rest) }
}

function fieldOf({ path, rule }: Pick<Site, 'path' | 'rule'>): string {
  return `${path.join('.').replaceAll('.[]', '[0]')}${rule.fieldPath ?? ''}`
}

function refuses({ path, rule, schema }: Site, value: Json, isTransition: boolean): boolean {
  const [old, now] = isTransition && Array.isArray(value) ? value : [undefined, value]
  const verdict = checkRules(
    {
      object: objectWith(path, now ?? null),
      ...(old === undefined ? {} : { live: objectWith(path, old) }),
    },
    schema,
  )
  expect(verdict.notEvaluated).toEqual([])
  const field = fieldOf({ path, rule })
  return verdict.errors.some(
    error => error.field === field && error.message.includes(rule.message ?? rule.rule),
  )
}

it('knows the rules of all versions of the catalog', () => {
  const versions = new Map(Map.groupBy(sites, ({ version }) => version))
  expect([...versions.keys()].length).toBeGreaterThan(6)
  expect(
    new Set(sites.filter(({ kind }) => kind === 'Cluster').map(({ version }) => version)).size,
  ).toBeGreaterThan(6)
})

it.each(
  sites.map(site => ({
    ...site,
    name: `${site.version} ${site.kind} ${site.path.join('.')}: ${site.rule.rule}`,
  })),
)('$name', site => {
  const example = exampleOf(site)
  expect(example, 'every rule has an example').toBeDefined()
  const isTransition = example?.isTransition === true
  for (const value of example?.passes ?? [])
    expect([value, refuses(site, value, isTransition)]).toEqual([value, false])
  for (const value of example?.fails ?? [])
    expect([value, refuses(site, value, isTransition)]).toEqual([value, true])
})

// The same through everything that the API server does: one object that is whole but for what the example puts into it.
const MINIMAL: Record<string, JsonObject> = {
  Backup: { cluster: { name: 'pg' } },
  Cluster: { instances: 3, storage: { size: '1Gi' } },
  ClusterImageCatalog: { images: [{ major: 17, image: 'ghcr.io/cloudnative-pg/postgresql:17.5' }] },
  Database: { cluster: { name: 'pg' }, name: 'data', owner: 'app' },
  DatabaseRole: { cluster: { name: 'pg' }, name: 'app' },
  ImageCatalog: { images: [{ major: 17, image: 'ghcr.io/cloudnative-pg/postgresql:17.5' }] },
  Pooler: { cluster: { name: 'pg' }, pgbouncer: {} },
  Publication: { cluster: { name: 'pg' }, name: 'p', dbname: 'data' },
  ScheduledBackup: { cluster: { name: 'pg' }, schedule: '0 0 3 * * *' },
  Subscription: {
    cluster: { name: 'pg' },
    name: 's',
    dbname: 'data',
    publicationName: 'p',
    externalClusterName: 'o',
  },
  ObjectStore: { configuration: { destinationPath: 's3://b' } },
}

/** What an object needs around some places, beside the value there. */
const AROUND: Record<string, JsonObject> = {
  'Cluster spec.imageCatalogRef': { imageCatalogRef: { name: 'c', major: 17 } },
  'Cluster spec.postgresql.synchronous': { postgresql: { synchronous: { method: 'any', number: 1 } } },
  'Cluster spec.postgresql.synchronous.number': { postgresql: { synchronous: { method: 'any' } } },
  'Cluster spec.postgresql.extensions.[].image': { postgresql: { extensions: [{ name: 'x' }] } },
  'Database spec.builtinLocale': { localeProvider: 'builtin' },
  'Database spec.icuLocale': { localeProvider: 'icu' },
  'Database spec.icuRules': { localeProvider: 'icu' },
  'Database spec.fdws.[].usage.[].name': { fdws: [{ name: 'x' }] },
  'Database spec.servers.[].name': { servers: [{ fdw: 'x' }], fdws: [{ name: 'x' }] },
  'Database spec.servers.[].fdw': { servers: [{ name: 'x' }], fdws: [{ name: 'x' }] },
  'Database spec.servers.[].usage.[].name': { servers: [{ name: 'x', fdw: 'x' }], fdws: [{ name: 'x' }] },
  'Pooler spec.pgbouncer.imageCatalogRef': {
    pgbouncer: { imageCatalogRef: { name: 'c', key: 'pgbouncer' } },
  },
  'Publication spec.name': { target: { allTables: true } },
  'Publication spec.dbname': { target: { allTables: true } },
  'Publication spec.cluster': { target: { allTables: true } },
}

/** Of a list whose items server-side apply tells apart by the same key: it refuses the list before the rule is asked. */
const REFUSED_BEFORE = new Set(['self.all(e, self.filter(f, f.key==e.key).size() == 1)'])

function merged(under: Json | undefined, over: Json): Json {
  if (Array.isArray(under) && Array.isArray(over))
    return over.map((item, index) => merged(under[index], item))
  if (!isObject(under) || !isObject(over)) return over
  return Object.fromEntries(
    [...new Set([...Object.keys(under), ...Object.keys(over)])].map(key => [
      key,
      key in over ? merged(under[key], over[key] ?? null) : (under[key] ?? null),
    ]),
  )
}

function whole({ group, kind, path }: Site, value: Json): JsonObject {
  const around = AROUND[`${kind} ${path.join('.')}`] ?? {}
  const object = merged({ spec: merged(MINIMAL[kind] ?? {}, around) }, objectWith(path, value))
  return {
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: 'x', namespace: 'db' },
    ...(isObject(object) ? object : {}),
  }
}

const last = new Map(sites.map(site => [`${site.kind} ${site.path.join('.')} ${site.rule.rule}`, site]))
it.each([...last].map(([name, site]) => ({ ...site, name })))('admit: $version $name', site => {
  const example = exampleOf(site)
  const tools = toolsFor(site.group === PROJECTS.cnpg ? site.version : '1.30.0')
  const judged = (value: Json) => {
    const [old, now] = example?.isTransition === true && Array.isArray(value) ? value : [undefined, value]
    const [result] = admit(
      [{ file: 'x', line: 1, value: whole(site, now ?? null) }],
      old === undefined ? [] : [whole(site, old)],
      tools,
    )
    return {
      accepted: result?.accepted,
      errors: result?.errors.map(e => `${e.layer} ${e.field} ${e.message}`) ?? [],
    }
  }
  const [passes = null] = example?.passes ?? []
  const [fails = null] = example?.fails ?? []
  expect([passes, judged(passes)]).toEqual([passes, { accepted: true, errors: [] }])
  const refusal = judged(fails)
  expect(refusal.accepted).toBe(false)
  const said = REFUSED_BEFORE.has(site.rule.rule)
    ? ['apply-schema ', 'duplicate entries for key']
    : [`cel ${fieldOf(site)} `, site.rule.message ?? site.rule.rule]
  for (const part of said) expect(refusal.errors.join('\n')).toContain(part)
})
