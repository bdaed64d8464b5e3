import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate with its key, both PEM. */
export interface Certificate {
  cert: string
  key: string
}

export interface CertificateAuthority extends Certificate {
  /** a certificate of a server, valid for a host or an address */
  issue(host: string): Certificate
}

/** An authority that nobody else trusts, made new for one test: a real server with real HTTPS needs one. */
export function certificateAuthority(name = 'a test authority'): CertificateAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const cert = certificate(name, keys.publicKey, name, keys.privateKey, [
    // basicConstraints: CA
    sequence(oid(85, 29, 19), Buffer.from([1, 1, 255]), octets(sequence(Buffer.from([1, 1, 255])))),
  ])
  return {
    cert,
    key: pem(keys.privateKey),
    issue(host) {
      const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      const address = isIP(host) === 4 ? Buffer.from(host.split('.').map(Number)) : undefined
      const names = address === undefined ? der(0x82, Buffer.from(host)) : der(0x87, address)
      return {
        // subjectAltName
        cert: certificate(host, own.publicKey, name, keys.privateKey, [
          sequence(oid(85, 29, 17), octets(sequence(names))),
        ]),
        key: pem(own.privateKey),
      }
    },
  }
}

/** RFC 5280, as little of it as TLS needs. */
function certificate(
  subject: string,
  publicKey: KeyObject,
  issuer: string,
  signer: KeyObject,
  extensions: readonly Buffer[],
): string {
  const now = Date.now()
  const validity: Validity = [now - 86_400_000, now + 86_400_000]
  return pemOf(signCertificate(certificateBody({ subject, publicKey, issuer, validity, extensions }), signer))
}

/** from and until, milliseconds */
export type Validity = readonly [number, number]

const ECDSA_WITH_SHA256 = () => sequence(oid(42, 134, 72, 206, 61, 4, 3, 2))

/** What an authority signs, DER. @param extensions each one a sequence */
export function certificateBody(of: {
  subject: string
  publicKey: KeyObject
  issuer: string
  validity: Validity
  extensions: readonly Buffer[]
  /** by chance where it does not matter */
  serial?: number
}): Buffer {
  const serial = Buffer.alloc(8)
  if (of.serial === undefined) randomBytes(8).copy(serial)
  else serial.writeBigUInt64BE(BigInt(of.serial))
  return sequence(
    der(0xa0, der(2, Buffer.from([2]))),
    der(2, Buffer.concat([Buffer.from([1]), serial])),
    ECDSA_WITH_SHA256(),
    distinguishedName(of.issuer),
    sequence(...of.validity.map(time)),
    distinguishedName(of.subject),
    of.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...of.extensions)),
  )
}

/** The certificate, DER. */
export function signCertificate(body: Buffer, signer: KeyObject): Buffer {
  const signature = sign('sha256', body, signer)
  return sequence(body, ECDSA_WITH_SHA256(), der(3, Buffer.concat([Buffer.from([0]), signature])))
}

export function pemOf(certificateDer: Buffer): string {
  const lines = certificateDer.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

function distinguishedName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid(85, 4, 3), der(12, Buffer.from(name)))))
}

function time(milliseconds: number): Buffer {
  return der(0x18, Buffer.from(new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, '')))
}

export function oid(...bytes: number[]): Buffer {
  return der(6, Buffer.from(bytes))
}

export function octets(content: Buffer): Buffer {
  return der(4, content)
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

export function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
