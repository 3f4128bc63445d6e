import type { Credentials } from '../../src/alibaba/credentials.ts'
import { createCloudClock } from '../../src/alibaba/transport/cloud-clock.ts'
import {
  type AddressFallback,
  type CloudTransport,
  createCloudTransport,
} from '../../src/alibaba/transport/cloud-transport.ts'
import type { HttpRequest, HttpResponse } from '../../src/alibaba/transport/http-sender.ts'
import { type FakeTime, fakeTime } from './fake-time.ts'

export type Reply = HttpResponse | Error | (() => HttpResponse | Error)

export interface Scripted {
  readonly transport: CloudTransport
  readonly time: FakeTime
  /** The sent requests, in order. */
  readonly sent: HttpRequest[]
  /** The reported fallbacks to public addresses, in order. */
  readonly fallbacks: AddressFallback[]
  /** The waits between attempts, in milliseconds. */
  readonly waits: number[]
}

/** A JSON response. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers, text: JSON.stringify(body) }
}

/** Node's error of a connection that failed with this code. */
export function broken(code: string): Error {
  return Object.assign(new Error(`${code} at https://sts.example/?secret=1`), { code })
}

/** A transport whose peer responds from a list. The test controls the clock and the waits. */
export function scripted(
  replies: readonly Reply[],
  random = 0.5,
  outage?: { readonly attempts: number; readonly baseMs: number },
): Scripted {
  const time = fakeTime()
  const sent: HttpRequest[] = []
  const waits: number[] = []
  const fallbacks: AddressFallback[] = []
  let nonce = 0
  const transport = createCloudTransport({
    send: async (request) => {
      const reply = replies[sent.length]
      sent.push(request)
      const response = typeof reply === 'function' ? reply() : reply
      if (response === undefined) throw new Error(`request ${sent.length} was not expected: ${request.url}`)
      if (response instanceof Error) throw response
      return response
    },
    clock: createCloudClock(time),
    random: () => random,
    nonce: () => `nonce-${++nonce}`,
    sleep: async (milliseconds) => {
      waits.push(milliseconds)
      time.advance(milliseconds)
    },
    userAgent: 'acr-nopass/test',
    ...(outage && { outage }),
    onFallback: (fallback) => fallbacks.push(fallback),
  })
  return { transport, time, sent, waits, fallbacks }
}

export const KEY: Credentials = { accessKeyId: 'LTAItest', accessKeySecret: 'top-secret' }
