import { NopassError } from '../../errors.ts'
import { parseObject, textOf } from '../../lib/json.ts'
import type { HttpSender } from '../transport/http-sender.ts'

export type IdTokenSource = (audience: string, signal?: AbortSignal) => Promise<string>

/**
 * Requests the job's ID token from the runner, as `@actions/core` does. That package is not used,
 * because its client would load 400 KB of HTTP library at every start. Undefined without `id-token:
 * write`.
 */
export function idTokenSource(
  env: NodeJS.ProcessEnv,
  send: HttpSender,
  mask: (secret: string) => void,
): IdTokenSource | undefined {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env
  if (!address || !bearer) return undefined
  return async (audience, signal) => {
    const url = new URL(address)
    url.searchParams.set('audience', audience)
    const headers = { authorization: `Bearer ${bearer}`, accept: 'application/json; api-version=2.0' }
    const response = await withRetries(() => send({ url, method: 'GET', headers, timeout: 10_000 }, signal), signal)
    const token = response.status === 200 ? textOf(parseObject(response.text)?.value) : ''
    if (token === '') {
      throw new NopassError('CREDENTIALS_MISSING', `the runner returned no ID token (HTTP ${response.status})`, {
        hint: 'Check `permissions: id-token: write` of the job; if it is there, GitHub may be failing: run again.',
      })
    }
    mask(token)
    return token
  }
}

/** GitHub's token service fails occasionally, so a request is tried three times. */
async function withRetries<T extends { readonly status: number }>(
  attempt: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { setTimeout: sleep } = await import('node:timers/promises')
  for (let left = 2; ; left--) {
    const response = await attempt().catch((cause) => {
      if (left > 0 && !signal?.aborted) return undefined
      throw new NopassError('CREDENTIALS_MISSING', 'the request for an ID token to the runner failed', { cause })
    })
    if (response !== undefined && (response.status < 500 || left === 0)) return response
    await sleep(500 + Math.random() * 1000, undefined, { ...(signal && { signal }) })
  }
}

/** Takes the place of the source in a job without ID tokens. */
export async function missingIdToken(): Promise<string> {
  throw new NopassError('CREDENTIALS_MISSING', 'the job has no ID token with which to assume a role', {
    hint: 'Add `permissions: { id-token: write, contents: read }` to the job; jobs from forks and Dependabot never get one.',
  })
}
