import { personalDomains } from '../acr/registry-domains.ts'
import { ANNOTATION_ROLE_ARN, RRSA_ROLE_ANNOTATION } from '../kube/names.ts'
import { AUDIENCE } from '../policy/trust-document.ts'
import { type NodeConfig, type NodeRegistry, type NodeValues, toNodeConfig } from './node-config.ts'

/** Names of files on a node. */
export interface ProviderFiles {
  /** The name of the program in the kubelet's folder of programs. */
  readonly program: string
  /** The absolute path of the configuration that `toNodeConfig` returns. */
  readonly config: string
}

/** Kubernetes' `kubelet.config.k8s.io/v1`, as far as it is used. */
export interface CredentialProviderConfig {
  readonly apiVersion: 'kubelet.config.k8s.io/v1'
  readonly kind: 'CredentialProviderConfig'
  readonly providers: readonly CredentialProvider[]
}

export interface CredentialProvider {
  readonly name: string
  readonly apiVersion: typeof API_VERSION
  readonly matchImages: readonly string[]
  readonly defaultCacheDuration: string
  readonly args: readonly string[]
  /** For Kubernetes 1.34 and newer. Older kubelets do not know this key. */
  readonly tokenAttributes?: TokenAttributes
}

export interface TokenAttributes {
  readonly serviceAccountTokenAudience: string
  readonly cacheType: 'ServiceAccount' | 'Token'
  readonly requireServiceAccount: boolean
  readonly optionalServiceAccountAnnotationKeys: readonly string[]
}

/** The version of the kubelet's requests, since Kubernetes 1.26. */
export const API_VERSION = 'credentialprovider.kubelet.k8s.io/v1'

/**
 * Returns the kubelet's configuration of the program. It depends on the values only, so equal
 * values give equal bytes.
 * @throws NODE_NO_REGISTRY, NODE_PROVIDER_MISSING, VALUES_NODE_UNBOUNDED
 */
export function credentialProviderConfig(values: NodeValues, files: ProviderFiles): CredentialProviderConfig {
  return renderProvider(toNodeConfig(values), files)
}

/** The settings on which the kubelet's configuration depends. */
export interface ProviderSettings extends Pick<NodeConfig, 'identity' | 'useRrsaRole'> {
  readonly registries: readonly Pick<NodeRegistry, 'edition' | 'region' | 'domains'>[]
}

export function renderProvider(config: ProviderSettings, files: ProviderFiles): CredentialProviderConfig {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1',
    kind: 'CredentialProviderConfig',
    providers: [
      {
        name: files.program,
        apiVersion: API_VERSION,
        matchImages: matchImages(config.registries),
        // The program returns a duration with each login. The kubelet requires this key.
        defaultCacheDuration: '0s',
        args: ['credential-provider', '--config', files.config],
        ...(config.identity === 'service-account' && { tokenAttributes: tokenAttributes(config) }),
      },
    ],
  }
}

/**
 * Returns the patterns of images for which the kubelet calls the program. In the host of a pattern,
 * `*` stands for a part of one label, so the number of labels must be equal (Kubernetes,
 * pkg/credentialprovider/keyring.go, `URLsMatch`).
 */
export function matchImages(registries: readonly Pick<NodeRegistry, 'edition' | 'region' | 'domains'>[]): string[] {
  const patterns = registries.flatMap(({ edition, region = '*', domains }) => {
    // An instance's own domains are `<name>-registry[-vpc].<region>.cr.aliyuncs.com`.
    if (edition === 'enterprise') return [`*.${region}.cr.aliyuncs.com`, ...domains]
    if (edition === 'personal') return [...personalDomains(region).map(({ domain }) => domain), ...domains]
    return []
  })
  return [...new Set(patterns)].sort()
}

// A static Pod has no ServiceAccount, so none is required.
function tokenAttributes({ useRrsaRole }: Pick<NodeConfig, 'useRrsaRole'>): TokenAttributes {
  return {
    serviceAccountTokenAudience: AUDIENCE,
    cacheType: 'ServiceAccount',
    requireServiceAccount: false,
    optionalServiceAccountAnnotationKeys: [ANNOTATION_ROLE_ARN, ...(useRrsaRole ? [RRSA_ROLE_ANNOTATION] : [])],
  }
}
