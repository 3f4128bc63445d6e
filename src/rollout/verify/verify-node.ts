import { KubeApiError, unlessStatus } from '../../kube/api-error.ts'
import { get, type KubeCaller } from '../../kube/client.ts'
import { NODE_PROVIDER } from '../../kube/names.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { readProviderMetrics } from '../../kube/read/kubelet-metrics.ts'
import { namespacedPath, type PodObject } from '../../kube/types.ts'
import { summarize } from '../../lib/text.ts'
import { type ProbeRequest, type ProbeTarget, RESTRICTED_CONTAINER, withProbe } from './probe-objects.ts'
import { verifyImage } from './verify-image.ts'

interface NodeRequest extends Omit<ProbeRequest, 'makesPod'> {
  readonly image: string
  readonly limitMs: number
  readonly report: (line: string) => void
}

/**
 * Verifies that a node pulls the image for a Pod without any pull secret. The scheduler chooses the
 * node, so this says nothing about other nodes.
 * @throws VERIFY_IMAGE, VERIFY_NAMESPACE
 */
export async function verifyNode(request: NodeRequest): Promise<string> {
  const { image, limitMs, report } = request
  const note = await withProbe({ ...request, makesPod: true }, async (probe) => {
    await waitForAccount(request, probe.namespace, probe.serviceAccount)
    const added = await readPullSecrets(request, probe, image)
    if (added.length > 0) {
      return `${image} was not checked: the cluster adds pull secrets to Pods there (${summarize(added)})`
    }
    const pulled = await verifyImage(request, probe, image, limitMs)
    return `${pulled}${await describeNode(request, probe)}`
  })
  const whole = `without a Secret: ${note}; other nodes were not checked`
  report(whole)
  return whole
}

/**
 * Returns whether the kubelet of the Pod's node has called our program. A public image would be
 * pulled without it.
 */
async function describeNode(caller: KubeCaller, { namespace, pod }: ProbeTarget): Promise<string> {
  const { spec } = await get<PodObject>(caller, namespacedPath('/api/v1', namespace, 'pods', pod))
  const node = spec?.nodeName
  if (node === undefined) return ''
  const path = `/api/v1/nodes/${encodeURIComponent(node)}/proxy/metrics`
  try {
    const { calls } = readProviderMetrics(await get<string>(caller, path, { isText: true }), NODE_PROVIDER)
    if (calls > 0) return ` by node ${node}, whose kubelet calls the program`
    return ` by node ${node}, but its kubelet has not called the program: the image may be public`
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error
    const why = error.status === 403 ? 'the deployer lacks get of nodes/proxy' : error.message
    return ` by node ${node}; whether its kubelet called the program is not known (${why})`
  }
}

/** The default ServiceAccount of a new namespace takes a moment to appear. */
async function waitForAccount(
  caller: KubeCaller & Pick<NodeRequest, 'limitMs'>,
  namespace: string,
  name: string,
): Promise<void> {
  const path = namespacedPath('/api/v1', namespace, 'serviceaccounts', name)
  // Without the right to read it, creating the Pod shows whether it exists.
  const isThere = async (): Promise<boolean> => (await unlessStatus(get(caller, path), 404)) !== undefined
  await pollUntil(caller.limitMs, caller.signal, () => unlessStatus(isThere(), 403).then((found) => found ?? true))
}

/**
 * Returns the pull secrets that a ServiceAccount, a webhook or a policy adds to a Pod (dry run).
 * With them, the pull would not show that the node has a login.
 */
async function readPullSecrets(
  { client, signal }: KubeCaller,
  { namespace, serviceAccount, pod }: ProbeTarget,
  image: string,
): Promise<readonly string[]> {
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod },
    spec: { serviceAccountName: serviceAccount, containers: [{ name: 'image', image, ...RESTRICTED_CONTAINER }] },
  }
  const path = namespacedPath('/api/v1', namespace, 'pods')
  const made = await client.request<PodObject>({ method: 'POST', path, query: { dryRun: 'All' }, body }, signal)
  return (made.spec.imagePullSecrets ?? []).flatMap(({ name }) => name ?? [])
}
