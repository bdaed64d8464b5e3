import { expect, it } from 'vitest'
import { compareVersions, defaultOperandImage, readOperandImage } from '../../src/cnpg/operand-image.ts'

it.each([
  ['ghcr.io/cloudnative-pg/postgresql:17.2', 17, 'system', 'bullseye'],
  ['ghcr.io/cloudnative-pg/postgresql:17.6-standard-trixie@sha256:abc', 17, 'standard', 'trixie'],
  ['ghcr.io/cloudnative-pg/postgresql:16.10-202509090953-minimal-bookworm', 16, 'minimal', 'bookworm'],
  ['registry.lan:5000/postgresql:18', 18, undefined, undefined],
  ['ghcr.io/tensorchord/cloudnative-vectorchord:17-0.4.3', 17, undefined, undefined],
  ['ghcr.io/tensorchord/cloudnative-pgvecto.rs:pg17-v0.4.0', undefined, undefined, undefined],
  ['registry.lan:5000/postgresql', undefined, undefined, undefined],
  ['postgresql@sha256:1234', undefined, undefined, undefined],
])('%s', (reference, major, flavour, distribution) => {
  const image = readOperandImage(reference)
  expect([image.major, image.flavour, image.distribution]).toEqual([major, flavour, distribution])
})

it.each([
  ['1.30.0', '18.4'],
  ['1.28.4', '18.4'],
  ['1.28.1', '18.1'],
  ['1.27.1', '18.0'],
  ['1.27.0', '17.5'],
  ['1.26.1', '17.5'],
  ['1.25.0', undefined],
])('operator %s has its default image', (operator, tag) => {
  const image = defaultOperandImage(operator)
  expect(image === undefined ? undefined : readOperandImage(image).tag.split('-')[0]).toBe(tag)
})

it('compares versions by number', () => expect(compareVersions('1.9.0', '1.10.0')).toBeLessThan(0))
