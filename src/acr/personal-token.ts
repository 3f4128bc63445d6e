import { getPersonalToken } from '../alibaba/cr.ts'
import type { CredentialProvider, Credentials } from '../alibaba/credentials.ts'
import { stopwatch } from '../alibaba/transport/cloud-clock.ts'
import { NopassError } from '../errors.ts'
import type { RegistryConfig } from './registry-config.ts'
import { personalDomains } from './registry-domains.ts'
import type { FetchedLogin, LoginFetch, RegistryApi } from './registry-token.ts'
import { createTokenSession } from './token-session.ts'

/** Tokens of the Personal Edition as it was until 2024-09-08; newer ones (`crpi-…`) are static registries. */
export function createPersonalFetch(
  registry: RegistryConfig,
  identity: CredentialProvider,
  deps: RegistryApi,
): LoginFetch {
  const { transport } = deps
  const location = deps.endpoints.locate('cr', registry.region, registry.apiNetwork)
  const own = personalDomains(registry.region ?? '')
  const withSession = createTokenSession(identity, transport.clock)
  return (signal) => withSession((credentials) => fetchToken(credentials, signal), signal)

  async function fetchToken(credentials: Credentials, signal: AbortSignal): Promise<FetchedLogin> {
    const requestedAt = stopwatch(transport.clock)
    const token = await getPersonalToken({ transport, ...location, credentials }, signal).catch((error: unknown) => {
      throw unknownUser(error)
    })
    return { ...token, issuedAt: requestedAt(), own }
  }
}

function unknownUser(error: unknown): unknown {
  if (!(error instanceof NopassError) || error.reason !== 'USER_NOT_EXIST') return error
  return new NopassError('CLOUD_NOT_FOUND', 'the Personal Edition does not know this user yet', {
    hint: 'Let the RAM user open the Personal Edition in the ACR console once and set a registry password; roles need nothing.',
    reason: error.reason,
    requestId: error.requestId,
  })
}
