import { hasStatus } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import { type Clock, sleep } from '../../lib/clock.ts'
import { singleFlight } from '../../lib/concurrency.ts'
import { byName, EMPTY_LOG, type LogEvent, type Logged, type LogState, logStep } from './log-step.ts'
import { readOwnCopy, requestOwnCopy, type SecretObject } from './own-copy.ts'
import { type Credential, sameLogin } from './registry-state.ts'

export interface CredentialLogOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly namespace: string
  readonly secretName: string
  readonly instance: string
  /** The log before a reload. */
  readonly carried?: LogState | undefined
  /** Returns the credentials under the present names of their registries. */
  readonly rename: (credentials: readonly Logged[]) => readonly Logged[]
  /**
   * Returns false if no namespace gets this credential any more. By default, all credentials are
   * needed.
   */
  readonly isNeeded?: (name: string) => boolean
  /** The helper's own copy was read. */
  readonly onRead: (secret: SecretObject | undefined) => void
  /** Another leader wrote these. */
  readonly onFound: (credentials: readonly Credential[]) => void
  /**
   * Called when the credentials in force have changed, or a write of the helper's own copy is due.
   */
  readonly onChange: () => void
  /**
   * Called with true when the helper's own copy cannot be written, and with false when it can be
   * written again.
   */
  readonly onStuck: (isStuck: boolean) => void
  readonly onFailure: (error: unknown) => void
}

/**
 * About half a minute in total. While the API server does not respond, the helper could not write
 * Secrets either.
 */
const PAUSES_MS = [200, 500, 1_000, 2_000, 5_000, 10_000, 10_000]
/**
 * The longest time for which namespaces wait for a write of the helper's own copy, because a
 * webhook may let the write hang.
 */
const LONGEST_WAIT_MS = 2_000

/**
 * Keeps the log of credentials in the helper's own copy. The controller writes that copy, like any
 * other Secret.
 */
export function createCredentialLog(options: CredentialLogOptions) {
  const { clock } = options
  const { carried = EMPTY_LOG, isNeeded = () => true } = options
  let state: LogState = {
    ...carried,
    copy: 'unread',
    logged: byName(options.rename([...carried.logged.values()])),
  }
  let isOpen = false
  let cancel: (() => void) | undefined

  function send(event: LogEvent): void {
    const wasStuck = state.isStuck
    state = logStep(state, event)
    wait()
    if (wasStuck !== state.isStuck) options.onStuck(state.isStuck)
  }

  function wait(): void {
    if (state.pending.size === 0 || state.isStuck) {
      cancel?.()
      cancel = undefined
    } else if (isOpen) {
      cancel ??= clock.after(LONGEST_WAIT_MS, () => {
        cancel = undefined
        send({ type: 'stuck' })
        options.onChange()
      })
    }
  }

  const readOnce = singleFlight(async (signal: AbortSignal) => {
    const before = state
    const secret = await requestOwnCopy(options, signal)
    options.onRead(secret)
    // If our own write completed meanwhile, it is newer than what was read.
    if (state.copy !== before.copy && state.copy !== 'unread') return
    const copy = readOwnCopy(secret, options.instance)
    const credentials = options.rename(copy.credentials).filter(({ name }) => isNeeded(name))
    send({ type: 'read', copy: { ...copy, credentials } })
    const found = [...state.logged.values()].filter(({ name, token }) => {
      const known = before.pending.get(name) ?? before.logged.get(name)
      return !state.pending.has(name) && (known === undefined || !sameLogin(known.token, token))
    })
    options.onFound(found)
    const isSame = state.last === before.last && state.uid === before.uid && state.pending.size === before.pending.size
    if (found.length > 0 || !isSame) options.onChange()
  })

  return {
    get state() {
      return state
    },
    send,
    /** Namespaces are served from now on. */
    open(): void {
      isOpen = true
      wait()
    },
    obtained(credentials: readonly Credential[]): void {
      send({ type: 'obtained', credentials })
      options.onChange()
    },
    /** Reads the helper's own copy. Returns false if it cannot be read. */
    async read(signal: AbortSignal): Promise<boolean> {
      try {
        await readOnce(signal)
        return true
      } catch (error) {
        if (!signal.aborted) options.onFailure(error)
        return false
      }
    },
    /**
     * Reads the helper's own copy, with retries. If it stays unreadable, new credentials are
     * requested.
     */
    async readFirst(signal: AbortSignal): Promise<void> {
      for (const pause of [...PAUSES_MS, undefined]) {
        try {
          return await readOnce(signal)
        } catch (error) {
          if (signal.aborted) return
          options.onFailure(error)
          if (pause === undefined || hasStatus(error, 403)) return
          await sleep(clock, pause, signal).catch(() => undefined)
        }
      }
    },
    stop: () => cancel?.(),
  }
}
