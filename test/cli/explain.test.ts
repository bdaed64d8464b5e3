import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Output } from '../../src/cli/commands.ts'
import { explain } from '../../src/cli/explain.ts'
import { reasons, rules } from '../../src/rules.ts'

const told = async (rule: string, output: Output = 'text', color = false) =>
  await explain({ command: 'explain', rule, output, color }, { color })

describe('explain', () => {
  it('tells a rule with its examples', async () => {
    expect(await told('schema-enum')).toEqual({
      exitCode: 0,
      output: `schema-enum (error)

A value is one of those that the schema lists.

Why: The API server refuses the object, and Flux then applies nothing of the whole Kustomization.

Repair: Use one of the values that the finding names.

Fails:
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata:
    name: postgres
  spec:
    instances: 3
    primaryUpdateMethod: rolling # ←
    storage:
      size: 10Gi

Mended:
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata:
    name: postgres
  spec:
    instances: 3
    primaryUpdateMethod: switchover
    storage:
      size: 10Gi

Where it comes from: The schema of the CRD that the repository itself installs, else that of the version in use, out of the project's own release; for Kubernetes' own kinds its OpenAPI document.

To decide otherwise: .github/cnpg-steward.yaml
  rules:
    schema-enum:
      level: note # error, warning, note or off
      reason: why this repository wants it so

To decide otherwise: a comment at the end of the line, or alone before it; a review counts it once the base branch has it
  # cnpg-steward: ignore schema-enum why it is right here

https://github.com/monosense-io/cnpg-steward/blob/main/docs/rules/schema-enum.md`,
    })
  })

  it.each([...rules, ...reasons].map(({ id }) => id))('tells %s as its page, with the address', async id => {
    const page = readFileSync(new URL(`../../docs/rules/${id}.md`, import.meta.url), 'utf8')
    expect((await told(id, 'markdown')).output).toBe(
      `${page}\n<https://github.com/monosense-io/cnpg-steward/blob/main/docs/rules/${id}.md>`,
    )
  })

  it('tells why something was not judged, without examples', async () => {
    const { output } = await told('helm-missing')
    expect(output).toMatch(
      /^helm-missing \(incomplete: not judged, and neither right nor wrong\)\n\nThere is no helm/,
    )
    expect(output).not.toContain('Fails:')
  })

  it('says how a rule is switched on that is off', async () => {
    const { output } = await told('house-image-digest')
    expect(output).toMatch(
      /^house-image-digest \(off, until `rules:` in \.github\/cnpg-steward\.yaml switches it on\)/,
    )
  })

  it('colours the text where it may, and nothing else', async () => {
    const plain = (await told('schema-enum')).output
    const coloured = (await told('schema-enum', 'text', true)).output
    expect(coloured).toContain('\u001b[1mschema-enum\u001b[22m')
    expect(stripVTControlCharacters(coloured)).toBe(plain)
    expect((await told('schema-enum', 'markdown', true)).output).not.toContain('\u001b')
  })

  it('gives JSON that says what it is', async () => {
    const rule = JSON.parse((await told('schema-enum', 'json')).output)
    expect(rule).toEqual({
      version: 1,
      type: 'rule',
      ...rules.find(({ id }) => id === 'schema-enum'),
      url: expect.stringMatching(/docs\/rules\/schema-enum\.md$/),
    })
    const reason = JSON.parse((await told('chart-offline', 'json')).output)
    expect(reason).toEqual({
      version: 1,
      type: 'reason',
      ...reasons.find(({ id }) => id === 'chart-offline'),
      url: expect.stringMatching(/docs\/rules\/chart-offline\.md$/),
    })
  })

  it.each<[string, RegExp]>([
    ['schema-unkown-field', /^Did you mean schema-unknown-field\?$/],
    ['SCHEMA_TYPE', /^Did you mean schema-type\?$/],
    ['chart-ofline', /^Did you mean chart-offline\?$/],
    ['nothing like it', /^Rules: parse-yaml, .*, config-ignore-reason\.$/],
  ])('knows no rule %s', async (rule, repair) => {
    await expect(told(rule)).rejects.toMatchObject({
      message: `There is no rule ${rule}.`,
      repair: expect.stringMatching(repair),
    })
  })

  it.each([...rules, ...reasons].map(({ id }) => id))('%s can be printed in every way', async id => {
    for (const output of ['text', 'markdown', 'json'] as const) {
      const text = (await told(id, output)).output
      expect(text).toContain(id)
      expect(text).not.toMatch(/(?:: |\n)undefined|\[object/)
    }
  })
})
