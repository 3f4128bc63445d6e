import http from 'node:http'
import https from 'node:https'
import { NopassError } from '../../errors.ts'
import { agentProxy, proxyOf } from '../../proxy-rules.ts'

/** An archive of helm has about 20 MB. */
const LIMIT_MS = 300_000
const LIMIT_BYTES = 200 * 1024 * 1024
const REDIRECTS = 5

/**
 * The bytes behind an address, through the proxy that the environment names; redirects are followed, for what counts is
 * the checksum. Global `fetch` knows no proxy.
 * @throws NopassError `HELM_DOWNLOAD_FAILED`
 */
export async function fetchArchive(
  url: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
  limit: number = LIMIT_BYTES,
): Promise<Buffer> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)])
  try {
    let address = new URL(url)
    for (let left = REDIRECTS; ; left--) {
      const answer = await exchange(address, environment, either, limit)
      if (answer.status === 200) return answer.body
      if (answer.location === undefined || left === 0) {
        throw new NopassError(
          'HELM_DOWNLOAD_FAILED',
          `${withoutLogin(address.href)} was answered with ${answer.status}`,
        )
      }
      address = new URL(answer.location, address)
    }
  } catch (cause) {
    if (cause instanceof NopassError || signal.aborted) throw cause
    throw new NopassError('HELM_DOWNLOAD_FAILED', `${withoutLogin(url)} cannot be fetched`, {
      cause,
      reason: reasonOf(cause),
    })
  }
}

/** An address as messages name it: a mirror's may hold a user and a password. */
export function withoutLogin(address: string): string {
  return address.replace(/^(\w+:\/\/)[^/?#]*@/, '$1')
}

interface Answer {
  readonly status: number
  readonly location: string | undefined
  readonly body: Buffer
}

function exchange(url: URL, environment: NodeJS.ProcessEnv, signal: AbortSignal, limit: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const receive = (incoming: http.IncomingMessage): void => {
      const { statusCode: status = 0, headers } = incoming
      const chunks: Buffer[] = []
      let size = 0
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > limit) incoming.destroy(new Error(`the archive is larger than ${limit / 1024 / 1024} MiB`))
        else chunks.push(chunk)
      })
      incoming.on('error', reject)
      // A peer that closes in the middle of a body ends the stream without `end`.
      incoming.on('close', () => reject(new Error('the connection was cut in the middle of the archive')))
      incoming.on('end', () => {
        const location = status >= 300 && status < 400 ? headers.location : undefined
        resolve({ status, location, body: Buffer.concat(chunks) })
      })
    }
    const proxy = agentProxy(proxyOf(url, environment))
    const outgoing =
      url.protocol === 'https:'
        ? https.get(url, { agent: new https.Agent(proxy), signal }, receive)
        : http.get(url, { agent: new http.Agent(proxy), signal }, receive)
    outgoing.on('error', reject)
  })
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? ('code' in cause && String(cause.code)) || cause.message : String(cause)
}
