import type { RegistryConfig } from '../../../src/acr/registry-config.ts'
import { createTokenSource } from '../../../src/acr/token-source.ts'
import { createIdentity } from '../../../src/alibaba/identities/identity.ts'
import { createEndpoints } from '../../../src/alibaba/transport/endpoints.ts'
import { type CredentialManager, createCredentialManager } from '../../../src/helper/credentials/credential-manager.ts'
import type { RegistryEntry, RegistryValues } from '../../../src/helper/credentials/registry-state.ts'
import type { CloudModel } from './cloud-model.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** One rotation of one cluster. Times in milliseconds since the start of the simulation. */
export interface Rotation {
  readonly cluster: number
  readonly at: number
  /**
   * The remaining share of the old token's lifetime when the new one arrived;
   * undefined for the first token.
   */
  readonly left: number | undefined
}

export interface ClusterOptions {
  readonly index: number
  /** The session lifetimes of the registries. */
  readonly lives: readonly number[]
  /** Whether each registry is a list of repositories of one instance: see `FleetPlan`. */
  readonly limited: boolean
  readonly cloud: CloudModel
  readonly clock: VirtualClock
  readonly random: () => number
  readonly onRotation: (rotation: Rotation) => void
}

const identityConfig = {
  type: 'rrsa',
  rrsa: { roleArn: 'acs:ram::1:role/puller', oidcProviderArn: 'acs:ram::1:oidc-provider/ack' },
} as const

/**
 * The scheduling part of one cluster's helper: the product's token sources, identity, refresh
 * scheduling, coalesced refreshes and back-off. Its writes take no time.
 */
export function createFleetCluster(options: ClusterOptions): CredentialManager {
  const { clock, random } = options
  const names = options.lives.map((_, index) => `r${index}`)
  const ends = new Map<string, { readonly expiresAt: number; readonly life: number }>()
  return createCredentialManager({
    entries: options.lives.map((life, index) => createEntry(`r${index}`, life, options)),
    carried: new Map(),
    clock,
    cloudNow: clock.now,
    random,
    verifyIntervalMs: 0,
    together: (registry) => new Set(options.limited ? [] : names.filter((name) => name !== registry)),
    onAnswered: () => undefined,
    onChange: () => undefined,
    onTokens(states) {
      const at = clock.monotonic()
      const left = states.flatMap(({ name, live }) => {
        const before = ends.get(name)
        const { issuedAt = 0, expiresAt = null } = live?.token ?? {}
        if (expiresAt !== null) ends.set(name, { expiresAt, life: expiresAt - issuedAt })
        return before ? [(before.expiresAt - clock.now()) / before.life] : []
      })
      options.onRotation({ cluster: options.index, at, left: left.length === 0 ? undefined : Math.min(...left) })
    },
  })
}

function createEntry(name: string, life: number, { cloud, clock, random, limited }: ClusterOptions): RegistryEntry {
  const transport = cloud.transportFor(life)
  const endpoints = createEndpoints({ region: 'cn-hangzhou' })
  const readText = async (): Promise<string> => 'a token of the ServiceAccount'
  const registry: RegistryConfig = {
    name,
    edition: 'enterprise',
    instanceId: 'cri-fleet',
    region: 'cn-hangzhou',
    network: 'all',
    apiNetwork: 'auto',
    domains: [],
    expiresInHours: null,
    limit: 'role',
    assumeRole: [],
  }
  const identity = createIdentity(identityConfig, [], {
    transport,
    endpoints,
    region: 'cn-hangzhou',
    readText,
    accessKeyDir: '',
    oidcTokenFile: '/token',
    sessionName: 'fleet',
  })
  const source = createTokenSource(registry, {
    transport,
    endpoints,
    identity: () => identity,
    identityConfig,
    ...(limited && { repositories: [`${name}/*`] }),
    readText,
    secretsDir: '/secrets',
    random,
  })
  return {
    name,
    values: {} as RegistryValues,
    source: {
      key: source.key,
      sharedSession: source.sharedSession,
      get: (signal) => {
        clock.touch()
        return source.get(signal)
      },
    },
    verify: async () => 'accepted',
  }
}
