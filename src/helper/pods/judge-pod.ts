import { isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import { NopassError } from '../../errors.ts'
import { isCopiedList, type ServiceAccountView } from '../../installation/object-views.ts'
import { shell } from '../../lib/shell-command.ts'
import { planKey } from '../plan/plan.ts'
import type { PlanContext } from '../plan/plan-context.ts'
import type { PodView } from './pod-view.ts'

/** A Pod that cannot pull `image` because its list does not have our entry. */
export interface PodWithoutReference {
  readonly image: string
  /**
   * `too-old`: a new Pod would have our entry. `own-list`: the Pod's own list replaces that of its
   * ServiceAccount. `account`: the ServiceAccount does not have our entry.
   */
  readonly why: 'too-old' | 'own-list' | 'account'
  /** True if the owner of the Pod would recreate it with our entry. */
  readonly evictable: boolean
}

/**
 * Controllers that always recreate a Pod. Jobs are not listed, because a Job may count an eviction
 * as a failure.
 */
const REPLACING: Readonly<Record<string, true>> = {
  'apps/v1 ReplicaSet': true,
  'apps/v1 StatefulSet': true,
  'apps/v1 DaemonSet': true,
}

/**
 * Returns why a Pod cannot pull one of our images without our entry; undefined if it can.
 * `domainsOf`: the domains of the credentials in force of these registries.
 */
export function judgePod(
  pod: PodView,
  context: PlanContext,
  domainsOf: (registries: readonly string[]) => readonly string[],
): PodWithoutReference | undefined {
  const { observed, targets, config } = context
  if (!pod.pending || pod.terminating || pod.mirror || pod.optedOut || pod.list.includes(config.secretName)) return
  const namespace = observed.namespace(pod.namespace)
  if (!namespace || !targets.includes(namespace) || !targets.takesServiceAccount(pod.serviceAccount)) return
  if (planKey(context, { namespace: pod.namespace })?.kind !== 'current') return
  const account = observed.serviceAccount(pod.namespace, pod.serviceAccount)
  if (config.attach === 'serviceAccounts' && account?.optedOut) return
  const domains = domainsOf(targets.registriesOf(namespace))
  const image = pod.failing.find((one) => domains.some((domain) => isCoveredBy(domain, parseImage(one))))
  if (image === undefined) return
  const why = reasonWithoutReference(pod, account, config)
  return { image, why, evictable: why === 'too-old' && isReplaceable(pod) }
}

function reasonWithoutReference(
  pod: PodView,
  account: ServiceAccountView | undefined,
  config: PlanContext['config'],
): PodWithoutReference['why'] {
  if (config.attach !== 'serviceAccounts') return 'too-old'
  if (!account?.list.includes(config.secretName)) return 'account'
  return isCopiedList(pod.list, account.list, config.secretName) ? 'too-old' : 'own-list'
}

function isReplaceable({ namespace, owner, isWorking }: PodView): boolean {
  // A disruption budget does not protect a pending Pod (docs/en/decisions.md#heal).
  if (owner === undefined || isWorking || namespace.startsWith('kube-')) return false
  return REPLACING[`${owner.apiVersion} ${owner.kind}`] === true
}

/**
 * What the helper does about a Pod without the reference. `unhelped`: an earlier eviction did not
 * help.
 */
export type Treatment = 'left' | 'to-evict' | 'unhelped'

/**
 * Returns the problem of a Pod without the reference. The problem is the same for all Pods of an
 * owner.
 */
export function problemOfPod(
  pod: PodView,
  finding: PodWithoutReference,
  secretName: string,
  treatment: Treatment,
): NopassError {
  const { image, why } = finding
  const subject = pod.owner ? `Pods of ${pod.owner.kind} ${pod.owner.name}` : `Pod ${pod.name}`
  const cause = {
    'too-old': 'admitted before the reference to it existed, and the list of a Pod never changes',
    'own-list': `their own imagePullSecrets (${pod.list.join(', ')}) hide those of their ServiceAccount`,
    account: `ServiceAccount ${pod.serviceAccount} does not name it`,
  }[why]
  return new NopassError('PULL_SECRET_MISSING', `${subject} cannot pull ${image} without ${secretName}: ${cause}`, {
    place: { namespace: pod.namespace },
    hint: fixOfPod(pod, why, secretName, treatment),
  })
}

function fixOfPod(pod: PodView, why: PodWithoutReference['why'], secretName: string, treatment: Treatment): string {
  if (treatment === 'to-evict') return 'Nothing to do: it is evicted, and the next one has the reference.'
  if (treatment === 'unhelped') {
    return `A Pod created after an eviction lacks it too, so no more are evicted: add {name: ${secretName}} to imagePullSecrets in the Pod template.`
  }
  switch (why) {
    case 'own-list':
      return `Add {name: ${secretName}} to imagePullSecrets in the Pod template, or use attach: admission.`
    case 'account':
      return `See the status for why ServiceAccount ${pod.serviceAccount} lacks it; then delete the Pod.`
    case 'too-old': {
      const remove = shell`kubectl -n ${pod.namespace} delete pod ${pod.name}`
      const running = pod.isWorking ? ' One of its containers is running, and will be stopped.' : ''
      return pod.owner
        ? `Delete the Pod${remove === undefined ? '' : `: ${remove}`}; the next one has the reference.${running}`
        : 'Delete the Pod and apply its manifest again; it then has the reference.'
    }
  }
}
