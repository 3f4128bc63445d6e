import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { NopassError } from '../../errors.ts'

/**
 * A TCP port that nobody listens on, for a program that cannot be told to choose one itself. Below the range from which
 * kernels take ports for outgoing connections, so that only another call like this one could take it meanwhile.
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

/** Starts a server on a port that was free a moment ago; when another program was faster, once more on the next. */
export async function retryPort<T>(start: () => Promise<T>, attempts = 4): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      const taken = error instanceof NopassError && /address already in use/i.test(error.message)
      if (!taken || attempt === attempts) throw error
    }
  }
}
