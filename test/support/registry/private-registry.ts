import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cloud } from '../../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../../sandbox/cloud/start-cloud.ts'
import type { ImageLayout } from '../../../sandbox/image/oci-layout.ts'
import { writeProgramImage } from '../../../sandbox/image/program-image.ts'
import { pushImage } from '../../../sandbox/image/push-image.ts'
import { type Registry, startRegistry } from '../../../sandbox/registry/start-registry.ts'
import type { RegistryToken } from '../../../src/acr/registry-token.ts'
import { createTokenSource } from '../../../src/acr/token-source.ts'
import { createIdentity } from '../../../src/alibaba/identities/identity.ts'
import { createDefaultTransport } from '../../../src/alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../../../src/alibaba/transport/endpoints.ts'
import { openRun } from '../../../tools/process/run.ts'
import { INSTANCE, teamSeed } from '../cloud/team-seed.ts'

/**
 * The demo's account and a real registry for its Enterprise instance with the private image
 * `team/app`.
 */
export interface PrivateRegistry extends AsyncDisposable {
  readonly cloud: Cloud
  readonly registry: Registry
  readonly domain: string
  /** Pushes an image with another tag or to another repository, and other content. */
  push(tag: string, repository?: string): Promise<void>
  pushLayout(layout: ImageLayout, repository: string, tag: string): Promise<void>
  /** Gets a login as the helper does: with the worker role, through instance metadata. */
  pullToken(): Promise<RegistryToken>
}

export const WORKER_ROLE = 'KubernetesWorkerRole-5f3c1a9e-7d42-4b8f-9c60-2ab1e0d4f731'
const PULL_POLICY = {
  Version: '1',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository'],
      Resource: ['*'],
    },
  ],
}

export async function openPrivateRegistry(
  tools: { readonly registry: string; readonly 'sandbox-program': string },
  signal: AbortSignal,
): Promise<PrivateRegistry> {
  const cloud = await startCloud({ seed: await teamSeed() })
  cloud.control.grant(WORKER_ROLE, 'pull', PULL_POLICY)
  const run = await openRun()
  const registry = await startRegistry({ tools, auth: cloud.registryAuth, run, signal })
  const pushLayout = (layout: ImageLayout, repository: string, tag: string): Promise<void> =>
    pushImage(layout, { registry: registry.url, repository, tag, credential: cloud.registryPush }, signal)
  const push = (tag: string, repository = 'team/app'): Promise<void> => {
    const name = `${repository.replace('/', '-')}-${tag}`
    const layout = writeProgramImage(join(run.folder, name), tools['sandbox-program'], name, process.arch)
    return pushLayout(layout, repository, tag)
  }
  await push('1')
  const { cr, imds } = cloud.endpoints
  const endpoints = createEndpoints({ overrides: { cr, imds }, region: cloud.regionId })
  const transport = createDefaultTransport()
  const deps = {
    transport,
    endpoints,
    region: cloud.regionId,
    readText: (file: string) => readFile(file, 'utf8'),
    accessKeyDir: '',
    sessionName: 'acr-nopass',
  }
  const source = createTokenSource(
    {
      name: 'demo',
      edition: 'enterprise',
      instanceId: INSTANCE,
      region: cloud.regionId,
      network: 'all',
      apiNetwork: 'auto',
      domains: [],
      expiresInHours: null,
      limit: 'role',
      assumeRole: [],
    },
    {
      ...deps,
      identity: (chain) => createIdentity({ type: 'worker-role' }, chain, deps),
      identityConfig: { type: 'worker-role' },
      secretsDir: '',
    },
  )
  return {
    cloud,
    registry,
    domain: 'demo-registry.cn-hangzhou.cr.aliyuncs.com',
    push,
    pushLayout,
    pullToken: () => source.get(signal),
    [Symbol.asyncDispose]: async () => {
      await run.end()
      await cloud.stop()
    },
  }
}
