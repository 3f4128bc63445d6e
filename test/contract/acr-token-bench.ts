import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { RegistryConfig } from '../../src/acr/registry-config.ts'
import { createTokenSource, type TokenSource, type TokenSourceDeps } from '../../src/acr/token-source.ts'
import { createIdentity, type IdentityConfig } from '../../src/alibaba/identities/identity.ts'
import { policyDocument } from '../../src/policy/policy-document.ts'
import { registry } from '../acr/registry.ts'
import { type CloudClient, clientOf } from './acr-cloud-client.ts'

/** A worker role of the demo account without permission to pull. */
export const WORKER = 'KubernetesWorkerRole-b81d6f02-33c9-4e57-8a1c-90f7d25ce4a6'
export const PUBLIC = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
export const VPC = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
export const HOUR = 3_600_000

/** An emulated cloud, and the product's token sources on a node with the worker role. */
export interface TokenBench extends AsyncDisposable {
  readonly cloud: Cloud
  /** A folder with mounted files: `token`, `registries/…`. */
  readonly folder: string
  sourceOf(config: RegistryConfig, identity?: IdentityConfig, client?: CloudClient): TokenSource
  /** Attaches the policy that these values need to a role. */
  allow(config: RegistryConfig, role?: string): void
  /** Removes faults, clock skew and short sessions. */
  reset(): void
}

/** The demo account's Enterprise instance. */
export const demo = (changes: Partial<RegistryConfig> = {}): RegistryConfig =>
  registry({ instanceId: 'cri-k7x2m9q4w1t8z5h3', ...changes })

export async function startTokenBench(): Promise<TokenBench> {
  const cloud = await startCloud()
  const imds = await cloud.imdsFor(WORKER)
  const folder = await mkdtemp(join(tmpdir(), 'acr-tokens-'))
  const readText = (file: string): Promise<string> => readFile(file, 'utf8')
  return {
    cloud,
    folder,
    sourceOf(config, identity = { type: 'worker-role' }, client = clientOf(cloud, imds)) {
      const oidcTokenFile = join(folder, 'token')
      const named = { accessKeyDir: '', oidcTokenFile, sessionName: 'acr-nopass' }
      const identityDeps = { ...client, ...named, region: cloud.regionId, readText }
      const identityOf: TokenSourceDeps['identity'] = (chain) => createIdentity(identity, chain, identityDeps)
      const deps = { ...client, identity: identityOf, identityConfig: identity, readText, secretsDir: folder }
      return createTokenSource(config, deps)
    },
    allow(config, role = WORKER) {
      const registries = [{ ...config, repositories: ['*'] }]
      const document = policyDocument(registries, { scope: 'instance', accountId: cloud.accountId })
      cloud.control.grant(role, `may-pull-${role.slice(0, 30)}`, document ?? {})
    },
    reset() {
      cloud.faults.clear()
      cloud.control.setClockSkew(0)
      cloud.control.shortSessions(undefined)
      cloud.control.allowImdsV1(false)
    },
    async [Symbol.asyncDispose]() {
      await cloud.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
