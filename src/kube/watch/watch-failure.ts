import { hasStatus, KubeApiError } from '../api-error.ts'

/** Creates the error that an event `ERROR` reports. */
export function errorOf(path: string, object: unknown): KubeApiError {
  const { code, reason } = object as { code?: unknown; reason?: unknown }
  return new KubeApiError(typeof code === 'number' ? code : 500, `WATCH ${path} was ended by the server`, {
    reason: typeof reason === 'string' ? reason : undefined,
  })
}

export function rewound(path: string): KubeApiError {
  return new KubeApiError(410, `${path}: the server's resource versions went back; it is listed again`)
}

/**
 * True if our version is no longer, or not yet, in the server's history (apiserver,
 * storage.NewTooLargeResourceVersionError).
 */
export function isVersionLost({ status, reason, message }: KubeApiError): boolean {
  return status === 410 || reason === 'Expired' || (status === 504 && message.includes('Too large resource version'))
}

/**
 * Servers before 1.32, and servers without the feature, respond with 422
 * (docs/en/decisions.md#watch-list), older servers with 400.
 */
export function isWatchListRefused(error: unknown): boolean {
  return hasStatus(error, 400, 422)
}
