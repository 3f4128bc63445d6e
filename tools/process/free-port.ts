import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { TestbedError } from '../testbed-error.ts'

/**
 * Returns a free TCP port for a program that cannot choose a port itself. The port is below the
 * range for outgoing connections, so that no connection takes it in the meantime.
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

/** Calls `start` again, up to three times, if its chosen port was taken in the meantime. */
export async function retryPort<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      const taken = error instanceof TestbedError && /address already in use/i.test(error.message)
      if (!taken || attempt === ATTEMPTS) throw error
    }
  }
}
