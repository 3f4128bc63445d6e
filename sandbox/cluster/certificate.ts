import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { bits, boolean, explicit, implicit, integer, octets, oid, sequence, set, time, utf8 } from './der.ts'

export interface KeyPair {
  readonly certificatePem: string
  /** PKCS #8. */
  readonly keyPem: string
}

interface Subject {
  readonly commonName: string
  /** Kubernetes uses the organizations as the user's groups. */
  readonly organizations?: readonly string[]
}

interface CertificateRequest extends Subject {
  /** Host names and IP addresses of a server (subject alternative names). */
  readonly names?: readonly string[]
  /** Default: 30 days. */
  readonly minutes?: number | undefined
  readonly now?: Date
  /** Default: `ec` (P-256); `rsa` (2048 bits) for keys that sign RS256 tokens. */
  readonly keyType?: KeyType
}

type KeyType = 'ec' | 'rsa'

export type Authority = ReturnType<typeof createAuthority>

const MONTH = 30 * 24 * 60
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))

/**
 * Creates a certificate authority: an EC P-256 key and a self-signed certificate, valid for 30
 * days.
 */
export function createAuthority(commonName: string, created: Date = new Date()) {
  const own = newKey()

  function certify(
    publicKey: KeyObject,
    { names = [], minutes = MONTH, now = new Date(), ...subject }: CertificateRequest,
  ): string {
    const body = sequence(
      explicit(0, integer(Buffer.from([2]))), // version 3
      // The first byte 1 makes the random number positive. It also gives the number the shortest
      // encoding, as DER requires.
      integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
      ECDSA_SHA256,
      name({ commonName }),
      // Backdated by five minutes, because clocks may differ.
      sequence(time(new Date(now.getTime() - 5 * 60_000)), time(new Date(now.getTime() + minutes * 60_000))),
      name(subject),
      publicKeyInfo(publicKey),
      explicit(3, extensions(publicKey, own.publicKey, names)),
    )
    const base64 = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, own.privateKey))).toString('base64')
    return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
  }

  return {
    certificatePem: certify(own.publicKey, { commonName, now: created }),
    keyPem: exportKey(own.privateKey),
    /** Issues a certificate with a new key, valid for clients and servers. */
    issue(request: CertificateRequest): KeyPair {
      const { publicKey, privateKey } = newKey(request.keyType)
      return { certificatePem: certify(publicKey, request), keyPem: exportKey(privateKey) }
    },
  }
}

function newKey(type: KeyType = 'ec'): { privateKey: KeyObject; publicKey: KeyObject } {
  if (type === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
}

function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function name(subject: Subject): Buffer {
  const attribute = (type: string, value: string): Buffer => set(sequence(oid(type), utf8(value)))
  const groups = (subject.organizations ?? []).map((organization) => attribute('2.5.4.10', organization))
  return sequence(...groups, attribute('2.5.4.3', subject.commonName))
}

/**
 * Returns the extensions of a certificate. If the two keys are the same, the certificate is an
 * authority's own.
 */
function extensions(publicKey: KeyObject, issuer: KeyObject, names: readonly string[]): Buffer {
  const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
    sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value))
  const ca = publicKey === issuer
  const usage = ca ? bits(Buffer.from([0b0000_0110]), 1) : bits(Buffer.from([0b1000_0000]), 7)
  const purposes = sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))
  return sequence(
    extension('2.5.29.19', true, ca ? sequence(boolean(true)) : sequence()),
    extension('2.5.29.15', true, usage),
    extension('2.5.29.14', false, octets(keyId(publicKey))),
    extension('2.5.29.35', false, sequence(implicit(0, keyId(issuer)))),
    ...(ca ? [] : [extension('2.5.29.37', false, purposes)]),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', false, sequence(...names.map(alternativeName)))]),
  )
}

function alternativeName(host: string): Buffer {
  if (isIP(host) === 4) return implicit(7, Buffer.from(host.split('.').map(Number)))
  return implicit(2, Buffer.from(host))
}

function publicKeyInfo(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(publicKeyInfo(key)).digest()
}
