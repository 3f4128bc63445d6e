import { NopassError } from '../../errors.ts'
import { parseObject } from '../../lib/json.ts'
import type { CredentialProvider, Credentials } from '../credentials.ts'
import { sessionOf } from '../sts.ts'
import type { CloudTransport } from '../transport/cloud-transport.ts'
import { createSessionProvider } from './session-provider.ts'

export interface WorkerRoleOptions {
  readonly transport: CloudTransport
  /** The base URL of instance metadata. */
  readonly endpoint: URL
  /** Allows IMDSv1, without a metadata token, if the instance offers no IMDSv2. */
  readonly imdsV1?: boolean | undefined
  /** The role in the Pod's annotation on ECI. If set, no other role is accepted. */
  readonly eciRoleName?: string | undefined
}

const ROLES = '/latest/meta-data/ram/security-credentials/'
/** The Pod's own host serves metadata. A node without metadata drops packets (milliseconds). */
const TIMEOUT = 2000

/**
 * The node's own role, from ECS instance metadata. All Pods of the node share the role's session,
 * so `fresh` only reads the session again.
 * @throws IDENTITY_UNAVAILABLE
 */
export function createWorkerRoleProvider(options: WorkerRoleOptions): CredentialProvider {
  const load = (signal: AbortSignal): Promise<Credentials> => readSession(options, signal)
  return createSessionProvider({ name: 'worker-role', sharedSession: true, load, clock: options.transport.clock })
}

const ECI =
  'On ECI (ACK Serverless, virtual nodes) a Pod has a role only by the annotation k8s.aliyun.com/eci-ram-role-name, which identity.workerRole.eciRoleName sets'

async function readSession(options: WorkerRoleOptions, signal: AbortSignal): Promise<Credentials> {
  const token = await metadataToken(options, signal)
  const headers: Record<string, string> = token === undefined ? {} : { 'x-aliyun-ecs-metadata-token': token }
  const roles = await request(options, 'GET', ROLES, headers, signal)
  if (roles.status === 404 || (roles.status === 200 && roles.text.trim() === '')) {
    throw unavailable(
      'the instance has no RAM role',
      `Attach a worker role to the node pool, or use identity.type: rrsa. ${ECI}.`,
    )
  }
  const role = expectOk(roles, 'the name of the role').trim().split('\n')[0] ?? ''
  // Another service may respond at this address, and its text must not appear in messages.
  if (!/^[\w.-]{1,64}$/.test(role)) throw unavailable('the instance metadata does not return the name of a role')
  const { eciRoleName } = options
  if (eciRoleName && eciRoleName.toLowerCase() !== role.toLowerCase()) {
    throw unavailable(
      `instance metadata has the role ${role}, but identity.workerRole.eciRoleName is ${eciRoleName}`,
      'The Pod does not run on ECI, or was created without the annotation: schedule it on a virtual node, or remove eciRoleName to use the role of the node.',
    )
  }
  const { clock } = options.transport
  const sentAt = clock.monotonic()
  const response = await request(options, 'GET', ROLES + encodeURIComponent(role), headers, signal)
  const session = parseObject(expectOk(response, `the session of ${role}`))
  // If this machine's clock is ahead by more than a session's lifetime, every session would look
  // expired before the first call to the cloud.
  if (session !== undefined) clock.observe(response.headers.date, sentAt)
  if (session === undefined || (session.Code !== undefined && session.Code !== 'Success')) {
    throw unavailable(`instance metadata has no session for the role ${role} right now`)
  }
  return sessionOf(session, options.transport.clock)
}

/**
 * Returns a metadata token, or undefined if the instance has none and the values allow version 1.
 * By default, the vendor's SDKs fall back to version 1 after any failure of this call.
 */
async function metadataToken(options: WorkerRoleOptions, signal: AbortSignal): Promise<string | undefined> {
  const lifetime = { 'x-aliyun-ecs-metadata-token-ttl-seconds': '300' }
  try {
    const { status, text } = await request(options, 'PUT', '/latest/api/token', lifetime, signal)
    if (status === 200) return text.trim()
    throw unavailable(
      `instance metadata returned no token (HTTP ${status})`,
      `It seems to offer only version 1: switch the ECS instance to version 2, or accept version 1 with identity.workerRole.imdsV1: true. ${ECI}; identity.type: rrsa needs no metadata service.`,
    )
  } catch (error) {
    if (options.imdsV1 && !signal.aborted) return undefined
    throw error
  }
}

async function request(
  options: WorkerRoleOptions,
  method: string,
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
) {
  try {
    const url = new URL(path, options.endpoint)
    return await options.transport.send({ url, method, headers, timeout: TIMEOUT, direct: true }, signal)
  } catch (error) {
    if (signal.aborted) throw error
    throw unavailable(
      'instance metadata does not respond',
      `Only ECS and ECI have it, and Pods reach it only where the network allows it (hostNetwork: true, or the node pool allows it). ${ECI}. Elsewhere use identity.type: rrsa or access-key.`,
      error,
    )
  }
}

function expectOk({ status, text }: { status: number; text: string }, what: string): string {
  if (status === 200) return text
  throw unavailable(`instance metadata did not return ${what} (HTTP ${status})`)
}

function unavailable(message: string, hint?: string, cause?: unknown): NopassError {
  return new NopassError('IDENTITY_UNAVAILABLE', `worker-role: ${message}`, { hint, cause })
}
