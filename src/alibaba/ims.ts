import { NopassError } from '../errors.ts'
import { textOf } from '../lib/json-values.ts'
import type { CredentialProvider } from './credentials.ts'
import type { JsonObject } from './transport/cloud-failure.ts'
import type { Transport } from './transport/transport.ts'

export interface ImsTarget {
  readonly transport: Transport
  readonly endpoint: URL
  readonly credentials: CredentialProvider
}

export interface OidcProvider {
  readonly issuer: string
  /** Audiences that its tokens may have. */
  readonly clientIds: readonly string[]
}

/** An OIDC provider of the account, by RAM's newer half (IMS 2019-08-15); undefined: there is none of this name. */
export async function getOidcProvider(
  target: ImsTarget,
  name: string,
  signal?: AbortSignal,
): Promise<OidcProvider | undefined> {
  const call = { product: 'ims', version: '2019-08-15', action: 'GetOIDCProvider', query: { OIDCProviderName: name } }
  try {
    const answer = await target.transport.call({ ...target, ...call }, signal)
    const { IssuerUrl, ClientIds } = (answer.OIDCProvider ?? {}) as JsonObject
    return {
      issuer: textOf(IssuerUrl),
      clientIds: textOf(ClientIds)
        .split(',')
        .filter((id) => id !== ''),
    }
  } catch (error) {
    if (error instanceof NopassError && error.code === 'CLOUD_NOT_FOUND') return undefined
    throw error
  }
}
