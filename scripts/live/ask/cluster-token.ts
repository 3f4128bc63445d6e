import { describeClusterDetail, describeUserKubeconfig } from '../../../src/alibaba/cs.ts'
import { createKubeClient } from '../../../src/kube/client.ts'
import { kubeconfigConnection } from '../../../src/kube/connection.ts'
import { isRecord, textOf } from '../../../src/lib/json.ts'
import { AUDIENCE } from '../../../src/policy/trust-document.ts'
import { targetOf } from '../live-deps.ts'
import type { Stage } from '../stage.ts'

/** ACK's shortest kubeconfig, in minutes. */
const MINUTES = 15
const TOKEN_SECONDS = 3600
const TOKEN_PATH = '/api/v1/namespaces/default/serviceaccounts/default/token'

/**
 * Requests a token of the ServiceAccount `default/default` from the cluster's API server, and finds
 * the cluster's OIDC provider. Returns the reason if there is none. Neither request creates an
 * object: the kubeconfig and the token expire.
 */
export async function requestClusterToken(
  { deps, options, signal }: Stage,
  clusterId: string,
): Promise<{ readonly token: string; readonly provider: string } | string> {
  const cs = targetOf(deps, 'cs', deps.caller, { region: options.region, signal })
  const { rrsa, hasPublicEndpoint } = await describeClusterDetail(cs, clusterId)
  if (!rrsa.enabled || rrsa.oidcProviderArn === '') return 'RRSA is off in the cluster, so its issuer is not public'
  if (hasPublicEndpoint === false) return `the API server has no public endpoint: ${OTHERWISE}`
  const text = await describeUserKubeconfig(cs, { clusterId, minutes: MINUTES, private: false })
  const client = createKubeClient(await kubeconfigConnection({ text, environment: deps.env }))
  try {
    const spec = { audiences: [AUDIENCE], expirationSeconds: TOKEN_SECONDS }
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec }
    const { status } = await client.request<{ status?: unknown }>({ method: 'POST', path: TOKEN_PATH, body }, signal)
    return { token: isRecord(status) ? textOf(status.token) : '', provider: rrsa.oidcProviderArn }
  } finally {
    client.close()
  }
}

const OTHERWISE = 'give a token with --oidc-token-file, and the provider with --oidc-provider'
