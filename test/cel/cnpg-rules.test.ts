import { expect, it } from 'vitest'
import { openCatalog } from '../../src/adapters/schema-catalog.ts'
import { checkRules } from '../../src/cel/check-rules.ts'
import type { Json, JsonObject } from '../../src/manifest/json.ts'
import { fromCatalog } from '../../src/schema/catalog.ts'
import type { CelRule, StructuralSchema } from '../../src/schema/structural.ts'

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

/** By the rule's text; where one text has several meanings, by the place behind ` @ `. */
const EXAMPLES: Record<string, Example> = {
  'oldSelf == self': change(
    { method: 'plugin', cluster: { name: 'a' } },
    { method: 'plugin', cluster: { name: 'b' } },
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
    passes: [{ imageName: 'x' }, {}],
    fails: [{ imageName: '', imageCatalogRef: {} }],
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
    passes: [{ image: 'x' }],
    fails: [{ image: 'x', imageCatalogRef: {} }],
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
}

interface Site {
  version: string
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
  ]
}

const catalog = openCatalog()
const KINDS =
  'Backup Cluster ClusterImageCatalog Database DatabaseRole FailoverQuorum ImageCatalog Pooler Publication ScheduledBackup Subscription'
const sites: Site[] = ['1.26.0', '1.28.0', '1.30.0'].flatMap(version => {
  const source = fromCatalog(catalog, { cnpg: version })
  return KINDS.split(' ').flatMap(kind => {
    const schema = source.find('postgresql.cnpg.io', kind)?.schemaOf('v1')
    return schema === undefined ? [] : sitesOf(schema, []).map(site => ({ version, kind, schema, ...site }))
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
  const field = path.join('.').replaceAll('.[]', '[0]')
  return verdict.errors.some(
    error => error.field === field && error.message.includes(rule.message ?? rule.rule),
  )
}

it('knows the rules of all three versions', () => {
  expect(sites.filter(site => site.version === '1.30.0')).toHaveLength(61)
  expect(sites.filter(site => site.version === '1.28.0').length).toBeGreaterThan(30)
  expect(sites.filter(site => site.version === '1.26.0').length).toBeGreaterThan(25)
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
