import { NopassError } from '../errors.ts'
import type { ResolvedNode, ResolvedRegistry, ResolvedValues } from '../values/generated/resolved-values.ts'

/** The part of the values that a node needs. */
export type NodeValues = Pick<
  ResolvedValues,
  'registries' | 'identity' | 'node' | 'region' | 'network' | 'endpoints' | 'caBundle'
>

/** The part of an entry of `registries` that a node needs. */
export type NodeRegistry = Omit<ResolvedRegistry, 'existingSecret' | 'probe'>

/** What the program on a node reads. It holds no secret. */
export interface NodeConfig
  extends Pick<NodeValues, 'region' | 'network' | 'endpoints'>,
    Pick<ResolvedNode, 'identity' | 'fallback'> {
  /** The version of this form. */
  readonly version: typeof NODE_CONFIG_VERSION
  /** Set if a ServiceAccount can have a role. */
  readonly oidcProviderArn?: string
  readonly useRrsaRole: boolean
  /** More certificate authorities, in PEM. */
  readonly caBundle?: string
  /** The registries without static logins, because only Secrets contain static logins. */
  readonly registries: readonly NodeRegistry[]
}

export const NODE_CONFIG_VERSION = 1

/**
 * Returns the configuration of the program on a node.
 * @throws NODE_NO_REGISTRY, NODE_PROVIDER_MISSING, VALUES_NODE_UNBOUNDED
 */
export function toNodeConfig({
  registries,
  identity,
  node,
  region,
  network,
  endpoints,
  caBundle,
}: NodeValues): NodeConfig {
  const usable = registries.filter(({ edition }) => edition !== 'static')
  if (usable.length === 0) throw new NopassError('NODE_NO_REGISTRY', 'a node can use no entry of `registries`')
  const oidcProviderArn = node.serviceAccount.oidcProviderArn ?? identity.rrsa?.oidcProviderArn
  const isServiceAccount = node.identity === 'service-account'
  if (isServiceAccount && oidcProviderArn === undefined) {
    const message = '`node.identity: service-account` needs the OIDC provider of the cluster'
    throw new NopassError('NODE_PROVIDER_MISSING', message)
  }
  const selecting = usable.find(({ targets }) => Object.keys(targets?.namespaces?.selector ?? {}).length > 0)
  if (selecting !== undefined && !node.unbounded) {
    const message = `a node cannot read the labels of namespaces that \`targets.namespaces.selector\` of the registry ${selecting.name} needs`
    const hint = 'List the namespaces in `include`, or accept every namespace with `node.unbounded: true`.'
    throw new NopassError('VALUES_NODE_UNBOUNDED', message, { hint })
  }
  return {
    version: NODE_CONFIG_VERSION,
    identity: node.identity,
    fallback: node.fallback,
    ...(isServiceAccount && oidcProviderArn !== undefined && { oidcProviderArn }),
    useRrsaRole: node.serviceAccount.useRrsaRole,
    region,
    network,
    endpoints,
    ...(caBundle !== '' && { caBundle }),
    registries: usable.map(({ existingSecret: _secret, probe: _probe, ...registry }) => registry),
  }
}
