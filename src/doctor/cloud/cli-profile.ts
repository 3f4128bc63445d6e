import type { Credentials } from '../../alibaba/credentials.ts'

interface Profile {
  readonly name?: unknown
  readonly mode?: unknown
  readonly access_key_id?: unknown
  readonly access_key_secret?: unknown
  readonly sts_token?: unknown
}

/**
 * The key of a profile in the CLI's `~/.aliyun/config.json`: the named one, else the current one. Undefined where it has
 * none of its own (modes other than `AK` and `StsToken`), or the text is no such file.
 */
export function profileCredentials(text: string, name: string | undefined): Credentials | undefined {
  const { current, profiles } = parse(text)
  const wanted = name || current
  const profile = Array.isArray(profiles) ? profiles.find((one: Profile | null) => one?.name === wanted) : undefined
  const { mode, access_key_id: id, access_key_secret: secret, sts_token: token } = (profile ?? {}) as Profile
  if (typeof id !== 'string' || typeof secret !== 'string' || id === '' || secret === '') return undefined
  if (mode === 'AK') return { accessKeyId: id, accessKeySecret: secret }
  if (mode !== 'StsToken' || typeof token !== 'string' || token === '') return undefined
  return { accessKeyId: id, accessKeySecret: secret, securityToken: token }
}

function parse(text: string): { readonly current?: unknown; readonly profiles?: unknown } {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}
