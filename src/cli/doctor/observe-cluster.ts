import { createTargets } from '../../helper/targets.ts'
import { createTrimmers, type ServiceAccountObject } from '../../helper/views.ts'
import { type KubeClient, METADATA_ONLY_LIST } from '../../kube/client.ts'
import type { KubeObject } from '../../kube/types.ts'
import { findAddons } from '../../rollout/cluster-reads.ts'
import { readPods } from '../../rollout/release-watch.ts'
import { findRelease, type ReleaseChoice } from './find-release.ts'
import type { DeploymentFacts, LeaseFacts, Observed, ReleaseFacts } from './observed.ts'
import { type PodObject, trimPod } from './pod-facts.ts'
import { createReader, type Reader } from './reader.ts'

/**
 * Reads everything that `doctor` judges by; of Secrets only metadata, and only of the pull secret's name.
 * @throws NopassError when the API server cannot be reached or does not know the caller
 */
export async function observeCluster(
  client: KubeClient,
  request: ReleaseChoice & { readonly server: string; readonly now: number },
  signal: AbortSignal,
): Promise<Observed> {
  const version = await client.request<{ gitVersion?: string }>({ method: 'GET', path: '/version' }, signal)
  const reader = createReader(client, signal)
  const { chosen, others } = await findRelease(reader, request)
  const base = {
    now: request.now,
    server: request.server,
    kubernetes: version.gitVersion,
    release: chosen,
    others,
    addons: await findAddons(client, signal),
  }
  const facts = chosen === undefined ? NOTHING : await readRelease(client, reader, chosen, signal)
  return { ...base, ...facts, unread: reader.unread }
}

type Facts = Omit<Observed, 'now' | 'server' | 'kubernetes' | 'release' | 'others' | 'addons' | 'unread'>

const NOTHING: Facts = {
  deployment: undefined,
  helperPods: undefined,
  lease: undefined,
  namespaces: undefined,
  secrets: undefined,
  accounts: undefined,
  pods: undefined,
  podPolicies: undefined,
}

async function readRelease(
  client: KubeClient,
  reader: Reader,
  release: ReleaseFacts,
  signal: AbortSignal,
): Promise<Facts> {
  const { namespace, fullname, config } = release
  const secretName = config?.secretName ?? release.status?.secretName ?? 'acr-nopass'
  const trim = createTrimmers({
    instance: `${namespace}.${release.name}`,
    secretLabels: {},
    namespaceLabels: config === undefined ? new Set() : createTargets(config).namespaceLabels,
  })
  const accept = METADATA_ONLY_LIST
  const query = { fieldSelector: `metadata.name=${secretName}` }
  const [deployment, helperPods, lease, namespaces, secrets, accounts, pods, podPolicies] = await Promise.all([
    readDeployment(reader, release),
    readHelperPods(client, reader, release, signal),
    readLease(reader, namespace, config?.release.lease ?? fullname),
    reader.list<KubeObject>('Namespaces', '/api/v1/namespaces', { accept }),
    reader.list<KubeObject>(`Secrets named ${secretName}`, '/api/v1/secrets', { accept, query }),
    reader.list<ServiceAccountObject>('ServiceAccounts of all namespaces', '/api/v1/serviceaccounts'),
    reader.list<PodObject>('Pods of all namespaces', '/api/v1/pods'),
    config?.attach === 'serviceAccounts' ? undefined : readPodPolicies(reader),
  ])
  return {
    deployment,
    helperPods,
    lease,
    namespaces: namespaces?.map(trim.namespace),
    secrets: secrets && new Map(secrets.map((object) => [object.metadata.namespace ?? '', trim.secret(object)])),
    accounts: accounts?.map(trim.serviceAccount),
    pods: pods?.flatMap((pod) => trimPod(pod, secretName)),
    podPolicies,
  }
}

async function readDeployment(
  reader: Reader,
  { namespace, fullname }: ReleaseFacts,
): Promise<DeploymentFacts | null | undefined> {
  const object = await reader.get<{ spec: { replicas?: number }; status?: { availableReplicas?: number } }>(
    `Deployment ${namespace}/${fullname}`,
    `/apis/apps/v1/namespaces/${namespace}/deployments/${fullname}`,
  )
  return object && { wanted: object.spec.replicas ?? 1, available: object.status?.availableReplicas ?? 0 }
}

/** Those of the helper; which of them are not ready, and why. */
async function readHelperPods(
  client: KubeClient,
  reader: Reader,
  { namespace, name }: ReleaseFacts,
  signal: AbortSignal,
): Promise<Observed['helperPods']> {
  const selector = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': name }
  const parts = { namespace, selector, statusConfigMap: undefined, configHash: undefined }
  return reader.attempt(`Pods of namespace ${namespace}`, () => readPods(client, parts, signal))
}

async function readLease(reader: Reader, namespace: string, name: string): Promise<LeaseFacts | null | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`
  const object = await reader.get<{ spec?: { holderIdentity?: string; renewTime?: string } }>(
    `Lease ${namespace}/${name}`,
    path,
  )
  if (!object) return object
  const { holderIdentity = '', renewTime } = object.spec ?? {}
  return { holder: holderIdentity, renewedAt: renewTime === undefined ? 0 : Date.parse(renewTime) }
}

async function readPodPolicies(reader: Reader): Promise<readonly string[] | undefined> {
  const api = '/apis/admissionregistration.k8s.io/v1'
  const query = { labelSelector: 'app.kubernetes.io/name=acr-nopass' }
  const [policies, bindings] = await Promise.all([
    reader.list<KubeObject>('MutatingAdmissionPolicies', `${api}/mutatingadmissionpolicies`, { query }),
    reader.list<KubeObject & { readonly spec?: { readonly policyName?: string } }>(
      'MutatingAdmissionPolicyBindings',
      `${api}/mutatingadmissionpolicybindings`,
      { query },
    ),
  ])
  if (policies === undefined || bindings === undefined) return undefined
  const bound = new Set(bindings.map(({ spec }) => spec?.policyName))
  return policies.map(({ metadata }) => metadata.name).filter((name) => bound.has(name))
}
