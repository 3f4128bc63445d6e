import { NopassError } from '../../errors.ts'
import type { ServiceAccountObject } from '../../installation/object-views.ts'
import { createSecretTransforms, readPullSecrets } from '../../installation/read-pull-secrets.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import type { Reader } from '../../kube/read/reader.ts'
import { type KubeObject, namespacedPath, type PodObject } from '../../kube/types.ts'
import { shell } from '../../lib/shell-command.ts'
import type { NodeFacts, Observed, PodFocus } from '../observed.ts'
import { NOT_INSPECTED, type ObserveRequest, observeBase } from './observe-cluster.ts'
import { addOwnEvents } from './pod-events.ts'
import { describePlatform, describePod } from './pod-facts.ts'
import type { QueryRegistry } from './query-registry.ts'
import { readHelper } from './read-helper.ts'
import { readNodes } from './read-nodes.ts'

export interface PodRequest extends ObserveRequest {
  readonly pod: { readonly namespace: string; readonly name: string }
  /** Undefined: without the user's consent neither Secrets nor registries are read. */
  readonly ask: QueryRegistry | undefined
}

/**
 * Reads everything about one Pod: its namespace, ServiceAccount, pull secret, node and Events, and
 * the release.
 * @throws KUBE_NOT_FOUND, KUBE_FORBIDDEN of the Pod itself
 */
export async function observePod(reader: Reader, request: PodRequest): Promise<Observed> {
  const { pod: wanted, ask, ...rest } = request
  const pod = await readPod(reader, wanted)
  const facts = describePod(pod)
  const base = await observeBase(reader, rest)
  const { release } = base
  const { namespace } = wanted
  const { secretName, transforms } = createSecretTransforms(release)
  const rules = { now: base.now, isReadOnly: false }
  const around = reader
    .get<KubeObject>(`Namespace ${namespace}`, `/api/v1/namespaces/${namespace}`)
    .then((object) => (object ? [transforms.namespace(object)] : undefined))
  const account = reader.get<ServiceAccountObject>(
    `ServiceAccount ${namespace}/${facts.serviceAccount}`,
    namespacedPath('/api/v1', namespace, 'serviceaccounts', facts.serviceAccount),
  )
  const accounts = account
    .then((found) => (found ? [transforms.serviceAccount(found)] : undefined))
    .catch(() => undefined)
  const [helper, cloud, namespaces, found, secrets, node, told, plugins] = await Promise.all([
    release === undefined ? {} : readHelper(reader, release, around, rules),
    release === undefined ? NOT_INSPECTED : request.inspect(release, accounts),
    around,
    account,
    readPullSecrets(reader, secretName, transforms, namespace),
    facts.node === undefined ? null : readNode(reader, facts.node),
    addOwnEvents(reader, facts, base.now),
    facts.node && readNodes(reader, release, { ...rules, expectConfigs: request.expectConfigs }, facts.node),
  ])
  const focus: PodFocus = { pod: told, node, responses: new Map() }
  const observed: Observed = {
    ...base,
    ...helper,
    cloud,
    plugins: plugins || undefined,
    namespaces,
    secrets,
    accounts: found === undefined ? undefined : found ? [transforms.serviceAccount(found)] : [],
    pods: [],
    focus,
    unread: reader.unread,
  }
  if (ask === undefined) return observed
  return { ...observed, focus: { ...focus, responses: await ask(observed, focus.pod) } }
}

async function readPod(reader: Reader, { namespace, name }: PodRequest['pod']): Promise<PodObject> {
  const path = namespacedPath('/api/v1', namespace, 'pods', name)
  const pod = await unlessStatus(reader.request<PodObject>(path), 404)
  if (pod !== undefined) return pod
  const list = shell`kubectl get pods --namespace ${namespace}`
  throw new NopassError('KUBE_NOT_FOUND', `there is no Pod ${namespace}/${name}`, {
    hint: `${list === undefined ? 'Check both names' : `\`${list}\` lists them`}; a Deployment's Pods change their names.`,
  })
}

interface NodeObject {
  readonly status: { readonly nodeInfo: { kubeletVersion: string; operatingSystem?: string; architecture?: string } }
}

async function readNode(reader: Reader, name: string): Promise<NodeFacts | undefined> {
  const node = await reader.get<NodeObject>(`Node ${name}`, `/api/v1/nodes/${name}`)
  if (!node) return undefined
  const { nodeInfo } = node.status
  const cachePolicy = await readCachePolicy(reader, name)
  return { name, version: nodeInfo.kubeletVersion, platform: describePlatform(nodeInfo), cachePolicy }
}

/**
 * Reads the kubelet's own configuration. Undefined without the right to read it, which most users
 * lack, or without a response.
 */
async function readCachePolicy(reader: Reader, name: string): Promise<string | undefined> {
  const path = `/api/v1/nodes/${name}/proxy/configz`
  try {
    type Config = { readonly kubeletconfig?: Readonly<Record<string, unknown>> }
    const { kubeletconfig } = await reader.request<Config>(path, { timeoutMs: 5000 })
    const policy = kubeletconfig?.imagePullCredentialsVerificationPolicy
    return typeof policy === 'string' && policy !== '' ? policy : undefined
  } catch (error) {
    if (reader.signal.aborted) throw error
    return undefined
  }
}
