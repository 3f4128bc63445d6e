import { NopassError } from '../../errors.ts'
import type { CredentialProvider, Credentials } from '../credentials.ts'
import { sessionOf } from '../sts.ts'
import { parseAnswer } from '../transport/cloud-failure.ts'
import type { Transport } from '../transport/transport.ts'
import { createSessionProvider } from './session-provider.ts'

export interface WorkerRoleOptions {
  readonly transport: Transport
  /** Base URL of instance metadata. */
  readonly endpoint: URL
  /** Ask without a metadata token where the instance offers none. Off: IMDSv2 or nothing. */
  readonly imdsV1?: boolean | undefined
  /** The role that the Pod's annotation names on ECI; no other is then used. */
  readonly eciRoleName?: string | undefined
}

const ROLES = '/latest/meta-data/ram/security-credentials/'
/** Metadata answers from the same host; a node without it drops packets (milliseconds). */
const TIMEOUT = 2000

/**
 * The node's own role through ECS instance metadata. All Pods of the node get the same session, so `fresh` reads again
 * what there is. Throws IDENTITY_UNAVAILABLE.
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
  const roles = await ask(options, 'GET', ROLES, headers, signal)
  if (roles.status === 404 || (roles.status === 200 && roles.text.trim() === '')) {
    throw unavailable(
      'the instance has no RAM role',
      `Attach a worker role to the node pool, or use identity.type: rrsa. ${ECI}.`,
    )
  }
  const role = expectOk(roles, 'the name of the role').trim().split('\n')[0] ?? ''
  // What answers there may be anything, and its text must not get into messages.
  if (!/^[\w.-]{1,64}$/.test(role)) throw unavailable('what answers as instance metadata names no role')
  const { eciRoleName } = options
  if (eciRoleName && eciRoleName.toLowerCase() !== role.toLowerCase()) {
    throw unavailable(
      `instance metadata has the role ${role}, but identity.workerRole.eciRoleName is ${eciRoleName}`,
      'The Pod does not run on ECI, or was created without the annotation: schedule it on a virtual node, or remove eciRoleName to use the role of the node.',
    )
  }
  const { clock } = options.transport
  const sentAt = clock.monotonic()
  const response = await ask(options, 'GET', ROLES + encodeURIComponent(role), headers, signal)
  const answer = parseAnswer(expectOk(response, `the session of ${role}`))
  // A machine whose clock is ahead by more than a session's life would call every session expired and never reach the cloud.
  if (answer !== undefined) clock.observe(response.headers.date, sentAt)
  if (answer === undefined || (answer.Code !== undefined && answer.Code !== 'Success')) {
    throw unavailable(`instance metadata has no session for the role ${role} right now`)
  }
  return sessionOf(answer, options.transport.clock)
}

/**
 * Undefined: none, and version 1 is accepted. The vendor's SDKs fall back to version 1 after any failure of this call
 * unless told not to; here only where the values allow it.
 */
async function metadataToken(options: WorkerRoleOptions, signal: AbortSignal): Promise<string | undefined> {
  const lifetime = { 'x-aliyun-ecs-metadata-token-ttl-seconds': '300' }
  try {
    const answer = await ask(options, 'PUT', '/latest/api/token', lifetime, signal)
    if (answer.status === 200) return answer.text.trim()
    throw unavailable(
      `instance metadata gave no token (HTTP ${answer.status})`,
      `It seems to offer only version 1: switch the ECS instance to version 2, or accept version 1 with identity.workerRole.imdsV1: true. ${ECI}; identity.type: rrsa needs no metadata service.`,
    )
  } catch (error) {
    if (options.imdsV1 && !signal.aborted) return undefined
    throw error
  }
}

async function ask(
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
      'instance metadata does not answer',
      `Only ECS and ECI have it, and Pods reach it only where the network allows it (hostNetwork: true, or the node pool allows it). ${ECI}. Elsewhere use identity.type: rrsa or access-key.`,
      error,
    )
  }
}

function expectOk(answer: { status: number; text: string }, what: string): string {
  if (answer.status === 200) return answer.text
  throw unavailable(`instance metadata did not give ${what} (HTTP ${answer.status})`)
}

function unavailable(message: string, hint?: string, cause?: unknown): NopassError {
  return new NopassError('IDENTITY_UNAVAILABLE', `worker-role: ${message}`, { ...(hint && { hint }), cause })
}
