import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { NopassError } from '../../errors.ts'

/**
 * A free TCP port, for a program that cannot choose one itself. It is below the range of ports for outgoing connections, so
 * only another call of this function could take it in the meantime.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(18_000, 32_000)
    if (await isFree(port, host)) return port
  }
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer()
  try {
    await Promise.all([once(server, 'listening'), server.listen({ port, host, exclusive: true })])
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

const ATTEMPTS = 4

/** Starts a server on a port that was free a moment ago, and retries if another program took it. */
export async function retryPort<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      const taken = error instanceof NopassError && /address already in use/i.test(error.message)
      if (!taken || attempt === ATTEMPTS) throw error
    }
  }
}
