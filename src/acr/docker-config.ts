import { NopassError } from '../errors.ts'
import { parseJson } from '../lib/json.ts'
import type { RegistryToken } from './registry-token.ts'

/**
 * `auth`: what the kubelet needs. `full`: also user name and password, for tools that read only
 * these two.
 */
export type AuthFormat = 'auth' | 'full'

export type RegistryLogin = Pick<RegistryToken, 'username' | 'password' | 'domains'>

/**
 * Builds the content of `.dockerconfigjson`. The same logins give the same bytes, whatever the
 * order of their domains. If two logins claim a domain, the earlier login gets the domain.
 */
export function buildDockerConfig(logins: readonly RegistryLogin[], format: AuthFormat): string {
  const auths = new Map<string, { auth: string; username?: string; password?: string }>()
  for (const { username, password, domains } of logins) {
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    const entry = format === 'full' ? { auth, username, password } : { auth }
    for (const domain of domains) if (!auths.has(domain)) auths.set(domain, entry)
  }
  // `JSON.stringify` of one object would put keys that look like numbers first.
  const lines = [...auths.keys()]
    .sort()
    .map((domain) => `${JSON.stringify(domain)}:${JSON.stringify(auths.get(domain))}`)
  return `{"auths":{${lines.join(',')}}}`
}

/**
 * Returns the logins in a `.dockerconfigjson`, one per domain, in the order of the file.
 * @throws DOCKER_CONFIG_INVALID, which never quotes the content
 */
export function readDockerConfig(text: string): readonly RegistryLogin[] {
  const content = parseJson(text, () => invalid('it is not JSON'))
  const auths = (content as { auths?: unknown } | undefined)?.auths
  if (typeof auths !== 'object' || auths === null) throw invalid('it has no auths')
  return Object.entries(auths).map(([domain, entry]: [string, { auth?: unknown } | null]) => {
    const login = Buffer.from(typeof entry?.auth === 'string' ? entry.auth : '', 'base64').toString()
    const colon = login.indexOf(':')
    if (colon < 1) throw invalid(`the entry of ${JSON.stringify(domain)} has no auth`)
    return { username: login.slice(0, colon), password: login.slice(colon + 1), domains: [domain] }
  })
}

function invalid(why: string): NopassError {
  return new NopassError('DOCKER_CONFIG_INVALID', `the .dockerconfigjson cannot be read: ${why}`)
}
