import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { Seed } from '../../sandbox/cloud/seed/generated/seed.ts'
import { readSeedFile } from '../../sandbox/cloud/seed/read-seed.ts'
import { type Cloud, DEMO_SEED_FILE, startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { signJwt } from '../../sandbox/cloud/sts/jwt.ts'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'
import { type Registry, startRegistry } from '../../sandbox/registry/start-registry.ts'
import { createCallRecorder, type Evidence } from '../../scripts/live/evidence.ts'
import type { LiveDeps } from '../../scripts/live/live-deps.ts'
import { objectsOf } from '../../scripts/live/names.ts'
import type { LiveOptions } from '../../scripts/live/options.ts'
import { callerPolicy } from '../../scripts/live/plan.ts'
import { createRamObjects } from '../../scripts/live/ram-objects.ts'
import { runLive } from '../../scripts/live/run-live.ts'
import { createCloudClock } from '../../src/alibaba/transport/cloud-clock.ts'
import { createCloudTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../../src/alibaba/transport/endpoints.ts'
import { createHttpSender, type HttpSender } from '../../src/alibaba/transport/http-sender.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { fixed } from './acr-cloud-client.ts'

export const RUN = '0123456789abcdef'
export const INSTANCE = 'cri-k7x2m9q4w1t8z5h3'
export const STOPPED = 'cri-s0t0p0p0e0d00001'
export const VPC = 'vpc-bp1live'
export const ISSUER = 'https://issuer.example/live'
export const CLUSTER = 'c11111111111111111111111111111111'
const FAR_CLUSTER = 'c22222222222222222222222222222222'
export const CHAIN = { leaf: 'a'.repeat(40), root: 'b'.repeat(40) }
/** The user whose only rights are those that `npm run live -- --dry-run` prints. */
export const USER = 'live'

export const OPTIONS: LiveOptions = {
  region: 'cn-hangzhou',
  instanceId: INSTANCE,
  repository: 'team/app',
  otherRepository: 'platform/helper',
  personal: 'acme/tools',
  oidcTokenFile: 'token',
  stoppedInstance: STOPPED,
  otherRegion: 'cn-beijing',
}

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const JWKS = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'live' }] }

/** An emulated account, a real registry and the program, whose pauses take no time. */
export interface LiveBench extends AsyncDisposable {
  readonly cloud: Cloud
  readonly registry: Registry
  /** Everything that the program printed. */
  readonly printed: string[]
  /** Every secret in a response so far. */
  readonly secrets: Set<string>
  readonly records: string
  readonly deps: LiveDeps
  run(options?: LiveOptions, signal?: AbortSignal): Promise<Evidence>
  /** Names of the run's objects that exist, and files that record them. */
  leftovers(run?: string): Promise<readonly string[]>
}

export interface BenchChanges {
  /** Rights of the user; default: those that the plan prints. */
  readonly rights?: object
  readonly resolve?: LiveDeps['resolve']
  readonly readChain?: LiveDeps['readChain']
  /** The account has no Personal Edition. */
  readonly withoutPersonal?: true
  /**
   * How much earlier than the machine's clock the emulated clock starts (milliseconds), because it
   * advances with each pause. The registry checks tokens, which live 300 s, by the machine's clock.
   */
  readonly behindMs?: number
  /** Called before each request with its operation. */
  readonly onRequest?: (action: string) => void
}

export async function startLiveBench(
  { registry: binary }: { readonly registry: string },
  changes: BenchChanges = {},
): Promise<LiveBench> {
  const started = Date.now() - (changes.behindMs ?? 200_000)
  let now = started
  const cloud = await startCloud({ clock: () => now, seed: await liveSeed(changes) })
  const registry = await startRegistry({ tools: { registry: binary }, auth: cloud.registryAuth })
  const pusher = registryClient(registry.url, cloud.registryPush)
  for (const repository of ['team/app', 'platform/helper', 'acme/tools']) await pusher.push(repository, '1', 'content')
  cloud.control.publishKeys(ISSUER, JWKS)
  const imds = await cloud.imdsFor('ecs')
  const secrets = new Set<string>()
  const printed: string[] = []
  const plainSend = createHttpSender()
  const send: HttpSender = async (request, signal) => {
    changes.onRequest?.(request.headers['x-acs-action'] ?? '')
    const response = await plainSend(request, signal)
    for (const secret of secretsIn(response.text)) secrets.add(secret)
    return response
  }
  const clock: LiveDeps['clock'] = {
    now: () => now,
    monotonic: () => now - started,
    after: (ms, callback) => {
      const timer = setImmediate(() => {
        now += ms
        callback()
      })
      return () => clearImmediate(timer)
    },
  }
  const calls = createCallRecorder(send)
  const caller = cloud.accessKeyOf(USER)
  secrets.add(caller.accessKeySecret)
  const deps: LiveDeps = {
    calls,
    clock,
    transport: createCloudTransport({
      send: calls.send,
      clock: createCloudClock(clock),
      random: () => 0,
      nonce: () => crypto.randomUUID(),
      sleep: async (ms) => {
        now += ms
      },
      userAgent: 'test',
    }),
    endpoints: createEndpoints({
      overrides: { ...cloud.endpoints, ims: cloud.endpoints.ram, imds, registry: registry.url },
    }),
    caller: fixed(caller),
    env: {},
    readText: async () => {
      const token = issueToken(now)
      secrets.add(token)
      return `${token}\n`
    },
    readChain: changes.readChain ?? (async () => CHAIN),
    resolve: changes.resolve ?? (async () => ['192.168.10.11']),
    print: (line) => printed.push(line),
  }
  const records = mkdtempSync(join(tmpdir(), 'acr-nopass-live-'))
  const administrator = createRamObjects({ ...deps, caller: fixed(cloud.administrator) })
  return {
    cloud,
    registry,
    printed,
    secrets,
    records,
    deps,
    run: (options = OPTIONS, signal = new AbortController().signal) =>
      runLive(options, deps, { run: RUN, records, cloud: 'emulator' }, signal),
    async leftovers(run = RUN) {
      cloud.control.setStaleReads(0)
      const names: string[] = []
      for (const { kind, name } of objectsOf(run, true)) {
        if ((await administrator.describe(kind, name)) !== undefined) names.push(name)
      }
      return [...names, ...readdirSync(records)]
    },
    async [Symbol.asyncDispose]() {
      await registry.stop()
      await cloud.stop()
      rmSync(records, { recursive: true })
    },
  }
}

