import { newId } from '../identifiers.ts'
import type { Call } from '../operation.ts'
import type { RegistryCredential } from '../state.ts'

/**
 * A temporary user name and password with the caller's rights. Life: one hour, or the hours asked for; never longer than
 * the STS session that asks. Source: CR, GetAuthorizationToken; that a session ends it also with ExpiresInHours is our
 * reading, since the vendor does not say.
 */
export function issueRegistryCredential(
  call: Call,
  instanceId: string | undefined,
  hours?: number,
): RegistryCredential {
  const { state, principal, account } = call
  if (principal === undefined) throw new Error('an anonymous caller gets no registry credential')
  const now = state.now()
  const asked = hours === undefined ? state.settings.tokenSeconds : hours * 3600
  const longest = now + Math.min(asked, state.settings.maxSessionSeconds ?? asked) * 1000
  const credential: RegistryCredential = {
    username: 'cr_temp_user',
    password: newId.registryToken(),
    principal,
    instanceId,
    accountId: account.id,
    expiresAt: principal.kind === 'role' ? Math.min(longest, principal.session.expiresAt) : longest,
  }
  for (const [password, old] of state.registryCredentials) {
    if (old.expiresAt < now - 3_600_000) state.registryCredentials.delete(password)
  }
  state.registryCredentials.set(credential.password, credential)
  return credential
}
