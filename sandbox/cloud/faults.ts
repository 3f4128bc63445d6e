import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from './operation.ts'
import type { Seed } from './seed/generated/seed.ts'

/** Selects the calls that a fault affects. All given fields must match. */
interface FaultMatch {
  readonly product?: string
  readonly action?: string
  /** The call's `InstanceId`. */
  readonly instanceId?: string
}

/** `cut-after` performs the call and drops the response; `hang` never responds. */
export type Fault =
  | { readonly kind: 'throttle'; readonly retryAfterMs?: number }
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'cut' | 'cut-after' | 'hang' | 'html' | 'empty' | 'garbage' }

/**
 * What a cloud may make of session policies, other than what the vendor documents.
 * - `ignored`: nothing evaluates them. `ignored-by-registry`: only pulls and pushes ignore them.
 * - `ignored-for-oidc`: new sessions of AssumeRoleWithOIDC have none. Its page describes `Policy`,
 *   but RAM's page about the evaluation says that role-based SSO has no session policies
 *   (https://help.aliyun.com/zh/ram/user-guide/policy-evaluation-process-of-assuming-a-ram-role).
 * - `refused`: a session with a policy may do nothing. `refused-by-registry`: it may call the API,
 *   but neither pull nor push.
 */
export type SessionPolicyFault = NonNullable<Seed['sessionPolicyFault']>

type FaultRule = Fault & { readonly match?: FaultMatch; readonly times?: number }

export type Faults = ReturnType<typeof createFaults>

export function createFaults() {
  const rules: { readonly rule: FaultRule; left: number }[] = []
  const fits = (match: FaultMatch, call: Required<FaultMatch>): boolean =>
    (match.product === undefined || match.product.toLowerCase() === call.product.toLowerCase()) &&
    (match.action === undefined || match.action === call.action) &&
    (match.instanceId === undefined || match.instanceId === call.instanceId)
  return {
    /** Affects the next `times` matching calls; default 1. */
    add: (rule: FaultRule) => void rules.push({ rule, left: rule.times ?? 1 }),
    clear: () => void rules.splice(0),
    /** Returns the fault for this call, if any, and counts it as used. */
    take: (call: Required<FaultMatch>): Fault | undefined => {
      const found = rules.find(({ rule, left }) => left > 0 && fits(rule.match ?? {}, call))
      if (found !== undefined) found.left -= 1
      return found?.rule
    },
  }
}

/**
 * Injects a fault before the call is performed. Returns true if the call must not be performed
 * because the fault has responded or dropped the connection.
 * @throws ApiError for faults that the cloud reports as an API error
 */
export async function injectFault(fault: Fault, response: ServerResponse, signal: AbortSignal): Promise<boolean> {
  switch (fault.kind) {
    case 'throttle':
      if (fault.retryAfterMs !== undefined) response.setHeader('x-acs-retry-after', String(fault.retryAfterMs))
      throw new ApiError(429, 'Throttling.User', 'Request was denied due to user flow control.')
    case 'status':
      // CR reports its own errors with HTTP 200.
      throw new ApiError(fault.status, fault.code, 'The request has failed due to a fault of the server.', {
        ...(fault.status === 200 && { IsSuccess: false }),
      })
    case 'html':
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html><body>Bad Gateway</body></html>')
      return true
    case 'empty':
      response.writeHead(503).end()
      return true
    case 'garbage':
      response.writeHead(200, { 'content-type': 'text/plain' }).end('upstream connect error')
      return true
    case 'slow':
      await sleep(fault.ms, undefined, { signal }).catch(() => undefined)
      return false
    case 'cut':
      response.socket?.destroy()
      return true
    case 'hang':
      return true
    case 'cut-after':
      return false
  }
}
