/** One request as the transport sends it. */
export interface TransportRequest {
  readonly method: string
  readonly path: string
  readonly accept: string
  readonly contentType?: string
  readonly body?: string | Buffer
  /** Until the head of the answer is there, and then again until its end (but for a watch), milliseconds. */
  readonly timeoutMs: number
  /** A watch gets a connection of its own, so that it never takes one from calls. */
  readonly lane: 'call' | 'watch'
}
