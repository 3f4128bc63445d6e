import type { RegistryToken } from '../../acr/registry-token.ts'
import type { Clock } from '../../lib/clock.ts'
import {
  initialState,
  NEVER,
  type RefreshReason,
  type RegistryEntry,
  type RegistryState,
  type Width,
} from './registry-state.ts'
import { nextTick, type RegistryEffect, type RegistryEvent, step } from './registry-step.ts'

export interface RegistryDriverOptions {
  readonly entry: RegistryEntry
  readonly clock: Clock
  /** Epoch milliseconds on the cloud's clock. */
  readonly cloudNow: () => number
  readonly random: () => number
  readonly verifyIntervalMs: number
  /** The state before a reload. */
  readonly initial?: RegistryState | undefined
  /**
   * Called when a new credential is requested. `onResponse` follows, also after a failure, but not
   * after `stop`.
   */
  readonly onRequest?: (reason: RefreshReason) => void
  readonly onResponse?: () => void
  /** The credential in use has changed. */
  readonly onToken: (state: RegistryState) => void
  /** Called after a change that the status shows. */
  readonly onChange: (event: RefreshEvent) => void
  /**
   * Called with the result of the check whether a limited credential may pull more than its list.
   */
  readonly onMeasured?: (registry: string, answer: Width) => void
}

export type RefreshEvent = { readonly state: RegistryState } & (
  | { readonly kind: 'refreshed' | 'unchanged' | 'revoked' | 'proven' }
  | { readonly kind: 'failed' | 'refused'; readonly error: unknown }
)

export type RegistryDriver = ReturnType<typeof createRegistryDriver>

/**
 * Keeps the credential of one registry fresh: performs the effects of `step`, and passes their
 * results to it as events.
 */
export function createRegistryDriver(options: RegistryDriverOptions) {
  const { entry, clock, cloudNow, random, verifyIntervalMs } = options
  const stop = new AbortController()
  let state = initialState(entry, options.initial)
  let cancel: (() => void) | undefined

  function send(event: RegistryEvent): void {
    if (stop.signal.aborted) return
    const now = { cloud: cloudNow(), monotonic: clock.monotonic() }
    const next = step(state, event, { ...now, random: random(), entry, verifyIntervalMs })
    state = next.state
    cancel?.()
    const wait = nextTick(state, now)
    cancel = wait === NEVER ? undefined : clock.after(wait, () => send({ type: 'tick' }))
    for (const effect of next.effects) perform(effect)
  }

  function perform(effect: RegistryEffect): void {
    if (effect.do === 'announce') options.onRequest?.(effect.reason)
    else if (effect.do === 'answered') options.onResponse?.()
    else if (effect.do === 'distribute') options.onToken(state)
    else if (effect.do === 'report') options.onChange({ ...effect, state })
    else if (effect.do === 'report width') options.onMeasured?.(state.name, effect.answer)
    else if (effect.do === 'measure') {
      entry.measure?.(effect.token, effect.turn, stop.signal).then(
        (answer) => send({ type: 'measured', answer }),
        () => undefined,
      )
    } else {
      const from = effect.from === 'earlier' ? state.by : entry
      if (effect.do === 'request') {
        from.source.get(stop.signal).then(
          (token) => send({ type: 'token', token }),
          (error: unknown) => send({ type: 'failure', error }),
        )
      } else {
        const { token } = effect
        check(from, token).then(send, () => send({ type: 'verdict', token, verdict: undefined }))
      }
    }
  }

  async function check({ verify, mayPull, union }: RegistryEntry, token: RegistryToken): Promise<RegistryEvent> {
    const { token: inUse } = state.live ?? state.kept ?? {}
    const verdict = await verify(token, stop.signal)
    if (mayPull === undefined || verdict === 'refused') return { type: 'verdict', token, verdict }
    if (inUse !== token) return { type: 'verdict', token, verdict, pull: await mayPull(token, inUse, stop.signal) }
    // An invented name shows nothing about the credential in use, because the registry may deny it
    // to everybody.
    if (union?.probe === undefined) return { type: 'verdict', token, verdict }
    const { grant } = await mayPull(token, undefined, stop.signal)
    return { type: 'verdict', token, verdict: grant === 'denied' ? 'refused' : verdict }
  }

  return {
    get state() {
      return state
    },
    send,
    stop(): void {
      stop.abort()
      cancel?.()
    },
  }
}
