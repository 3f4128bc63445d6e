import { NopassError } from '../../errors.ts'

export interface RegistryLogin {
  readonly username: string
  readonly password: string
}

/**
 * Asks the token server that a registry's 401 names for a token (distribution's token authentication), as a client of ours does.
 * @throws NopassError SANDBOX_REGISTRY when there is no challenge or the login is refused
 */
export async function fetchRegistryToken(
  challenge: string | null,
  login: RegistryLogin | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const parameters = new Map([...(challenge ?? '').matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1], match[2]]))
  const realm = parameters.get('realm')
  if (!challenge?.startsWith('Bearer ') || realm === undefined) {
    throw new NopassError('SANDBOX_REGISTRY', 'the registry asked for no token')
  }
  const url = new URL(realm)
  for (const name of ['service', 'scope']) url.searchParams.set(name, parameters.get(name) ?? '')
  const headers = login && {
    authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`,
  }
  const answer = await fetch(url, { ...(headers && { headers }), ...(signal && { signal }) })
  const body = (await answer.json()) as { token?: string; access_token?: string }
  const token = body.token ?? body.access_token
  if (!answer.ok || token === undefined) {
    throw new NopassError(
      'SANDBOX_REGISTRY',
      `the token server answered ${answer.status} to ${login?.username ?? 'an anonymous client'}`,
    )
  }
  return token
}
