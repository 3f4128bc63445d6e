import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TestbedError } from '../../tools/testbed-error.ts'
import { createAuthority } from '../cluster/certificate.ts'
import { createControl } from './control.ts'
import { createRegistryTokenService } from './cr/registry-auth.ts'
import {
  addCluster,
  addOidcProvider,
  type ClusterRegistration,
  type OidcProviderRegistration,
} from './cs/registrations.ts'
import { dispatch } from './dispatch.ts'
import { createFaults, injectFault } from './faults.ts'
import { type Handler, type Listener, listen } from './http/listener.ts'
import { type CallRecord, readRequest } from './http/request.ts'
import { newId } from './identifiers.ts'
import { ApiError } from './operation.ts'
import { createRates } from './rates.ts'
import type { Seed } from './seed/generated/seed.ts'
import { loadSeed } from './seed/load-seed.ts'
import { readSeedFile } from './seed/read-seed.ts'
import type { Account, CloudState } from './state.ts'
import { createGithubOidc, GITHUB_ISSUER, type GithubJob } from './sts/github-oidc.ts'
import { createMetadataService, type MetadataService } from './sts/imds.ts'

export interface CloudOptions {
  /** Default: examples/sandbox/demo.yaml. */
  readonly seed?: Seed | undefined
  /** Default: a free port. */
  readonly port?: number | undefined
  /** Returns milliseconds since 1970; default: the machine's clock. */
  readonly clock?: (() => number) | undefined
  /** Also serve TLS, on another port. */
  readonly tls?: boolean | undefined
  /** Called after each call. */
  readonly onCall?: ((call: CallRecord) => void) | undefined
}

export const DEMO_SEED_FILE: string = fileURLToPath(new URL('../../examples/sandbox/demo.yaml', import.meta.url))

/** A running emulated Alibaba Cloud. */
export type Cloud = Awaited<ReturnType<typeof startCloud>>

/**
 * Starts an emulated Alibaba Cloud on 127.0.0.1.
 * @throws SEED_INVALID, SEED_UNREADABLE, SANDBOX_PORT
 */
