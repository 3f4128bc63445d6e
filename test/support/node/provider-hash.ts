import { createHash } from 'node:crypto'
import type { NodeFixture } from './node-fixture.ts'

/**
 * The hash by which a kubelet names its configuration of image credentials:
 * readCredentialProviderConfig in pkg/credentialprovider/plugin/config.go, Kubernetes v1.37.2.
 */
export function hashOfProviders(text: string): string {
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(Buffer.byteLength(text)))
  return `sha256:${createHash('sha256').update(length).update(text).digest('hex')}`
}

/** The hash of the configuration that the kubelet has read, as its metrics show it. */
export async function readProviderHash({ cluster, node }: NodeFixture): Promise<string | undefined> {
  const path = `/api/v1/nodes/${node.name}/proxy/metrics`
  const text = await cluster.admin.request<string>({ method: 'GET', path, isText: true })
  return /^kubelet_credential_provider_config_info\{hash="([^"]+)"\} 1$/m.exec(text)?.[1]
}
