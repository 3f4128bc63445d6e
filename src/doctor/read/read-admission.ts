import { KubeApiError } from '../../kube/api-error.ts'
import type { KubeObject } from '../../kube/types.ts'
import type { ReleaseFacts } from '../../release/find-release.ts'
import { lensOf } from '../../release/read-pull-secrets.ts'
import type { Reader } from '../../release/reader.ts'
import { createTargets } from '../../release/targets.ts'

const API = '/apis/admissionregistration.k8s.io/v1'

/** The admission policies through which Pods get the reference. */
export type AdmissionFacts = NonNullable<Awaited<ReturnType<typeof readAdmission>>>

/** The release's admission policies in the API server, and with `attach: admission` their effect on a Pod. */
export async function readAdmission(reader: Reader, release: ReleaseFacts) {
  const kinds = await reader.attempt('API resources', async () => {
    const list = await reader.request<{ resources: readonly { name: string }[] }>(API)
    return new Set(list.resources.map(({ name }) => name))
  })
  if (kinds === undefined) return undefined
  // From Kubernetes 1.36 and 1.30 on.
  const canMutate = kinds.has('mutatingadmissionpolicies')
  const canGuard = kinds.has('validatingadmissionpolicies')
  const { config } = release
  const mutates = config !== undefined && config.attach !== 'serviceAccounts' && canMutate
  const [mutating, guarding, tried] = await Promise.all([
    mutates ? readBound(reader, 'Mutating', release) : [],
    canGuard && config?.guard === 'enabled' ? readBound(reader, 'Validating', release) : [],
    config?.attach === 'admission' && canMutate ? tryPod(reader, release) : undefined,
  ])
  // Policies of both kinds that have their binding.
  const bound = mutating && guarding && [...mutating, ...guarding]
  return { canMutate, canGuard, bound, tried }
}

/** Names of the policies of a kind that have their binding. */
async function readBound(
  reader: Reader,
  kind: 'Mutating' | 'Validating',
  { name }: ReleaseFacts,
): Promise<readonly string[] | undefined> {
  const query = { labelSelector: `app.kubernetes.io/name=acr-nopass,app.kubernetes.io/instance=${name}` }
  const plural = `${kind.toLowerCase()}admissionpolic`
  const [policies, bindings] = await Promise.all([
    reader.list<KubeObject>(`${kind}AdmissionPolicies`, `${API}/${plural}ies`, { query }),
    reader.list<KubeObject & { readonly spec?: { readonly policyName?: string } }>(
      `${kind}AdmissionPolicyBindings`,
      `${API}/${plural}ybindings`,
      { query },
    ),
  ])
  if (policies === undefined || bindings === undefined) return undefined
  const bound = new Set(bindings.map(({ spec }) => spec?.policyName))
  return policies.map(({ metadata }) => metadata.name).filter((policy) => bound.has(policy))
}

/** Creates a Pod as a dry run in the release's namespace, if that is a target; undefined: not tried. */
async function tryPod(reader: Reader, release: ReleaseFacts): Promise<'referenced' | 'unreferenced' | undefined> {
  const { namespace, config } = release
  if (config === undefined || config.admissionImages === 'acr') return undefined
  const targets = createTargets(config)
  const { transforms } = lensOf(release)
  const own = await reader.get<KubeObject>(`Namespace ${namespace}`, `/api/v1/namespaces/${namespace}`)
  if (!own || !targets.takesServiceAccount('default')) return undefined
  const view = transforms.namespace(own)
  if (view.optedOut || !targets.includes(view)) return undefined
  const spec = { containers: [{ name: 'probe', image: 'probe.invalid/probe', securityContext: RESTRICTED }] }
  const call = {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/pods`,
    query: { dryRun: 'All' },
    body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'acr-nopass-doctor' }, spec },
  } as const
  const pod = await reader.attempt('A Pod created as a dry run', async () => {
    try {
      type Pod = { readonly spec: { readonly imagePullSecrets?: readonly { readonly name?: string }[] } }
      return await reader.client.request<Pod>(call, reader.signal)
    } catch (error) {
      // Refused by another policy, or a webhook of Pods that fails or hangs: it shows nothing about our policy.
      if (error instanceof KubeApiError) throw new KubeApiError(403, error.message)
      throw error
    }
  })
  if (pod === undefined) return undefined
  return pod.spec.imagePullSecrets?.some(({ name }) => name === config.secretName) ? 'referenced' : 'unreferenced'
}

/** So that a cluster that enforces Pod Security restricted takes the probe; without a user of its own, which OpenShift refuses. */
const RESTRICTED = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}
