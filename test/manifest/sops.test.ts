import { expect, it } from 'vitest'
import { isSops, maskSops } from '../../src/manifest/sops.ts'

const encrypted = 'ENC[AES256_GCM,data:kG0=,iv:eA==,tag:eA==,type:str]'
const sops = { mac: encrypted, lastmodified: '2026-01-01T00:00:00Z' }
const base64 = (text: string) => Buffer.from(text).toString('base64')

it('puts a placeholder in place of what is encrypted and takes the metadata of SOPS away', () => {
  expect(
    maskSops({
      kind: 'Secret',
      metadata: { name: 'x' },
      data: { token: encrypted, open: 'eA==' },
      stringData: { 'age.agekey': encrypted, plain: 'ENC is a word' },
      sops,
    }),
  ).toEqual({
    kind: 'Secret',
    metadata: { name: 'x' },
    data: { token: base64('..PLACEHOLDER_token..'), open: 'eA==' },
    stringData: { 'age.agekey': '..PLACEHOLDER_age.agekey..', plain: 'ENC is a word' },
  })
})

it('masks within lists and other kinds as text', () => {
  expect(
    maskSops({ kind: 'ConfigMap', data: { a: encrypted }, list: [encrypted, { b: encrypted }], sops }),
  ).toEqual({
    kind: 'ConfigMap',
    data: { a: '..PLACEHOLDER_a..' },
    list: ['..PLACEHOLDER_list..', { b: '..PLACEHOLDER_b..' }],
  })
})

it('leaves other objects alone', () => {
  const plain = { kind: 'Secret', data: { a: encrypted }, sops: 'a field of that name' }
  expect(isSops(plain)).toBe(false)
  expect(maskSops(plain)).toBe(plain)
})
