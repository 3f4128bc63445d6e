import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCloudClock, systemTime } from './cloud-clock.ts'
import { createHttpSender } from './http-sender.ts'
import { createTransport, type Transport } from './transport.ts'

/** The transport of a running program, over this machine's clocks and the given environment's proxies. */
export function createDefaultTransport(options: {
  readonly version: string
  /** Values' `caBundle`. */
  readonly ca?: string | undefined
  readonly env?: NodeJS.ProcessEnv | undefined
  /** Milliseconds for one attempt, and attempts in all, where somebody waits; else as createTransport has it. */
  readonly timeout?: number
  readonly attempts?: number
}): Transport {
  return createTransport({
    send: createHttpSender({ ca: options.ca, proxyEnv: options.env }),
    clock: createCloudClock(systemTime()),
    random: Math.random,
    nonce: randomUUID,
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { ...(signal && { signal }) }),
    ...(options.timeout !== undefined && { timeout: options.timeout }),
    ...(options.attempts !== undefined && { attempts: options.attempts }),
    userAgent: `acr-nopass/${options.version}`,
  })
}