/** The demo's accounts with a user for the program, an instance that stopped, and a linked VPC. */
export async function liveSeed({ rights = callerPolicy(OPTIONS), withoutPersonal }: BenchChanges): Promise<Seed> {
  const seed = await readSeedFile(DEMO_SEED_FILE)
  const [main, ...others] = seed.accounts
  if (main === undefined) throw new Error('the seed has no account')
  const stopped = {
    id: STOPPED,
    name: 'stopped',
    region: 'cn-hangzhou',
    edition: 'enterprise',
    status: 'STOPPED',
  } as const
  const linked = { vpcs: [], links: [{ id: VPC, issue: 'NO_PRIVATE_ZONE_AUTHORIZED', defaultAccess: false }] }
  const instances = (main.instances ?? []).map((instance) => {
    if (instance.id === INSTANCE && instance.endpoints?.vpc) {
      return { ...instance, endpoints: { ...instance.endpoints, vpc: { ...instance.endpoints.vpc, ...linked } } }
    }
    return instance.edition === 'personal' ? { ...instance, region: 'cn-hangzhou' } : instance
  })
  const kept = instances.filter(({ edition }) => edition === 'enterprise' || !withoutPersonal)
  const own = {
    ...main,
    users: [...main.users, { name: USER, policies: { custom: ['live'] } }],
    policies: { ...main.policies, live: rights },
    instances: [...kept, stopped],
    clusters: [...(main.clusters ?? []), { id: FAR_CLUSTER, name: 'far', region: 'cn-beijing' }],
  }
  return { ...seed, accounts: [own, ...others] } as Seed
}

/** Returns the secrets of a response of STS, of ACR or of the registry's token service. */
function secretsIn(text: string): readonly string[] {
  const fields =
    /"(?:AccessKeySecret|SecurityToken|AuthorizationToken|authorizationToken|token|access_token)":"([^"]{8,})"/g
  return [...text.matchAll(fields)].map(([, secret = '']) => secret)
}

function issueToken(now: number): string {
  const seconds = Math.floor(now / 1000)
  const claims = { iss: ISSUER, sub: 'system:serviceaccount:default:default', aud: ['sts.aliyuncs.com'] }
  return signJwt({ ...claims, iat: seconds, exp: seconds + 3600 }, privateKey, { kid: 'live' })
}

/** An API server that only issues tokens of ServiceAccounts. */
export async function startTokenServer() {
  const authority = createAuthority('cluster')
  const pair = authority.issue({ commonName: 'api', names: ['127.0.0.1'] })
  const requests: (readonly [request: string, audiences: unknown])[] = []
  let isRefused = false
  const server = createServer({ key: pair.keyPem, cert: pair.certificatePem }, (request, response) => {
    void json(request).then((body) => {
      requests.push([`${request.method} ${request.url}`, (body as { spec: { audiences: unknown } }).spec.audiences])
      response.writeHead(isRefused ? 403 : 201, { 'content-type': 'application/json' })
      const refusal = { kind: 'Status', reason: 'Forbidden', code: 403 }
      response.end(
        JSON.stringify(isRefused ? refusal : { ...(body as object), status: { token: issueToken(Date.now()) } }),
      )
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority-data': btoa(authority.certificatePem) } }],
    users: [{ name: 'u', user: { token: 'kubeconfig token' } }],
  })
  const cluster = {
    clusterId: CLUSTER,
    name: 'live',
    region: 'cn-hangzhou',
    server: url,
    workerRoles: ['live-nodes'],
    kubeconfig: async () => kubeconfig,
  }
  return {
    cluster,
    requests,
    refuse: () => {
      isRefused = true
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
