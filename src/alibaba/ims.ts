import { hasCode } from '../errors.ts'
import { type JsonObject, textOf } from '../lib/json.ts'
import type { AbortableTarget } from './transport/cloud-transport.ts'

export interface OidcProvider {
  readonly issuer: string
  /** Audiences that its tokens may have. */
  readonly clientIds: readonly string[]
}

/** An OIDC provider of the account, from RAM's newer API (IMS 2019-08-15); undefined: it does not exist. */
export async function getOidcProvider(target: AbortableTarget, name: string): Promise<OidcProvider | undefined> {
  const call = { product: 'ims', version: '2019-08-15', action: 'GetOIDCProvider', query: { OIDCProviderName: name } }
  try {
    const response = await target.transport.call({ ...target, ...call }, target.signal)
    const { IssuerUrl, ClientIds } = (response.OIDCProvider ?? {}) as JsonObject
    return {
      issuer: textOf(IssuerUrl),
      clientIds: textOf(ClientIds)
        .split(',')
        .filter((id) => id !== ''),
    }
  } catch (error) {
    if (hasCode(error, 'CLOUD_NOT_FOUND')) return undefined
    throw error
  }
}
