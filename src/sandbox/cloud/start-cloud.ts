import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NopassError } from '../../errors.ts'
import type { AccessKeyPair, Cloud, Endpoints, InstanceSummary } from './cloud.ts'
import { createControl } from './control.ts'
import { createRegistryTokenService, type RegistryTokenService } from './cr/registry-auth.ts'
import { addCluster, addOidcProvider } from './cs/registrations.ts'
import { type Dispatcher, dispatch } from './dispatch.ts'
import { createFaults, type Fault, injectFault } from './faults.ts'
import { createServerKeys, type Handler, type Listener, listen } from './http/listener.ts'
import { type ApiRequest, type CallRecord, readRequest } from './http/request.ts'
import { newId } from './identifiers.ts'
import { loadSeed } from './seed/load-seed.ts'
import { readSeedFile } from './seed/read-seed.ts'
import type { Seed } from './seed/seed.generated.ts'
import { type Account, type CloudState, createState } from './state.ts'
import { createGithubOidc, GITHUB_ISSUER, type GithubOidc } from './sts/github-oidc.ts'
import { createMetadataService, type MetadataService, type RoleOf } from './sts/imds.ts'

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

export const DEMO_SEED_FILE: string = fileURLToPath(new URL('../../../examples/sandbox/demo.yaml', import.meta.url))

