import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { type Authority, createAuthority } from '../../cluster/certificate.ts'

interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly certificatePem: string
}

export interface ServerKeys {
  readonly authority: Authority
  /** Signs the registry's tokens. */
  readonly registry: SigningKey
  /** Signs GitHub's ID tokens. */
  readonly github: SigningKey
}

const MINUTES = 365 * 24 * 60

/** All keys of one emulated cloud; they live and die with it. */
export function createServerKeys(): ServerKeys {
  const authority = createAuthority('acr-nopass sandbox cloud')
  const signing = (commonName: string): SigningKey => {
    const { keyPem, certificatePem } = authority.issue({ commonName, minutes: MINUTES, keyType: 'rsa' })
    const privateKey = createPrivateKey(keyPem)
    return { privateKey, publicKey: createPublicKey(privateKey), certificatePem }
  }
  return { authority, registry: signing('registry tokens'), github: signing('ID tokens') }
}
