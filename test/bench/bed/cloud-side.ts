import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readDockerConfig } from '../../../src/acr/docker-config.ts'
import type { CallRecord } from '../../../src/sandbox/cloud/http/call-record.ts'
import { startCloud } from '../../../src/sandbox/cloud/start-cloud.ts'

/** The emulated cloud with one registry instance whose pull secret has 2 kB, and the values of a helper that uses it. */
export interface CloudSide extends AsyncDisposable {
  readonly values: object
  /** All that a pull secret has an entry for. */
  readonly domains: readonly string[]
  /** Calls so far. */
  readonly calls: readonly CallRecord[]
  /** Ends all registry credentials; resolves with the time at which a login was first refused for it: from then on somebody could know. */
  revokeTokens(signal: AbortSignal): Promise<number>
  /** Whether the token server accepts the login of this content of a Secret (base64). */
  accepts(content: string): Promise<boolean>
}

const WORKER_ROLE = 'KubernetesWorkerRole-b81d6f02-33c9-4e57-8a1c-90f7d25ce4a6'

/** A tenth of it, the soonest that a first refresh comes, is longer than any scenario. */
const CREDENTIAL_HOURS = 6

/** With them the Secret has 2 kB, as the peers' had. */
const CUSTOM_DOMAINS = Array.from({ length: 11 }, (_, index) => `images-${index}.acme.example.com`)

export async function startCloudSide(): Promise<CloudSide> {
  let refused: ((at: number) => void) | undefined
  const cloud = await startCloud({
    onCall: ({ product, status }) => {
      if (product !== 'registry' || status !== 401) return
      refused?.(performance.now())
      refused = undefined
    },
  })
  const instance = cloud.instances.find(({ edition }) => edition === 'enterprise')
  if (instance === undefined) throw new Error('the emulated account has no Enterprise Edition instance')
  const Action = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']
  cloud.control.grant(WORKER_ROLE, 'pull', { Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }] })
  const { realm, service } = cloud.registryAuth
  const registry = createServer((_request, response) => {
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="${service}"` }).end()
  })
  await new Promise<void>((done) => registry.listen(0, '127.0.0.1', done))
  const { port } = registry.address() as AddressInfo
  const endpoints = { cr: cloud.endpoints.cr, sts: cloud.endpoints.sts, imds: await cloud.imdsFor(WORKER_ROLE) }
  const { id: instanceId, region } = instance
  const life = { expiresInHours: CREDENTIAL_HOURS }
  return {
    values: {
      registries: [{ name: 'demo', edition: 'enterprise', instanceId, region, domains: CUSTOM_DOMAINS, ...life }],
      identity: { type: 'worker-role' },
      endpoints: { ...endpoints, registry: `http://127.0.0.1:${port}` },
    },
    domains: [...instance.domains, ...CUSTOM_DOMAINS],
    calls: cloud.calls,
    revokeTokens(signal) {
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        refused = resolve
        cloud.control.expireTokens()
      })
    },
    async accepts(content) {
      const [login] = readDockerConfig(Buffer.from(content, 'base64').toString())
      if (login === undefined) return false
      const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
      const answer = await fetch(`${realm}?service=${encodeURIComponent(service)}`, { headers: { authorization } })
      await answer.arrayBuffer()
      return answer.ok
    },
    async [Symbol.asyncDispose]() {
      registry.closeAllConnections()
      await new Promise((done) => registry.close(done))
      await cloud.stop()
    },
  }
}