/** Starts an emulated Alibaba Cloud on 127.0.0.1. @throws SEED_INVALID, SEED_UNREADABLE, SANDBOX_PORT */
export async function startCloud(options: CloudOptions = {}): Promise<Cloud> {
  const seed = options.seed ?? (await readSeedFile(DEMO_SEED_FILE))
  const state = createState(options.clock ?? Date.now)
  loadSeed(state, seed)
  const main = mainAccount(state)
  const keys = createServerKeys()
  const github = createGithubOidc(keys.github.privateKey, keys.github.publicKey, state.now)
  state.issuers.set(GITHUB_ISSUER, github.jwks)
  const instances = summarize(state)
  const regionId = seed.region ?? instances[0]?.region ?? 'cn-hangzhou'
  const calls: CallRecord[] = []
  const record = (call: CallRecord): void => {
    calls.push(call)
    options.onCall?.(call)
  }
  const faults = createFaults(() => performance.now())
  const stopped = new AbortController()
  const metadata = (role: string | RoleOf): ReturnType<typeof createMetadataService> =>
    createMetadataService(state, { accountId: main.id, role, region: regionId })
  const mainRole =
    seed.metadataRole ?? [...main.clusters.values()][0]?.workerRole ?? [...main.ram.roles.values()][0]?.name ?? ''
  const router = createRouter({ state, faults, record, signal: stopped.signal, github, imds: metadata(mainRole) })
  const listeners: Listener[] = [await listen(router.handle, options.port ?? 0)]
  const origin = listeners[0]?.origin ?? ''
  const registryPush = { username: 'sandbox-push', password: newId.registryToken() }
  const registryAuth = {
    realm: `${origin}/auth`,
    vendorRealm: 'https://dockerauth-cn-zhangjiakou.aliyuncs.com/auth',
    service: `registry.aliyuncs.com:${regionId}:26842`,
    issuer: `dockerauth.${regionId}.aliyuncs.com`,
    // Registries differ in which one they need: the signer's certificate or its CA's.
    certificatePem: keys.registry.certificatePem + keys.authority.certificatePem,
  }
  router.serveRegistryTokens(createRegistryTokenService(state, registryAuth, keys.registry.privateKey, registryPush))
  const folder = options.tls ? await mkdtemp(join(tmpdir(), 'acr-nopass-cloud-')) : undefined
  const caFile = folder === undefined ? undefined : join(folder, 'ca.pem')
  let tlsOrigin: string | undefined
  if (caFile !== undefined) {
    const names = ['127.0.0.1', 'localhost', 'cloud.sandbox.invalid']
    const pair = keys.authority.issue({ commonName: 'sandbox cloud', names, minutes: 30 * 24 * 60 })
    await writeFile(caFile, keys.authority.certificatePem)
    const listener = await listen(router.handle, 0, { key: pair.keyPem, cert: pair.certificatePem })
    listeners.push(listener)
    tlsOrigin = listener.origin
  }
  const stop = async (): Promise<void> => {
    stopped.abort()
    await Promise.all(listeners.map((listener) => listener.close()))
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
  return {
    endpoints: endpointsOf(origin),
    tlsEndpoints: tlsOrigin === undefined ? undefined : endpointsOf(tlsOrigin),
    caFile,
    administrator: keyPair(main, administratorOf(seed, main)),
    accountId: main.id,
    regionId,
    instances,
    registryAuth,
    registryPush,
    calls,
    faults,
    control: createControl(state, main),
    accessKeyOf: (name, accountId) => keyPair(accountOf(state, accountId ?? main.id), name),
    imdsFor: async (role) => {
      const service = metadata(role)
      const listener = await listen(router.handleWith(service), 0)
      listeners.push(listener)
      return listener.origin
    },
    registerCluster: (cluster) => addCluster(state, main, cluster),
    registerOidcProvider: (provider) =>
      addOidcProvider(state, accountOf(state, provider.accountId ?? main.id), provider),
    issueGithubToken: (job) => github.issueToken(job),
    githubRunner: (job) => github.openJob(job, origin),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function endpointsOf(origin: string): Endpoints {
  return { ram: origin, sts: origin, cs: origin, cr: origin, imds: origin, oidc: origin }
}

function mainAccount(state: CloudState): Account {
  const [account] = state.accounts.values()
  if (account === undefined) throw new NopassError('SEED_INVALID', 'the seed has no account')
  return account
}

function accountOf(state: CloudState, id: string): Account {
  const account = state.accounts.get(id)
  if (account === undefined) throw new NopassError('SEED_INVALID', `account ${id} does not exist`)
  return account
}

function administratorOf(seed: Seed, account: Account): string {
  const users = seed.accounts[0]?.users ?? []
  return (users.find((user) => user.administrator) ?? users[0])?.name ?? account.id
}

function keyPair(account: Account, userName: string): AccessKeyPair {
  const key = userName === 'root' ? account.rootKey : account.ram.users.get(userName.toLowerCase())?.keys[0]
  if (key === undefined)
    throw new NopassError('SEED_INVALID', `account ${account.id} has no user ${userName} with a key`)
  return { accessKeyId: key.id, accessKeySecret: key.secret }
}

function summarize(state: CloudState): readonly InstanceSummary[] {
  return [...state.accounts.values()].flatMap((account) => {
    return account.instances.map(({ id, name, region, edition, endpoints }) => {
      const domains = endpoints.flatMap((endpoint) => endpoint.domains.map(({ domain }) => domain))
      return { id, name, region, edition, accountId: account.id, domains }
    })
  })
}

interface RouterParts extends Dispatcher {
  readonly github: GithubOidc
  readonly imds: MetadataService
}

interface Router {
  readonly handle: Handler
  /** The same handler with another instance's metadata service. */
  handleWith(imds: MetadataService): Handler
  serveRegistryTokens(service: RegistryTokenService): void
}

/** Routes by path: metadata, OIDC, the registry's token server at `/auth`, and all other requests to the API. */
function createRouter(parts: RouterParts): Router {
  let registry: RegistryTokenService | undefined

  const route = async (request: ApiRequest, response: ServerResponse, imds: MetadataService): Promise<void> => {
    if (/^\/(latest|2016-01-01)\//.test(request.path)) {
      const fault = parts.faults.take({ product: 'imds', action: request.method, path: request.path, instanceId: '' })
      if (fault !== undefined && (await injectPlainFault(fault, response, parts.signal))) return
      parts.record(imds.serve(request, response))
      return
    }
    const base = `${request.secure ? 'https' : 'http'}://${request.headers.host ?? ''}`
    if (parts.github.serve(request, response, base)) return
    if (request.path !== '/auth' || registry === undefined) return dispatch(parts, request, response)
    const fault = parts.faults.take({ product: 'registry', action: 'token', path: request.path, instanceId: '' })
    if (fault !== undefined && (await injectPlainFault(fault, response, parts.signal))) return
    parts.record(registry.serve(request, response))
  }

  const handleWith = (imds: MetadataService): Handler => {
    return (message: IncomingMessage, response: ServerResponse): void => {
      readRequest(message)
        .then((request) => route(request, response, imds))
        .catch(() => response.destroy())
    }
  }

  return {
    handle: handleWith(parts.imds),
    handleWith,
    serveRegistryTokens: (service) => {
      registry = service
    },
  }
}

/** Outside the API, faults that would be API errors are only an HTTP status. */
async function injectPlainFault(fault: Fault, response: ServerResponse, signal: AbortSignal): Promise<boolean> {
  if (fault.kind !== 'throttle' && fault.kind !== 'status') return injectFault(fault, response, signal)
  response.writeHead(fault.status ?? 429).end()
  return true
}
