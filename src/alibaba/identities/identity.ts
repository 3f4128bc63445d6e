import { NopassError } from '../../errors.ts'
import type { CredentialProvider } from '../credentials.ts'
import type { CloudTransport } from '../transport/cloud-transport.ts'
import type { Endpoints } from '../transport/endpoints.ts'
import { createAccessKeyProvider, type ReadText, readMounted } from './access-key.ts'
import {
  type AssumeRoleStep,
  createAssumedRoleProvider,
  createOidcRoleProvider,
  type SessionLimit,
} from './assumed-role.ts'
import { createWorkerRoleProvider } from './worker-role.ts'

/** `identity` in the values. */
export interface IdentityConfig {
  readonly type: 'rrsa' | 'worker-role' | 'access-key'
  readonly rrsa?: { readonly roleArn?: string | undefined; readonly oidcProviderArn?: string | undefined } | undefined
  readonly workerRole?: { readonly imdsV1?: boolean | undefined; readonly eciRoleName?: string | undefined } | undefined
}

export interface IdentityDeps {
  readonly transport: CloudTransport
  readonly endpoints: Endpoints
  /** The region of the STS endpoint: the cluster's region, else the registry's. */
  readonly region: string
  readonly readText: ReadText
  /** Folder with `accessKeyId` and `accessKeySecret`. */
  readonly accessKeyDir: string
  readonly oidcTokenFile?: string | undefined
  /** Shown in ActionTrail. */
  readonly sessionName: string
}

/**
 * Creates the configured identity, followed by its chain of roles. There is no fallback.
 * @throws IDENTITY_UNAVAILABLE if its settings are incomplete
 */
export function createIdentity(
  config: IdentityConfig,
  chain: readonly AssumeRoleStep[],
  deps: IdentityDeps,
): CredentialProvider {
  const base = createBase(config, deps)
  return chain.length === 0 ? base : createAssumedRoleProvider(base, chain, roleTarget(deps))
}

/**
 * Creates the same identity with a limit on its last session. `identity` returns the identity of
 * the steps before that session, so that several limited sessions can share them.
 * @throws IDENTITY_UNAVAILABLE if the helper does not create that session itself
 */
export function createLimitedIdentity(
  config: IdentityConfig,
  chain: readonly AssumeRoleStep[],
  deps: IdentityDeps,
  limit: SessionLimit,
  identity: (chain: readonly AssumeRoleStep[]) => CredentialProvider,
): CredentialProvider {
  if (chain.length > 0) {
    return createAssumedRoleProvider(identity(chain.slice(0, -1)), chain.slice(-1), roleTarget(deps), limit)
  }
  if (config.type === 'rrsa') return createBase(config, deps, limit)
  const hint = 'Add a role to assumeRole of the entry, or use identity.type rrsa.'
  throw new NopassError('IDENTITY_UNAVAILABLE', `a session of ${config.type} cannot be limited`, { hint })
}

function createBase(config: IdentityConfig, deps: IdentityDeps, limit?: SessionLimit): CredentialProvider {
  const { transport, readText, accessKeyDir, oidcTokenFile } = deps
  switch (config.type) {
    case 'worker-role': {
      const endpoint = deps.endpoints.url('imds')
      return createWorkerRoleProvider({ transport, endpoint, ...config.workerRole })
    }
    case 'rrsa': {
      const { roleArn, oidcProviderArn } = config.rrsa ?? {}
      if (!roleArn || !oidcProviderArn || !oidcTokenFile) {
        const needed = 'identity.rrsa.roleArn, identity.rrsa.oidcProviderArn and a mounted token'
        throw new NopassError('IDENTITY_UNAVAILABLE', `rrsa needs ${needed}`)
      }
      const token = { whose: 'rrsa', file: oidcTokenFile, hint: TOKEN_HINT }
      const oidcToken = (signal: AbortSignal) => readMounted(token, readText, signal)
      const role = { roleArn, oidcProviderArn, oidcToken, sessionName: deps.sessionName, ...limit }
      return createOidcRoleProvider({ name: 'rrsa', ...stsTarget(deps), ...role })
    }
    case 'access-key':
      return createAccessKeyProvider(accessKeyDir, readText)
  }
}

const stsTarget = (deps: IdentityDeps) => ({
  transport: deps.transport,
  ...deps.endpoints.locate('sts', deps.region),
})

const roleTarget = (deps: IdentityDeps) => ({ ...stsTarget(deps), sessionName: deps.sessionName })

const TOKEN_HINT = 'The chart mounts it when identity.type is rrsa; outside a cluster pass --oidc-token-file.'
