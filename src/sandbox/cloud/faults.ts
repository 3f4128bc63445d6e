import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from './operation.ts'

/** Selects the calls that a fault affects; all given fields must match. */
interface FaultMatch {
  readonly product?: string
  readonly action?: string
  readonly path?: string
  /** The call's `InstanceId`. */
  readonly instanceId?: string
}

/**
 * `cut-after` performs the call and drops the response; `hang` never responds; `throttle` with `perSecond` affects only
 * the excess calls of an operation.
 */
export type Fault =
  | {
      readonly kind: 'throttle'
      readonly status?: number
      readonly retryAfterMs?: number
      readonly perSecond?: number
      readonly burst?: number
    }
  | { readonly kind: 'status'; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly kind: 'html'; readonly status?: number }
  | { readonly kind: 'empty'; readonly status?: number }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'cut-after' }
  | { readonly kind: 'hang' }

type FaultRule = Fault & { readonly match?: FaultMatch; readonly times?: number }

export interface Faults {
  /** Affects the next `times` matching calls; default 1, or with `perSecond` all until cleared. */
  add(rule: FaultRule): void
  clear(): void
  /** Returns the fault for this call, if any, and counts it as used. */
  take(call: Required<FaultMatch>): Fault | undefined
}

/** `now` is a monotonic clock in milliseconds. */
export function createFaults(now: () => number): Faults {
  const rules: { rule: FaultRule; left: number; exempts: (action: string) => boolean }[] = []
  const fits = (match: FaultMatch, call: Required<FaultMatch>): boolean =>
    (match.product === undefined || match.product.toLowerCase() === call.product.toLowerCase()) &&
    (match.action === undefined || match.action === call.action) &&
    (match.path === undefined || call.path.startsWith(match.path)) &&
    (match.instanceId === undefined || match.instanceId === call.instanceId)
  return {
    add: (rule) => {
      const limit =
        rule.kind === 'throttle' && rule.perSecond !== undefined ? { ...rule, perSecond: rule.perSecond } : undefined
      const throttle = limit && createThrottle(limit)
      const left = rule.times ?? (throttle ? Number.POSITIVE_INFINITY : 1)
      rules.push({ rule, left, exempts: (operation) => throttle?.admits(operation, now()) === true })
    },
    clear: () => void rules.splice(0),
    take: (call) => {
      const found = rules.find(({ rule, left, exempts }) => {
        return left > 0 && fits(rule.match ?? {}, call) && !exempts(`${call.product} ${call.action}`)
      })
      if (found === undefined) return undefined
      found.left -= 1
      return found.rule
    },
  }
}

/**
 * Injects a fault before the call is performed. Returns true if the call must not be performed because the fault has
 * responded or dropped the connection.
 * @throws ApiError for faults that the cloud reports as an API error
 */
export async function injectFault(fault: Fault, response: ServerResponse, signal: AbortSignal): Promise<boolean> {
  switch (fault.kind) {
    case 'throttle':
      if (fault.retryAfterMs !== undefined) response.setHeader('x-acs-retry-after', String(fault.retryAfterMs))
      throw new ApiError(fault.status ?? 429, 'Throttling.User', 'Request was denied due to user flow control.')
    case 'status':
      throw new ApiError(
        fault.status,
        fault.code,
        fault.message ?? 'The request has failed due to a fault of the server.',
        // CR reports its own errors with HTTP 200.
        fault.status === 200 ? { IsSuccess: false } : {},
      )
    case 'html':
      response
        .writeHead(fault.status ?? 502, { 'content-type': 'text/html' })
        .end('<html><body>Bad Gateway</body></html>')
      return true
    case 'empty':
      response.writeHead(fault.status ?? 503).end()
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

/** The rate limit of one operation. The vendor does not publish its limits. */
export interface ThrottleLimit {
  readonly perSecond: number
  /** Calls admitted at once after a pause; default: those of one second. */
  readonly burst?: number | undefined
}

/** Flow control as in the vendor's gateways: one token bucket per operation; throttled calls take no token. */
export interface Throttle {
  /** Whether a call of this operation is admitted; `now` is in milliseconds of a monotonic clock. */
  admits(operation: string, now: number): boolean
}

export function createThrottle({ perSecond, burst = perSecond }: ThrottleLimit): Throttle {
  const most = Math.max(1, burst)
  const buckets = new Map<string, { left: number; at: number }>()
  return {
    admits(operation, now) {
      const bucket = buckets.get(operation) ?? { left: most, at: now }
      buckets.set(operation, bucket)
      bucket.left = Math.min(most, bucket.left + ((now - bucket.at) / 1000) * perSecond)
      bucket.at = now
      if (bucket.left < 1) return false
      bucket.left -= 1
      return true
    },
  }
}
