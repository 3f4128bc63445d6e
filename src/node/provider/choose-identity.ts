import { NopassError } from '../../errors.ts'
import { ANNOTATION_ROLE_ARN, RRSA_ROLE_ANNOTATION } from '../../kube/names.ts'
import type { NodeConfig } from '../node-config.ts'
import type { ImageRequest, PodAccount } from './provider-request.ts'

/** Whose session pulls. */
export type PullIdentity =
  | { readonly kind: 'worker-role' }
  | { readonly kind: 'service-account'; readonly roleArn: string; readonly account: PodAccount }

export interface ChosenIdentities {
  /** The second is used only if the first is refused. */
  readonly identities: readonly PullIdentity[]
  /** An annotation that names no role. */
  readonly problem?: NopassError
}

/** Chooses the identities for a request. None: the kubelet gets no login. */
export function chooseIdentities(
  config: Pick<NodeConfig, 'identity' | 'fallback' | 'useRrsaRole' | 'oidcProviderArn'>,
  { account }: Pick<ImageRequest, 'account'>,
): ChosenIdentities {
  const workerRole: PullIdentity = { kind: 'worker-role' }
  if (config.identity === 'worker-role') return { identities: [workerRole] }
  const fallback = config.fallback === 'worker-role' ? [workerRole] : []
  if (account === undefined) return { identities: fallback }
  const roleArn = roleOf(config, account)
  if (roleArn === undefined) return { identities: fallback }
  if (ROLE_ARN.test(roleArn)) return { identities: [{ kind: 'service-account', roleArn, account }, ...fallback] }
  const message = `the ServiceAccount ${account.namespace}/${account.name} is annotated with a role that is not the ARN of a RAM role`
  return { identities: fallback, problem: new NopassError('NODE_ROLE_INVALID', message) }
}

/** As the schema of the values has it. */
const ROLE_ARN = /^acs:ram::[0-9]{5,20}:role\/[A-Za-z0-9._/-]{1,200}$/

function roleOf(
  { useRrsaRole, oidcProviderArn = '' }: Pick<NodeConfig, 'useRrsaRole' | 'oidcProviderArn'>,
  { annotations }: PodAccount,
): string | undefined {
  const own = annotations[ANNOTATION_ROLE_ARN]
  if (own !== undefined) return own.trim()
  const name = useRrsaRole ? annotations[RRSA_ROLE_ANNOTATION] : undefined
  // ACK's annotation has the name only. The role is in the account of the OIDC provider.
  return name === undefined ? undefined : `${oidcProviderArn.split(':').slice(0, 4).join(':')}:role/${name.trim()}`
}
