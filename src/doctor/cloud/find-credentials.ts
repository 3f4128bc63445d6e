import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CredentialProvider, Credentials } from '../../alibaba/credentials.ts'
import { createEnvironmentProvider } from '../../alibaba/identities/access-key.ts'
import { createOidcRoleProvider } from '../../alibaba/identities/assumed-role.ts'
import { parseObject, recordsOf } from '../../lib/json.ts'
import type { CloudSources } from './cloud-reader.ts'

export interface CredentialDeps extends Pick<CloudSources, 'transport' | 'endpoints'> {
  readonly env: NodeJS.ProcessEnv
}

/**
 * Finds the user's own credentials in the order of Alibaba Cloud's tools: variables with a key,
 * variables with a role and an OIDC token, then the profile of the CLI `aliyun`. Undefined if there
 * are none.
 */
export async function findCredentials(deps: CredentialDeps): Promise<CredentialProvider | undefined> {
  const { env, transport, endpoints } = deps
  if (env.ALIBABA_CLOUD_ACCESS_KEY_ID && env.ALIBABA_CLOUD_ACCESS_KEY_SECRET) return createEnvironmentProvider(env)
  const {
    ALIBABA_CLOUD_ROLE_ARN: roleArn,
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: oidcProviderArn,
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: tokenFile,
  } = env
  if (roleArn && oidcProviderArn && tokenFile) {
    return createOidcRoleProvider({
      name: 'environment',
      transport,
      endpoint: endpoints.url('sts'),
      roleArn,
      oidcProviderArn,
      oidcToken: (signal) => readFile(tokenFile, { encoding: 'utf8', signal }),
      sessionName: env.ALIBABA_CLOUD_ROLE_SESSION_NAME || 'acr-nopass-doctor',
    })
  }
  const text = env.HOME ? await readFile(join(env.HOME, '.aliyun', 'config.json'), 'utf8').catch(() => '') : ''
  const key = profileCredentials(text, env.ALIBABA_CLOUD_PROFILE)
  return key && { name: 'profile', sharedSession: false, get: async () => key, fresh: async () => key }
}

/**
 * Returns the key of a profile in the CLI's `~/.aliyun/config.json`. Without a name, the current
 * profile is used. Undefined if the profile has no key (modes other than `AK` and `StsToken`), or
 * the file is invalid.
 */
export function profileCredentials(text: string, name: string | undefined): Credentials | undefined {
  const { current, profiles } = parseObject(text) ?? {}
  const profile = recordsOf(profiles).find((one) => one.name === (name || current)) ?? {}
  const { mode, access_key_id: id, access_key_secret: secret, sts_token: token } = profile
  if (typeof id !== 'string' || typeof secret !== 'string' || id === '' || secret === '') return undefined
  if (mode === 'AK') return { accessKeyId: id, accessKeySecret: secret }
  if (mode !== 'StsToken' || typeof token !== 'string' || token === '') return undefined
  return { accessKeyId: id, accessKeySecret: secret, securityToken: token }
}
