/** Measures from `Date` headers how far this machine's clock is ahead of the API server's. */
export function createServerClock() {
  let aheadMs: number | undefined
  return {
    learn(date: string): void {
      const serverTime = Date.parse(date)
      if (Number.isFinite(serverTime)) aheadMs = Date.now() - serverTime
    },
    /** Milliseconds. Undefined before the first response. */
    aheadMs: () => aheadMs,
  }
}
