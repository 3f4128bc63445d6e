import { NopassError } from '../../errors.ts'
import type { CredentialProvider } from '../credentials.ts'
import type { CloudTransport } from '../transport/cloud-transport.ts'
import type { Endpoints } from '../transport/endpoints.ts'
import { createAccessKeyProvider, type ReadText } from './access-key.ts'
import { type AssumeRoleStep, createAssumedRoleProvider, createOidcRoleProvider } from './assumed-role.ts'
import { createWorkerRoleProvider } from './worker-role.ts'

/** Values' `identity`. */
export interface IdentityConfig {
  readonly type: 'rrsa' | 'worker-role' | 'access-key'
  readonly rrsa?: { readonly roleArn?: string | undefined; readonly oidcProviderArn?: string | undefined } | undefined
  readonly workerRole?: { readonly imdsV1?: boolean | undefined; readonly eciRoleName?: string | undefined } | undefined
}

export interface IdentityDeps {
  readonly transport: CloudTransport
  readonly endpoints: Endpoints
  /** Region of the STS endpoint: the cluster's, else the registry's. */
  readonly region: string
  readonly readText: ReadText
  /** Folder with `accessKeyId` and `accessKeySecret`. */
  readonly accessKeyDir: string
  readonly oidcTokenFile?: string | undefined
  /** Shown in ActionTrail. */
  readonly sessionName: string
}

/**
 * The configured identity, followed by its chain of roles; there is no fallback.
 * @throws IDENTITY_UNAVAILABLE when its settings are incomplete
 */
export function createIdentity(
  config: IdentityConfig,
  chain: readonly AssumeRoleStep[],
  deps: IdentityDeps,
): CredentialProvider {
  const base = createBase(config, deps)
  if (chain.length === 0) return base
  return createAssumedRoleProvider(base, chain, { ...stsTarget(deps), sessionName: deps.sessionName })
}

function createBase(config: IdentityConfig, deps: IdentityDeps): CredentialProvider {
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
      const oidcToken = (signal: AbortSignal) => readToken(oidcTokenFile, readText, signal)
      const { sessionName } = deps
      return createOidcRoleProvider({
        name: 'rrsa',
        ...stsTarget(deps),
        roleArn,
        oidcProviderArn,
        oidcToken,
        sessionName,
      })
    }
    case 'access-key':
      return createAccessKeyProvider(accessKeyDir, readText)
  }
}

const stsTarget = (deps: IdentityDeps) => ({
  transport: deps.transport,
  ...deps.endpoints.locate('sts', deps.region),
})

async function readToken(file: string, readText: ReadText, signal: AbortSignal): Promise<string> {
  try {
    return await readText(file, signal)
  } catch (cause) {
    throw new NopassError('CREDENTIALS_MISSING', `rrsa: the token file ${file} cannot be read`, {
      hint: 'The chart mounts it when identity.type is rrsa; outside a cluster pass --oidc-token-file.',
      cause,
    })
  }
}
