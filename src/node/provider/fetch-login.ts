import { refreshAt } from '../../acr/refresh-schedule.ts'
import { createTokenSource } from '../../acr/token-source.ts'
import type { CredentialProvider } from '../../alibaba/credentials.ts'
import {
  type AssumeRoleStep,
  createAssumedRoleProvider,
  createOidcRoleProvider,
  type SessionLimit,
} from '../../alibaba/identities/assumed-role.ts'
import { createIdentity } from '../../alibaba/identities/identity.ts'
import type { CloudTransport } from '../../alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../../alibaba/transport/endpoints.ts'
import { NopassError } from '../../errors.ts'
import { MAX_SESSION_POLICY, sessionPolicy } from '../../policy/session-policy.ts'
import type { NodeConfig } from '../node-config.ts'
import type { Candidate } from './choose-entries.ts'
import type { PullIdentity } from './choose-identity.ts'
import type { StoredLogin } from './login-record.ts'

/** A login that a request wants. */
export interface WantedLogin extends Candidate {
  readonly identity: PullIdentity
}

export type FetchLogin = (wanted: WantedLogin, signal: AbortSignal) => Promise<Omit<StoredLogin, 'cloudAhead'>>

/** Without a chain, the node's session comes from the metadata service and cannot be limited. */
export function canLimit({ identity, values }: Pick<WantedLogin, 'identity' | 'values'>): boolean {
  return identity.kind === 'service-account' || values.assumeRole.length > 0
}

interface FetchLoginDeps {
  readonly config: NodeConfig
  readonly transport: CloudTransport
  readonly random: () => number
}

/** Returns a function that requests a login from the cloud. */
export function createFetchLogin({ config, transport, random }: FetchLoginDeps): FetchLogin {
  const endpoints = createEndpoints({ overrides: config.endpoints, region: config.region, network: config.network })
  return async (wanted, signal) => {
    const { values, identity } = wanted
    const repositories = canLimit(wanted) ? wanted.repositories : undefined
    const region = config.region || values.region || ''
    const sessionName = sessionNameOf(identity)
    const target = { transport, ...endpoints.locate('sts', region), sessionName }
    const limit = repositories && { sessionName, policy: policyOf(values, repositories) }
    const deps = {
      transport,
      endpoints,
      random,
      region,
      sessionName,
      readText: noFile,
      secretsDir: '',
      accessKeyDir: '',
    }
    const identityOf = (chain: readonly AssumeRoleStep[]): CredentialProvider => {
      if (identity.kind === 'worker-role' && chain.length === 0) return createIdentity(WORKER_ROLE, [], deps)
      const first = chain.length === 0 ? limit : undefined
      const base =
        identity.kind === 'worker-role'
          ? createIdentity(WORKER_ROLE, [], deps)
          : accountIdentity(config, identity, { ...target, ...first })
      return createAssumedRoleProvider(base, chain, target, limit)
    }
    const source = createTokenSource(values, { ...deps, identity: identityOf, identityConfig: {}, repositories })
    const token = await source.get(signal)
    const expiresAt = token.expiresAt ?? token.issuedAt
    const schedule = { random: random(), sharedSession: source.sharedSession, spread: 'usual' } as const
    const { username, password, domains } = token
    return { username, password, domains, expiresAt, refreshAt: refreshAt(token, schedule) ?? expiresAt }
  }
}

const WORKER_ROLE = { type: 'worker-role' } as const

function accountIdentity(
  { oidcProviderArn = '' }: Pick<NodeConfig, 'oidcProviderArn'>,
  { roleArn, account }: Extract<PullIdentity, { kind: 'service-account' }>,
  target: Parameters<typeof createAssumedRoleProvider>[2] & Partial<SessionLimit>,
): CredentialProvider {
  const oidcToken = async (): Promise<string> => account.token
  return createOidcRoleProvider({ name: 'service-account', ...target, roleArn, oidcProviderArn, oidcToken })
}

/** Auditors find the session in ActionTrail by the ServiceAccount. */
function sessionNameOf(identity: PullIdentity): string {
  if (identity.kind === 'worker-role') return 'acr-nopass.node'
  return `acr-nopass.${identity.account.namespace}.${identity.account.name}`
}

function policyOf(values: Candidate['values'], repositories: readonly string[]): string {
  const policy = sessionPolicy(values, repositories)
  if (policy.length <= MAX_SESSION_POLICY) return policy
  throw new NopassError(
    'LIMIT_TOO_LONG',
    `the session policy for the registry ${values.name} has more than ${MAX_SESSION_POLICY} characters`,
  )
}

async function noFile(): Promise<string> {
  throw new NopassError('CREDENTIALS_MISSING', 'a node has no files with logins')
}
