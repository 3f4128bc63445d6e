import type { Credentials } from '../../../src/alibaba/credentials.ts'
import type { CloudFailure } from '../../../src/alibaba/transport/cloud-failure.ts'
import type { CloudCall, CloudTransport } from '../../../src/alibaba/transport/cloud-transport.ts'
import { type CallOutcome, repeatCall } from '../../../src/alibaba/transport/repeat-call.ts'
import { NopassError } from '../../../src/errors.ts'
import type { JsonObject } from '../../../src/lib/json.ts'
import type { FleetPlan } from './fleet-plan.ts'
import { createThrottle } from './throttle.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** The calls of one second or minute. */
export interface CallCounts {
  /** All calls that reached the region, by second since the start. */
  readonly requests: Uint32Array
  /** Those that request a session from STS. */
  readonly sessions: Uint32Array
  /** Those that were throttled. */
  readonly refused: Uint32Array
}

export interface CloudModel {
  readonly counts: CallCounts
  /**
   * A transport for a registry whose STS credentials live this long, with the product's retries.
   */
  transportFor(life: number): CloudTransport
}

/** How long a call takes, in milliseconds; a call without a response fails after the timeout. */
const LATENCY = 60
const TIMEOUT = 10_000
const ATTEMPTS = 4

const THROTTLED: CloudFailure = { code: 'CLOUD_THROTTLED', reason: 'Throttling.User', harmless: true }
const UNREACHABLE: CloudFailure = { code: 'CLOUD_UNREACHABLE', reason: 'timeout', harmless: false }
const ENDPOINTS: JsonObject = {
  IsSuccess: true,
  Endpoints: [
    { EndpointType: 'vpc', Domains: [{ Domain: 'fleet-registry-vpc.cn-hangzhou.cr.aliyuncs.com', Type: 'SYSTEM' }] },
  ],
}

/** One account in one region: its outage, its throttling, its responses. */
export function createCloudModel(plan: FleetPlan, clock: VirtualClock, random: () => number): CloudModel {
  const size = Math.ceil(plan.length / 1000) + 1
  const counts = { requests: new Uint32Array(size), sessions: new Uint32Array(size), refused: new Uint32Array(size) }
  const throttle = plan.limit && createThrottle(plan.limit)
  const retryAfter = plan.limit?.retryAfterMs
  const refusal: CloudFailure = { ...THROTTLED, ...(retryAfter !== undefined && { retryAfter }) }

  const after = <Result>(ms: number, result: () => Result): Promise<Result> =>
    new Promise((resolve) => {
      clock.after(ms, () => {
        clock.touch()
        resolve(result())
      })
    })

  function attempt(call: CloudCall, life: number): Promise<CallOutcome> {
    const now = clock.monotonic()
    const second = Math.floor(now / 1000)
    if (plan.outage && now >= plan.outage.from && now < plan.outage.until) {
      return after(TIMEOUT, () => ({ failure: UNREACHABLE }))
    }
    counts.requests[second] = (counts.requests[second] ?? 0) + 1
    if (call.action === 'AssumeRoleWithOIDC') counts.sessions[second] = (counts.sessions[second] ?? 0) + 1
    if (throttle?.admits(call.action, now) === false) {
      counts.refused[second] = (counts.refused[second] ?? 0) + 1
      return after(LATENCY, () => ({ failure: refusal }))
    }
    return after(LATENCY, () => ({ body: respond(call, life) }))
  }

  function respond({ action, credentials }: CloudCall, life: number): JsonObject {
    switch (action) {
      case 'AssumeRoleWithOIDC': {
        const Expiration = new Date(clock.now() + life).toISOString()
        return { Credentials: { AccessKeyId: 'k', AccessKeySecret: 's', SecurityToken: 't', Expiration } }
      }
      case 'GetAuthorizationToken': {
        const ExpireTime = (credentials as Credentials).expiresAt
        return { IsSuccess: true, TempUsername: 'u', AuthorizationToken: `t${random()}`, ExpireTime }
      }
      case 'ListInstanceEndpoint':
        return ENDPOINTS
      default:
        throw new Error(`the model of the cloud does not know ${action}`)
    }
  }

  return {
    counts,
    transportFor: (life) => ({
      clock: {
        now: clock.now,
        atLeast: clock.now,
        monotonic: clock.monotonic,
        skew: () => 0,
        observe: () => undefined,
        observeServer: () => undefined,
      },
      send: () => Promise.reject(new Error('the model of the cloud has no wire')),
      fallbacks: () => [],
      async call(call, signal) {
        const sleep = (ms: number): Promise<void> => after(ms, () => undefined)
        const options = { write: call.write === true, renewable: false, attempts: ATTEMPTS, random, sleep }
        const outcome = await repeatCall(() => attempt(call, life), options, signal)
        if ('body' in outcome) return outcome.body
        const { code, reason, retryAfter: retryAfterMs } = outcome.failure
        throw new NopassError(code, call.action, { reason, ...(retryAfterMs !== undefined && { retryAfterMs }) })
      },
    }),
  }
}
