import type { CredentialProvider } from '../credentials.ts'
import type { StsTarget } from '../sts.ts'
import { createOidcRoleProvider } from './oidc-role.ts'

export interface GithubIdentityOptions extends StsTarget {
  readonly roleArn: string
  readonly oidcProviderArn: string
  /** Default `sts.aliyuncs.com`; must be among the provider's client ids. */
  readonly audience?: string | undefined
  readonly durationSeconds?: number | undefined
  /** Asks the runner for an ID token (`@actions/core` getIDToken); called again at each renewal. */
  readonly getIdToken: (audience: string, signal?: AbortSignal) => Promise<string>
  /** Shows up in ActionTrail: which run it was. */
  readonly sessionName: string
}

/** The workflow's role by GitHub's ID token: no stored key. */
export function createGithubIdentity(options: GithubIdentityOptions): CredentialProvider {
  const audience = options.audience ?? 'sts.aliyuncs.com'
  const oidcToken = (signal: AbortSignal): Promise<string> => options.getIdToken(audience, signal)
  return createOidcRoleProvider({ ...options, name: 'github', oidcToken })
}
