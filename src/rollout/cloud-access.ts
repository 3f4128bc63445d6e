import { createEnvironmentProvider } from '../alibaba/access-key.ts'
import { createAssumedRoleProvider } from '../alibaba/assumed-role.ts'
import type { CredentialProvider } from '../alibaba/credentials.ts'
import type { CsTarget } from '../alibaba/cs.ts'
import { createEndpoints, type Endpoints } from '../alibaba/endpoints.ts'
import { createGithubIdentity } from '../alibaba/github-identity.ts'
import { loadRam, type Ram } from '../alibaba/ram.ts'
import { type CallerIdentity, getCallerIdentity } from '../alibaba/sts.ts'
import type { Transport } from '../alibaba/transport.ts'
import { NopassError } from '../errors.ts'
import type { ClusterSettings, Settings } from './settings.ts'

export interface CloudDeps {
  readonly transport: Transport
  readonly environment: NodeJS.ProcessEnv
  /** The job's ID token for an audience; undefined outside of a workflow. */
  readonly getIdToken: ((audience: string, signal?: AbortSignal) => Promise<string>) | undefined
  /** Shows up in ActionTrail: which run it was. */
  readonly sessionName: string
  /** Told of every secret before it is used. */
  readonly mask: (secret: string) => void
}

/** The cloud as the job's identity, or the deploy role of one cluster, sees it. One session an identity, not one a cluster. */
export interface CloudAccess {
  credentialsFor(cluster: ClusterSettings): CredentialProvider
  cs(cluster: ClusterSettings, region: string): CsTarget
  ram(cluster: ClusterSettings): Promise<Ram>
  caller(cluster: ClusterSettings, signal?: AbortSignal): Promise<CallerIdentity>
}

export function createCloudAccess(settings: Settings, deps: CloudDeps): CloudAccess {
  const { inputs } = settings
  // Runners are outside the VPC: public endpoints unless an override says otherwise.
  const endpoints = createEndpoints({ overrides: settings.endpoints, network: 'public' })
  const providers = new Map<string, CredentialProvider>()
  const callers = new Map<CredentialProvider, Promise<CallerIdentity>>()

  function credentialsFor(cluster: ClusterSettings): CredentialProvider {
    const key = `${cluster.deployRole ?? ''} ${cluster.oidcProviderArn ?? ''}`
    const known = providers.get(key) ?? createProvider(cluster, settings, deps, endpoints)
    providers.set(key, known)
    return known
  }

  return {
    credentialsFor,
    cs: (cluster, region) => ({
      transport: deps.transport,
      endpoint: endpoints.url('cs', region),
      credentials: credentialsFor(cluster),
    }),
    ram: (cluster) =>
      loadRam({ transport: deps.transport, endpoint: endpoints.url('ram'), credentials: credentialsFor(cluster) }),
    caller(cluster, signal) {
      const credentials = credentialsFor(cluster)
      const target = { transport: deps.transport, endpoint: endpoints.url('sts', inputs.region) }
      const known = callers.get(credentials) ?? getCallerIdentity(target, credentials, signal)
      callers.set(credentials, known)
      known.catch(() => callers.delete(credentials))
      return known
    },
  }
}

function createProvider(
  cluster: ClusterSettings,
  { inputs }: Settings,
  deps: CloudDeps,
  endpoints: Endpoints,
): CredentialProvider {
  const { transport, sessionName, mask } = deps
  const target = { transport, endpoint: endpoints.url('sts', inputs.region), sessionName }
  const byToken = (roleArn: string, oidcProviderArn: string): CredentialProvider =>
    masking(
      createGithubIdentity({
        ...target,
        roleArn,
        oidcProviderArn,
        audience: inputs.audience,
        durationSeconds: inputs['session-duration'],
        getIdToken: deps.getIdToken ?? missingIdToken,
      }),
      mask,
    )
  const { deployRole, oidcProviderArn } = cluster
  if (deployRole && oidcProviderArn) return byToken(deployRole, oidcProviderArn)
  const job = inputs['role-to-assume']
    ? byToken(inputs['role-to-assume'], inputs['oidc-provider-arn'])
    : masking(createEnvironmentProvider(deps.environment), mask)
  // Of a chain each link is masked, not only the last.
  return deployRole ? masking(createAssumedRoleProvider(job, [{ roleArn: deployRole }], target), mask) : job
}

async function missingIdToken(): Promise<string> {
  throw new NopassError('CREDENTIALS_MISSING', 'the job has no ID token to assume a role with', {
    hint: 'Add `permissions: { id-token: write, contents: read }` to the job; jobs of forks and of Dependabot never get one.',
  })
}

/** Every secret is masked before anything can print it. */
function masking(provider: CredentialProvider, mask: (secret: string) => void): CredentialProvider {
  const watch = async (work: ReturnType<CredentialProvider['get']>): ReturnType<CredentialProvider['get']> => {
    const credentials = await work
    mask(credentials.accessKeySecret)
    if (credentials.securityToken) mask(credentials.securityToken)
    return credentials
  }
  return { ...provider, get: (signal) => watch(provider.get(signal)), fresh: (signal) => watch(provider.fresh(signal)) }
}
