import { unlessStatus } from '../../kube/api-error.ts'
import { get, type KubeCaller } from '../../kube/client.ts'
import { SKIP } from '../../kube/names.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { namespacedPath, type PodObject } from '../../kube/types.ts'
import { summarize } from '../../lib/text.ts'
import { countProviderCalls, explainRead, findPluginNode } from './find-plugin-node.ts'
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
  const note = await withProbe({ ...request, makesPod: true }, (probe) => pullWithoutSecret(request, probe))
  return reported(request, `${note}; other nodes were not checked`)
}

/**
 * Verifies the same beside a helper: in a new namespace that is no target, and on a node whose
 * kubelet has called the program.
 * @throws VERIFY_IMAGE, VERIFY_NAMESPACE
 */
export async function verifyPluginNode(request: NodeRequest): Promise<string> {
  const { image, existing } = request
  const notChecked = (why: string): string => reported(request, `${image} was not checked: ${why}`)
  if (existing !== undefined) return notChecked('verify-namespace names a target, whose Pods have a Secret')
  const found = await findPluginNode(request)
  if ('why' in found) return notChecked(found.why)
  const labels = { [SKIP]: 'true' }
  const note = await withProbe({ ...request, makesPod: true, labels }, (probe) =>
    pullWithoutSecret(request, { ...probe, node: found.node }),
  )
  return reported(request, `${note}; other nodes were not checked`)
}

function reported({ report }: NodeRequest, note: string): string {
  const whole = `without a Secret: ${note}`
  report(whole)
  return whole
}

async function pullWithoutSecret(request: NodeRequest, probe: ProbeTarget): Promise<string> {
  const { image, limitMs } = request
  await waitForAccount(request, probe.namespace, probe.serviceAccount)
  const added = await readPullSecrets(request, probe, image)
  if (added.length > 0) {
    return `${image} was not checked: the cluster adds pull secrets to Pods there (${summarize(added)})`
  }
  const pulled = await verifyImage(request, probe, image, limitMs)
  return `${pulled}${await describeNode(request, probe)}`
}

/**
 * Returns whether the kubelet of the Pod's node has called our program. A public image would be
 * pulled without it.
 */
async function describeNode(caller: KubeCaller, { namespace, pod }: ProbeTarget): Promise<string> {
  const { spec } = await get<PodObject>(caller, namespacedPath('/api/v1', namespace, 'pods', pod))
  const node = spec?.nodeName
  if (node === undefined) return ''
  try {
    if ((await countProviderCalls(caller, node)) > 0) return ` by node ${node}, whose kubelet calls the program`
    return ` by node ${node}, but its kubelet has not called the program: the image may be public`
  } catch (error) {
    return ` by node ${node}; whether its kubelet called the program is not known (${explainRead(error)})`
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
