import { API_VERSION } from '../provider-config.ts'

/** A login, and where and how long the kubelet may use it again. */
export interface ImageLogin {
  readonly username: string
  readonly password: string
  /** `host` or `host/namespace`: the kubelet uses the login for images below it. */
  readonly domain: string
  /** `Registry`: for all images of the host. `Image`: for this repository only. */
  readonly cacheKeyType: 'Registry' | 'Image'
  /** 0: the kubelet asks again for the next Pod. */
  readonly cacheSeconds: number
}

/**
 * Renders a CredentialProviderResponse. Without a login, the kubelet pulls as if there were no
 * plugin.
 */
export function renderResponse(login: ImageLogin | undefined): string {
  const { username, password } = login ?? {}
  return JSON.stringify({
    apiVersion: API_VERSION,
    kind: 'CredentialProviderResponse',
    cacheKeyType: login?.cacheKeyType ?? 'Image',
    cacheDuration: `${Math.max(0, Math.floor(login?.cacheSeconds ?? 0))}s`,
    auth: login === undefined ? {} : { [login.domain]: { username, password } },
  })
}
