import type { CredentialProvider } from '../../alibaba/credentials.ts'
import { createEnvironmentProvider } from '../../alibaba/identities/access-key.ts'
import { createAssumedRoleProvider, createOidcRoleProvider } from '../../alibaba/identities/assumed-role.ts'
import { missingIdToken } from '../../alibaba/identities/github-token.ts'
import { masking } from '../../alibaba/identities/masking.ts'
import { createRam, type Ram } from '../../alibaba/ram.ts'
import { type CallerIdentity, getCallerIdentity } from '../../alibaba/sts.ts'
import type { AbortableTarget, CloudTransport } from '../../alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../../alibaba/transport/endpoints.ts'
import type { CloudAccess } from '../cluster/cluster-run.ts'
import type { ClusterSettings, Settings } from '../inputs/settings.ts'

export interface CloudDeps {
  readonly transport: CloudTransport
  readonly environment: NodeJS.ProcessEnv
  /** Requests the job's ID token for an audience. Undefined outside of a workflow. */
  readonly getIdToken: ((audience: string, signal?: AbortSignal) => Promise<string>) | undefined
  /** Identifies the run in ActionTrail. */
  readonly sessionName: string
  /** Called with every secret before it is used. */
  readonly mask: (secret: string) => void
}

/** Creates access to the cloud, with one session per identity. */
export function createCloudAccess(settings: Settings, deps: CloudDeps): CloudAccess {
  const { inputs } = settings
  // Runners are outside the VPC, so public endpoints are used unless an override is set.
  const endpoints = createEndpoints({ overrides: settings.endpoints, network: 'public' })
  const providers = new Map<string, CredentialProvider>()
  const target = {
    transport: deps.transport,
    endpoint: endpoints.url('sts', inputs.region),
    sessionName: inputs['role-session-name'] || deps.sessionName,
  }
  const callers = new Map<CredentialProvider, Promise<CallerIdentity>>()

  function once(key: string, create: () => CredentialProvider): CredentialProvider {
    const known = providers.get(key) ?? masking(create(), deps.mask)
    providers.set(key, known)
    return known
  }

  function byToken(roleArn: string, oidcProviderArn: string): CredentialProvider {
    const getIdToken = deps.getIdToken ?? missingIdToken
    return createOidcRoleProvider({
      ...target,
      name: 'github',
      roleArn,
      oidcProviderArn,
      durationSeconds: inputs['session-duration'],
      oidcToken: (signal) => getIdToken(inputs.audience, signal),
    })
  }

  /**
   * The identity without a deploy role: the job's role by its ID token, or the credentials in its
   * environment.
   */
  function jobIdentity(): CredentialProvider {
    const role = inputs['role-to-assume']
    return role ? byToken(role, inputs['oidc-provider-arn']) : createEnvironmentProvider(deps.environment)
  }

  function credentialsFor({ deployRole, oidcProviderArn }: ClusterSettings): CredentialProvider {
    if (deployRole === undefined) return once('', jobIdentity)
    if (oidcProviderArn !== undefined) {
      return once(`${deployRole} ${oidcProviderArn}`, () => byToken(deployRole, oidcProviderArn))
    }
    // The job's one session assumes the roles of all accounts.
    return once(deployRole, () => createAssumedRoleProvider(once('', jobIdentity), [{ roleArn: deployRole }], target))
  }

  return {
    credentialsFor,
    cs: (cluster: ClusterSettings, region: string, signal: AbortSignal): AbortableTarget => ({
      transport: deps.transport,
      signal,
      endpoint: endpoints.url('cs', region),
      credentials: credentialsFor(cluster),
    }),
    ram: (cluster: ClusterSettings): Ram =>
      createRam({ transport: deps.transport, endpoint: endpoints.url('ram'), credentials: credentialsFor(cluster) }),
    caller(cluster: ClusterSettings, signal?: AbortSignal): Promise<CallerIdentity> {
      const credentials = credentialsFor(cluster)
      const known = callers.get(credentials) ?? getCallerIdentity(target, credentials, signal)
      callers.set(credentials, known)
      known.catch(() => callers.delete(credentials))
      return known
    },
  }
}
