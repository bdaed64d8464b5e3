import { expect, it } from 'vitest'
import type { SignatureSource } from '../../src/versions/signature-source.ts'

export interface SignatureSourceCase {
  source: SignatureSource
  /** has one good signature */
  signed: { name: string; digest: string }
  /** has none */
  unsigned: { name: string; digest: string }
  /** nobody answers there */
  silent: { name: string; digest: string }
}

/** What every SignatureSource does, the adapter and the fakes of the tests. */
export function signatureSourceContract(make: () => Promise<SignatureSourceCase>): void {
  it('finds a signature, with who made it and what it is for', async () => {
    const { source, signed } = await make()
    const found = await source.signatures(signed.name, signed.digest, [])
    expect(found).toMatchObject({
      outcome: 'present',
      value: {
        root: { state: 'current' },
        signatures: [
          {
            kind: 'valid',
            digest: signed.digest,
            signer: { kind: 'certificate', issuer: expect.any(String), subject: expect.any(String) },
            signedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          },
        ],
      },
    })
    expect(found).not.toHaveProperty('value.incomplete')
  })

  it('says that there is none', async () => {
    const { source, unsigned } = await make()
    expect(await source.signatures(unsigned.name, unsigned.digest, [])).toEqual({
      outcome: 'present',
      value: { signatures: [], root: { state: 'current' } },
    })
  })

  it('does not say that there is none where nobody answers', async () => {
    const { source, silent } = await make()
    const found = await source.signatures(silent.name, silent.digest, [])
    expect(found.outcome === 'present' ? found.value.incomplete : 'message').toMatch(/\S/)
  })
}
