import { listInstances } from '../alibaba/cr.ts'
import type { CredentialProvider, Credentials } from '../alibaba/credentials.ts'
import type { CloudClock } from '../alibaba/transport/cloud-clock.ts'
import type { AbortableTarget } from '../alibaba/transport/cloud-transport.ts'
import { hasCode, NopassError } from '../errors.ts'
import { shorten } from '../lib/text.ts'

/**
 * A token lives as long as its session, so a session that is older than this part of its lifetime
 * is not reused.
 */
const YOUNG = 0.05

/**
 * Runs a token call with a new session, because a token lives as long as its session. After a
 * throttled call, the session is kept for the next attempt. Without this, each token of a throttled
 * fleet would cost several sessions.
 */
export function createTokenSession(identity: CredentialProvider, clock: Pick<CloudClock, 'now'>) {
  let unused: Credentials | undefined
  return async <Result>(call: (credentials: Credentials) => Promise<Result>, signal: AbortSignal): Promise<Result> => {
    const credentials = unused !== undefined && isYoung(unused, clock.now()) ? unused : await identity.fresh(signal)
    unused = undefined
    try {
      return await call(credentials)
    } catch (error) {
      if (hasCode(error, 'CLOUD_THROTTLED')) unused = credentials
      throw error
    }
  }
}

function isYoung({ issuedAt, expiresAt }: Credentials, now: number): boolean {
  return issuedAt !== undefined && expiresAt !== undefined && now - issuedAt < YOUNG * (expiresAt - issuedAt)
}

const SHOWN = 20
/** ACR's own limit is 30 characters. */
const LONGEST_NAME = 64

/**
 * Returns the ID of the Enterprise instance with this name.
 * @throws REGISTRY_NOT_FOUND, which lists the existing names
 */
export async function findInstanceId(
  target: AbortableTarget,
  registry: { readonly instanceName?: string | undefined; readonly region?: string | undefined },
): Promise<string> {
  const instances = await listInstances(target)
  const here = instances.filter(({ region }) => !registry.region || !region || region === registry.region)
  const found = here.find(({ name }) => name === registry.instanceName)
  if (found) return found.instanceId
  const all = here.map(({ name }) => name.slice(0, LONGEST_NAME)).sort()
  throw new NopassError('REGISTRY_NOT_FOUND', `no instance is named ${registry.instanceName} in ${registry.region}`, {
    hint: all.length > 0 ? `There are: ${shorten(all, SHOWN)}.` : 'This account has no Enterprise instance there.',
  })
}