export async function startCloud(options: CloudOptions = {}) {
  const seed = options.seed ?? (await readSeedFile(DEMO_SEED_FILE))
  const state = loadSeed(seed, options.clock ?? Date.now)
  const { main } = state
  // The keys of one emulated cloud are never stored.
  const authority = createAuthority('acr-nopass sandbox cloud')
  const tokenKey = authority.issue({ commonName: 'registry tokens', minutes: 365 * 24 * 60, keyType: 'rsa' })
  const github = createGithubOidc(state.now)
  state.issuers.set(GITHUB_ISSUER, github.jwks)
  const instances = summarize(state)
  const regionId = seed.region ?? instances[0]?.region ?? 'cn-hangzhou'
  const calls: CallRecord[] = []
  const record = (call: CallRecord): void => {
    calls.push(call)
    options.onCall?.(call)
  }
  const faults = createFaults()
  const throttle = createRates(state)
  const stopped = new AbortController()
  const { signal } = stopped

  /**
   * Serves one request by its path: the metadata service, OIDC, the registry's token server at
   * `/auth`, and the API at all other paths.
   */
  const serve = async (message: IncomingMessage, response: ServerResponse, imds: MetadataService): Promise<void> => {
    const request = await readRequest(message)
    const { path } = request
    if (path.startsWith('/oidc/idtoken/')) return github.serveToken(request, response)
    const isMetadata = /^\/(latest|2016-01-01)\//.test(path)
    if (!isMetadata && path !== '/auth') return dispatch({ state, faults, throttle, record, signal }, request, response)
    const [product, respond] = isMetadata ? (['imds', imds] as const) : (['registry', registryTokens] as const)
    const fault = faults.take({ product, action: '', instanceId: '' })
    if (fault === undefined || !(await injectFault(fault, response, signal))) record(respond(request, response))
  }
  const handlerOf = (role: () => string | undefined): Handler => {
    const imds = createMetadataService(state, role, regionId)
    return (message, response) =>
      void serve(message, response, imds).catch((error) =>
        // Outside of the API, a fault that would be an API error becomes an HTTP status only.
        error instanceof ApiError ? response.writeHead(error.status).end() : response.destroy(),
      )
  }
  const [cluster] = main.clusters.values()
  const [role] = main.ram.Role.values()
  const mainRole = seed.metadataRole ?? (cluster ? cluster.workerRole : role?.name) ?? ''
  const handle = handlerOf(() => mainRole)
  const listener = await listen(handle, options.port ?? 0)
  const { origin } = listener
  const listeners: Listener[] = [listener]
  const registryPush = { username: 'sandbox-push', password: newId.registryToken() }
  const registryAuth = {
    realm: `${origin}/auth`,
    vendorRealm: 'https://dockerauth-cn-zhangjiakou.aliyuncs.com/auth',
    service: `registry.aliyuncs.com:${regionId}:26842`,
    issuer: `dockerauth.${regionId}.aliyuncs.com`,
    // Some registries need the signer's certificate, others the certificate of its CA.
    certificatePem: tokenKey.certificatePem + authority.certificatePem,
  }
  const registryTokens = createRegistryTokenService(state, registryAuth, tokenKey.keyPem, registryPush)
  const folder = options.tls ? await mkdtemp(join(tmpdir(), 'acr-nopass-cloud-')) : undefined
  const caFile = folder === undefined ? undefined : join(folder, 'ca.pem')
  let tlsOrigin: string | undefined
  if (caFile !== undefined) {
    const names = ['127.0.0.1', 'localhost', 'cloud.sandbox.invalid']
    const pair = authority.issue({ commonName: 'sandbox cloud', names, minutes: 30 * 24 * 60 })
    await writeFile(caFile, authority.certificatePem)
    const tlsListener = await listen(handle, 0, { key: pair.keyPem, cert: pair.certificatePem })
    listeners.push(tlsListener)
    tlsOrigin = tlsListener.origin
  }
  const stop = async (): Promise<void> => {
    stopped.abort()
    await Promise.all(listeners.map((one) => one.close()))
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
  const users = seed.accounts[0]?.users ?? []
  const administrator = users.find((user) => user.administrator) ?? users[0]
  return {
    endpoints: endpointsOf(origin),
    /** The same endpoints over TLS, if requested. */
    tlsEndpoints: tlsOrigin === undefined ? undefined : endpointsOf(tlsOrigin),
    /** The CA certificate that clients of `tlsEndpoints` have to trust. */
    caFile,
    /** The access key of a user of the main account with AdministratorAccess. */
    administrator: keyPair(main, administrator?.name ?? ''),
    accountId: main.id,
    regionId,
    instances,
    registryAuth,
    registryPush,
    /** Every call so far, oldest first. */
    calls,
    faults,
    control: createControl(state),
    /** The access key of a user. @throws SEED_INVALID when there is none */
    accessKeyOf: (userName: string, accountId = main.id) => keyPair(state.accounts.get(accountId), userName),
    /**
     * Starts the metadata service of an instance with this worker role, or of a Pod on ECI, whose
     * role may change. Returns the URL that replaces `http://100.100.100.200`.
     */
    imdsFor: async (role: string | (() => string | undefined)): Promise<string> => {
      const own = await listen(handlerOf(typeof role === 'string' ? () => role : role), 0)
      listeners.push(own)
      return own.origin
    },
    registerCluster: (cluster: ClusterRegistration) => addCluster(state, cluster),
    /** Returns the provider's ARN. */
    registerOidcProvider: (provider: OidcProviderRegistration) => addOidcProvider(state, provider),
    /** Issues a GitHub Actions ID token for a job. */
    issueGithubToken: github.issueToken,
    /** Opens a job and returns the runner's environment variables for requesting ID tokens. */
    githubRunner: (job: GithubJob) => github.openJob(job, origin),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Returns the base URLs by product. One server serves them all. */
function endpointsOf(origin: string) {
  return { ram: origin, sts: origin, cs: origin, cr: origin, imds: origin }
}

function keyPair(account: Account | undefined, userName: string) {
  const key = account?.ram.User.get(userName.toLowerCase())?.keys[0]
  if (key === undefined) throw new TestbedError('SEED_INVALID', `the account has no user ${userName} with a key`)
  return { accessKeyId: key.id, accessKeySecret: key.secret }
}

/** Lists the instances of all accounts. Instances of the Personal Edition have an empty ID. */
function summarize(state: CloudState) {
  return [...state.accounts.values()].flatMap((account) => {
    return account.instances.map(({ id, name, region, edition, endpoints }) => {
      const domains = endpoints.flatMap((endpoint) => endpoint.domains.map(({ domain }) => domain))
      return { id, name, region, edition, accountId: account.id, domains }
    })
  })
}
