import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openParameterCatalogs } from '../../../src/adapters/parameter-catalogs.ts'
import { findParameter } from '../../../src/cnpg/parameters/parameter-catalog.ts'
import { valueProblem } from '../../../src/cnpg/parameters/parameter-value.ts'

const catalogs = openParameterCatalogs()

interface Verdict {
  major: number
  name: string
  taken: string[]
  refused: string[]
}
// What the servers of the catalog said to ALTER SYSTEM SET name = 'value'.
const verdicts: Verdict[] = JSON.parse(readFileSync('test/fixtures/postgres/values.json', 'utf8'))

describe('values as PostgreSQL itself judges them', () => {
  it.each(verdicts.map(verdict => [verdict.major, verdict.name, verdict] as const))(
    '%i %s',
    (major, name, { taken, refused }) => {
      const catalog = catalogs(major)
      const definition = catalog === undefined ? undefined : findParameter(catalog, name)
      if (definition === undefined) throw new Error(`${name} is not in the catalog`)
      const isTaken = (value: string) => valueProblem(name, value, definition) === undefined
      expect(taken.filter(value => !isTaken(value))).toEqual([])
      expect(refused.filter(isTaken)).toEqual([])
    },
  )

  it('were asked of three majors', () => {
    expect(new Set(verdicts.map(({ major }) => major))).toEqual(new Set([14, 17, 18]))
    expect(verdicts.length).toBeGreaterThan(60)
  })
})

describe('catalogs', () => {
  it.each([14, 15, 16, 17, 18])('PostgreSQL %i', major => {
    const parameters = catalogs(major)?.parameters ?? {}
    expect(Object.keys(parameters).length).toBeGreaterThan(340)
    expect(parameters['shared_buffers']).toMatchObject({
      type: 'integer',
      context: 'postmaster',
      unit: '8kB',
    })
    expect(parameters['work_mem']).toMatchObject({ type: 'integer', context: 'user', unit: 'kB' })
    expect(parameters['wal_level']?.values).toContain('logical')
    // old names and hidden values, which pg_settings does not show
    expect(parameters['sort_mem']).toMatchObject({ type: 'hidden' })
    expect(parameters['wal_level']?.values).toContain('hot_standby')
  })

  it.each([13, 19])('there is none for PostgreSQL %i', major => expect(catalogs(major)).toBeUndefined())

  it.each([
    ['autovacuum_max_workers', 17, 'postmaster'],
    ['autovacuum_max_workers', 18, 'sighup'],
    ['wal_decode_buffer_size', 15, 'postmaster'],
    ['reserved_connections', 16, 'postmaster'],
    ['io_method', 18, 'postmaster'],
  ])('%s of %i has context %s', (name, major, context) =>
    expect(catalogs(major)?.parameters[name]?.context).toBe(context),
  )

  it.each([
    ['wal_decode_buffer_size', 14],
    ['old_snapshot_threshold', 17],
    ['io_method', 17],
    ['promote_trigger_file', 16],
  ])('%s is not of %i', (name, major) => expect(catalogs(major)?.parameters[name]).toBeUndefined())

  it('find names in any letter case', () => {
    const catalog = catalogs(17)
    if (catalog === undefined) throw new Error('no catalog')
    expect(findParameter(catalog, 'datestyle')?.type).toBe('string')
    expect(findParameter(catalog, 'Work_Mem')?.unit).toBe('kB')
    expect(findParameter(catalog, 'constructor')).toBeUndefined()
  })
})
