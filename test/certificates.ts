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
  const ecdsaWithSha256 = sequence(oid(42, 134, 72, 206, 61, 4, 3, 2))
  const now = Date.now()
  const body = sequence(
    der(0xa0, der(2, Buffer.from([2]))),
    der(2, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    distinguishedName(issuer),
    sequence(time(now - 86_400_000), time(now + 86_400_000)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', body, signer)
  const whole = sequence(body, ecdsaWithSha256, der(3, Buffer.concat([Buffer.from([0]), signature])))
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

function distinguishedName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid(85, 4, 3), der(12, Buffer.from(name)))))
}

function time(milliseconds: number): Buffer {
  return der(0x18, Buffer.from(new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, '')))
}

function oid(...bytes: number[]): Buffer {
  return der(6, Buffer.from(bytes))
}

function octets(content: Buffer): Buffer {
  return der(4, content)
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
