import { expect, it } from 'vitest'
import { openCatalog } from '../../src/adapters/schema-catalog.ts'
import { programOf } from '../../src/cel/rule.ts'
import type { StructuralSchema } from '../../src/schema/structural.ts'
import { rulesOf } from './admission-cases.ts'

const catalog = openCatalog()

/** All expressions of a schema, its rules and the messages that are made by one. */
function expressionsOf(schema: StructuralSchema): string[] {
  return rulesOf(schema).flatMap(rule => [
    rule.rule,
    ...(rule.messageExpression === undefined ? [] : [rule.messageExpression]),
  ])
}

const projects = Object.entries(catalog.index).map(([project, versions]) => {
  const files = Object.values(versions).flatMap(kinds =>
    Object.values(kinds).flatMap(entry =>
      Object.values(entry.versions).map(file => (typeof file === 'string' ? file : file.unserved)),
    ),
  )
  const expressions = Array.from(new Set(files)).flatMap(file => expressionsOf(catalog.read(file)))
  return { project, expressions: Array.from(new Set(expressions)) }
})

it.each(projects)('plans every rule of $project', ({ expressions }) => {
  const unplanned = expressions.filter(expression => programOf(expression) instanceof Error)
  expect(unplanned).toEqual([])
})

it('has rules to plan', () => {
  const counts = new Map(projects.map(({ project, expressions }) => [project, expressions.length]))
  expect(counts.get('cnpg')).toBeGreaterThan(25)
  expect(counts.get('flux')).toBeGreaterThan(20)
  expect(counts.get('external-secrets')).toBeGreaterThan(0)
  expect(counts.get('barman-cloud')).toBeGreaterThan(1)
})
