import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CredentialProvider } from '../../alibaba/credentials.ts'
import { createEnvironmentProvider } from '../../alibaba/identities/access-key.ts'
import { createOidcRoleProvider } from '../../alibaba/identities/oidc-role.ts'
import type { Endpoints } from '../../alibaba/transport/endpoints.ts'
import type { Transport } from '../../alibaba/transport/transport.ts'
import { profileCredentials } from './cli-profile.ts'

export interface CredentialDeps {
  readonly env: NodeJS.ProcessEnv
  readonly transport: Transport
  readonly endpoints: Endpoints
}

/**
 * The user's own credentials, where Alibaba Cloud's tools look for them: variables with a key, variables with a role and
 * an OIDC token, then the profile of the CLI `aliyun`. Undefined: there are none.
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
