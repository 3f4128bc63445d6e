import { NopassError } from '../../errors.ts'
import { isUntrusted, KubeApiError } from '../api-error.ts'

/** The server switched to another protocol, which was not requested. */
export class MalformedResponse extends Error {}

export interface Target {
  readonly host: string
  /** The proxy's URL without user and password. */
  readonly proxy: string | undefined
}

/** Returns the error that a failed request reports. */
export function requestFailureOf(title: string, target: Target, cause: unknown, answered: boolean): NopassError {
  if (cause instanceof NopassError) return cause
  const { code, statusCode } = cause as NodeJS.ErrnoException & { readonly statusCode?: number }
  if (cause instanceof MalformedResponse || code?.startsWith('HPE_')) {
    return new KubeApiError(0, `${title} returned something that is not HTTP`, { code: 'KUBE_BAD_ANSWER' })
  }
  const { host, proxy } = target
  if (code === 'ERR_PROXY_TUNNEL') {
    // Node's message quotes the proxy's own text.
    const outcome = statusCode === undefined ? 'closed the connection' : `returned ${statusCode}`
    const message = `${title} did not reach ${host}: the proxy ${proxy} ${outcome}`
    return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE', reason: code })
  }
  if (isUntrusted(code)) {
    const hint = /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/.test(code ?? '')
      ? 'Renew that certificate; if it is current, set the clock of this machine.'
      : 'Use the authority that issued it (`certificate-authority-data`) and a name that it has (`tls-server-name`); certificates are always verified, also with `insecure-skip-tls-verify`.'
    const message = `${title} was not sent: the certificate of ${host} is not trusted`
    return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE', cause, reason: code, hint })
  }
  const way = proxy === undefined ? '' : ` through the proxy ${proxy}`
  const message = answered
    ? `${title}: the connection broke in the middle of the response`
    : `${title} did not reach ${host}${way}`
  return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE', cause, reason: code })
}

export function timedOut(title: string, timeoutMs: number): KubeApiError {
  const message = `${title} did not complete within ${timeoutMs / 1000} s`
  return new KubeApiError(0, message, { code: 'KUBE_TIMEOUT' })
}

export function notSent(title: string): KubeApiError {
  const message = `${title} was not sent: the caller no longer needed it when a connection was available`
  return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE' })
}

/**
 * Maps the error that Node throws instead of sending: a line break in a token or a path would end
 * the header or the request line.
 */
export function refusedByNode(title: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ERR_INVALID_CHAR' && code !== 'ERR_UNESCAPED_CHARACTERS') return error
  return new NopassError('KUBE_CONNECTION', `${title}: a header has a character that is not allowed`)
}

/** True if the peer closed the connection. */
export function isClosed(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ECONNRESET' || code === 'EPIPE'
}
