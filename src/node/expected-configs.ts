import { createHash } from 'node:crypto'
import { type ProviderSettings, renderProvider } from './provider-config.ts'
import { mergeProviders } from './script/merge-providers.ts'
import { NODE_CONFIG } from './script/plan-node.ts'
import { PROVIDER } from './script/profiles.ts'

/** What the kubelet of a node reports if the node was installed with a release's registries. */
export interface ExpectedConfigs {
  /** The name of the provider in the kubelet's metrics and log. */
  readonly provider: string
  readonly matchImages: readonly string[]
  /** Whose role pulls, by the hash of the kubelet's configuration. */
  readonly identities: ReadonlyMap<string, ProviderSettings['identity']>
}

/**
 * Returns the configurations that a node may have for these registries. A cluster does not contain
 * the values of `node`, so every possible configuration is expected. Undefined if a node can use no
 * registry.
 */
export function expectConfigs(registries: ProviderSettings['registries']): ExpectedConfigs | undefined {
  const usable = registries.filter(({ edition }) => edition !== 'static')
  if (usable.length === 0) return undefined
  const settings: readonly Omit<ProviderSettings, 'registries'>[] = [
    { identity: 'worker-role', useRrsaRole: false },
    { identity: 'service-account', useRrsaRole: false },
    { identity: 'service-account', useRrsaRole: true },
  ]
  const configs = settings.map((one) =>
    renderProvider({ ...one, registries: usable }, { program: PROVIDER, config: NODE_CONFIG }),
  )
  const identities = configs.flatMap((config, index) => {
    // As `acr-nopass node config` prints it, and as the script writes it.
    const printed = `${JSON.stringify(config, null, 2)}\n`
    const written = mergeProviders([], { path: 'our configuration', text: printed }).text ?? ''
    const { identity = 'worker-role' } = settings[index] ?? {}
    return [printed, written].map((text) => [hashConfig([text]), identity] as const)
  })
  const [first] = configs[0]?.providers ?? []
  return { provider: PROVIDER, matchImages: first?.matchImages ?? [], identities: new Map(identities) }
}

/**
 * Returns the hash in the kubelet's metric `kubelet_credential_provider_config_info`: SHA-256 over
 * the length of each file, as 8 bytes, and its content (Kubernetes v1.37.2,
 * pkg/credentialprovider/plugin/config.go, `readCredentialProviderConfig`).
 */
export function hashConfig(files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const text of files) {
    const content = Buffer.from(text)
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(content.length))
    hash.update(length).update(content)
  }
  return `sha256:${hash.digest('hex')}`
}
