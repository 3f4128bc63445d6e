/** What a request is, as rules choose by it. */
export interface ProxiedRequest {
  readonly method: string
  /** With its query. */
  readonly url: string
  readonly isWatch: boolean
  /** `secrets`, `namespaces` … */
  readonly resource: string
  /** The Pod whose token it carries. */
  readonly pod: string
  /** `performance.now()` when it came. */
  readonly at: number
}

/** A fault of single requests. */
export type RequestFault =
  /** Answered instead of the server. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string; readonly reason?: string }
  /** The connection is destroyed before the server hears of it. */
  | { readonly kind: 'cut' }
  /** The server does it, the answer is lost. */
  | { readonly kind: 'cut-after' }
  /** Passed on so much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Passed on when `until` resolves. */
  | { readonly kind: 'hold'; readonly until: Promise<void> }
  /** Done at once, answered when `until` resolves. */
  | { readonly kind: 'hold-answer'; readonly until: Promise<void> }

export interface FaultRule {
  readonly match: (request: ProxiedRequest) => boolean
  readonly fault: RequestFault
  /** So often; default: always. */
  readonly times?: number
}

export interface FaultRules {
  /** The answer takes it back; it tells how often it struck, too. */
  add(rule: FaultRule): ActiveRule
  /** The fault of a request, which counts as struck. */
  choose(request: ProxiedRequest): RequestFault | undefined
}

export interface ActiveRule {
  readonly struck: number
  remove(): void
}

export function createFaultRules(): FaultRules {
  const rules = new Set<{ readonly rule: FaultRule; struck: number }>()
  return {
    add(rule) {
      const entry = { rule, struck: 0 }
      rules.add(entry)
      return {
        get struck() {
          return entry.struck
        },
        remove: () => rules.delete(entry),
      }
    },
    choose(request) {
      for (const entry of rules) {
        if (entry.struck >= (entry.rule.times ?? Number.POSITIVE_INFINITY) || !entry.rule.match(request)) continue
        entry.struck += 1
        return entry.rule.fault
      }
      return undefined
    },
  }
}
