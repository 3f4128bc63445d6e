/** The properties of a request by which rules select it. */
export interface ProxiedRequest {
  readonly method: string
  /** The URL, including the query. */
  readonly url: string
  readonly isWatch: boolean
  /** The resource, such as `secrets` or `namespaces`. */
  readonly resource: string
  /** The Pod whose token the request has. */
  readonly pod: string
  /** `performance.now()` when the request arrived. */
  readonly at: number
}

/** Injects a fault into single requests. */
export type RequestFault =
  /** The proxy responds instead of the server. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string; readonly reason?: string }
  /** The connection is destroyed before the request reaches the server. */
  | { readonly kind: 'cut' }
  /** The server performs the request, and the response is lost. */
  | { readonly kind: 'cut-after' }
  /** The request is forwarded after this delay. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The request is forwarded once `until` resolves. */
  | { readonly kind: 'hold'; readonly until: Promise<void> }
  /** The request is forwarded immediately, and the response once `until` resolves. */
  | { readonly kind: 'hold-response'; readonly until: Promise<void> }

export interface FaultRule {
  readonly match: (request: ProxiedRequest) => boolean
  readonly fault: RequestFault
  /** How many requests are affected. Default: all. */
  readonly times?: number
}

export interface FaultRules {
  /** Adds a rule. Returns an object that removes the rule and counts the affected requests. */
  add(rule: FaultRule): ActiveRule
  /** Returns the fault for a request and counts it. */
  choose(request: ProxiedRequest): RequestFault | undefined
}

export interface ActiveRule {
  readonly affected: number
  remove(): void
}

export function createFaultRules(): FaultRules {
  const rules = new Set<{ readonly rule: FaultRule; affected: number }>()
  return {
    add(rule) {
      const entry = { rule, affected: 0 }
      rules.add(entry)
      return {
        get affected() {
          return entry.affected
        },
        remove: () => rules.delete(entry),
      }
    },
    choose(request) {
      for (const entry of rules) {
        if (entry.affected >= (entry.rule.times ?? Number.POSITIVE_INFINITY) || !entry.rule.match(request)) continue
        entry.affected += 1
        return entry.rule.fault
      }
      return undefined
    },
  }
}
