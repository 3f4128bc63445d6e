import { KubeApiError } from '../kube/api-error.ts'
import type { Reader } from '../kube/read/reader.ts'
import type { HelperConfig } from '../values/generated/helper-config.ts'
import type { NamespaceView } from './object-views.ts'
import { createTargets } from './targets.ts'

/** Why no Pod could be tried, if `targets.serviceAccounts` has patterns only. */
export const NO_ACCOUNT: string = 'no ServiceAccount of targets.serviceAccounts is known to exist'

/** By namespace: whether a Pod created as a dry run got the reference. */
export type TriedPods = ReadonlyMap<string, 'referenced' | 'unreferenced'>

/** A cluster may have 10,000 namespaces, and each takes some milliseconds. */
const MOST = 1_000
/** How many Pods are tried at the same time. */
const TOGETHER = 8

/**
 * Creates a Pod as a dry run in each target namespace, because a changed policy may skip a single
 * namespace. Undefined: no Pod was tried. Namespaces where no Pod could be tried are recorded.
 */
export async function tryPods(
  reader: Reader,
  config: HelperConfig,
  namespaces: readonly NamespaceView[],
): Promise<TriedPods | undefined> {
  const targets = createTargets(config)
  const open = namespaces.filter((one) => !one.terminating && targets.includes(one)).map(({ name }) => name)
  const [account, ...others] = chooseAccounts(config)
  if (open.length === 0) return undefined
  if (account === undefined) {
    reader.note('Pods created as a dry run', NO_ACCOUNT)
    return undefined
  }
  const results = new Map<string, 'referenced' | 'unreferenced'>()
  const refused = new Map<string, string>()
  const absent: string[] = []
  const mayHaveAny = account !== 'default' && config.targets.serviceAccounts.include.some((name) => name.includes('*'))
  const some = open.slice(0, MOST)
  for (let from = 0; from < some.length; from += TOGETHER) {
    const batch = some.slice(from, from + TOGETHER)
    const answers = await Promise.all(
      batch.map((namespace) => tryAccounts(reader, config, namespace, [account, ...others])),
    )
    for (const [index, namespace] of batch.entries()) {
      const answer = answers[index]
      if (answer instanceof KubeApiError) {
        // Without a ServiceAccount nobody can create a Pod that needs the reference.
        if (!isWithoutAccount(answer)) refused.set(namespace, answer.message)
        else if (mayHaveAny) refused.set(namespace, 'it has none of the ServiceAccounts that are listed by name')
        else absent.push(namespace)
      }
      if (answer === 'referenced' || answer === 'unreferenced') results.set(namespace, answer)
    }
    // If the right to create Pods is missing in eight namespaces, it is assumed to be missing in
    // the others too.
    if (
      results.size + absent.length === 0 &&
      [...refused.values()].every((why) => why.includes('cannot create resource'))
    ) {
      for (const namespace of some.slice(from + TOGETHER)) refused.set(namespace, 'as in the others')
      break
    }
  }
  if (results.size + refused.size === 0) {
    reader.note('Pods created as a dry run', `no target namespace has the ServiceAccount ${account}`)
  }
  for (const namespace of open.slice(MOST)) refused.set(namespace, `only ${MOST} namespaces are tried`)
  const [first] = refused
  if (first !== undefined) {
    const [namespace, why] = first
    const where = refused.size === 1 ? `namespace ${namespace}` : `${refused.size} of ${open.length} namespaces`
    reader.note(`A Pod created as a dry run in ${where}`, why.replace(/^.*? returned \d+: /, ''))
  }
  return results
}

/**
 * Returns the ServiceAccount that every namespace has, or those that may exist in the target
 * namespaces.
 */
function chooseAccounts(config: HelperConfig): readonly string[] {
  const { takesServiceAccount } = createTargets(config)
  const { include } = config.targets.serviceAccounts
  if (takesServiceAccount('default')) return ['default']
  return include.filter((name) => !name.includes('*') && takesServiceAccount(name))
}

/** Returns the result with the first of the ServiceAccounts that exists. */
async function tryAccounts(reader: Reader, config: HelperConfig, namespace: string, accounts: readonly string[]) {
  let answer: Awaited<ReturnType<typeof tryPod>> | undefined
  for (const account of accounts) {
    answer = await tryPod(reader, config, namespace, account)
    if (!(answer instanceof KubeApiError && isWithoutAccount(answer))) break
  }
  return answer
}

function isWithoutAccount({ message }: KubeApiError): boolean {
  return message.includes('error looking up service account')
}

type Pod = { readonly spec: { readonly imagePullSecrets?: readonly { readonly name?: string }[] } }

async function tryPod(reader: Reader, config: HelperConfig, namespace: string, serviceAccountName: string) {
  const containers = [{ name: 'probe', image: PROBE_IMAGE, securityContext: RESTRICTED, resources: SMALL }]
  // The Pod has a list of its own, so only the policy can add the reference, and not the
  // ServiceAccount.
  const spec = { serviceAccountName, containers, imagePullSecrets: [{ name: 'acr-nopass-doctor' }] }
  const call = {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/pods`,
    query: { dryRun: 'All' },
    body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'acr-nopass-doctor' }, spec },
  } as const
  try {
    const pod = await reader.client.request<Pod>(call, reader.signal)
    const isReferenced = pod.spec.imagePullSecrets?.some(({ name }) => name === config.secretName)
    return isReferenced ? ('referenced' as const) : ('unreferenced' as const)
  } catch (error) {
    // Another policy, a quota, or a webhook of Pods that fails or hangs refused the Pod. This shows
    // nothing about our policy.
    if (error instanceof KubeApiError) return error
    throw error
  }
}

/**
 * The image has a domain of ACR, which `admissionImages: acr` requires. A dry run pulls nothing.
 */
const PROBE_IMAGE = 'registry.cn-hangzhou.aliyuncs.com/acr-nopass/probe'

/** The amounts that a quota of compute resources requires. */
const AMOUNT = { cpu: '1m', memory: '1Mi', 'ephemeral-storage': '1Mi' }
const SMALL = { requests: AMOUNT, limits: AMOUNT }

/**
 * Settings with which a cluster that enforces Pod Security `restricted` accepts the probe. They set
 * no user, because OpenShift refuses that.
 */
const RESTRICTED = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}
