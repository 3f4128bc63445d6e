import { isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import { NopassError } from '../../errors.ts'
import { isCopiedList, type ServiceAccountView } from '../../release/object-views.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import { planKey } from '../plan/plan.ts'
import type { PlanContext } from '../plan/plan-context.ts'
import type { PodView } from './pod-view.ts'

export interface PodSurroundings {
  readonly secretName: string
  readonly attach: HelperConfig['attach']
  /** Its namespace is a target with a current pull secret. */
  readonly namespaceCurrent: boolean
  /** Domains of the registries that the namespace is a target of. */
  readonly domains: readonly string[]
  /** Whether the targets include its ServiceAccount. */
  readonly targeted: boolean
  /** Undefined where it does not exist or the helper does not watch ServiceAccounts. */
  readonly account: ServiceAccountView | undefined
}

/** `masked`: it cannot pull `image` because its list does not have our entry. */
export type PodFinding =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'masked'
      readonly image: string
      /**
       * `too-old`: a new Pod would have the entry. `own-list`: the Pod's own list hides the ServiceAccount's. `account`: its
       * ServiceAccount does not have our entry.
       */
      readonly why: 'too-old' | 'own-list' | 'account'
      /** Its owner would recreate it with the entry. */
      readonly evictable: boolean
    }

const NONE: PodFinding = { kind: 'none' }
/** Controllers that always recreate a Pod; a Job may count an eviction as a failure. */
const REPLACING: Readonly<Record<string, true>> = {
  'apps/v1 ReplicaSet': true,
  'apps/v1 StatefulSet': true,
  'apps/v1 DaemonSet': true,
}

/** Whether a Pod cannot pull one of our images because it was admitted without our entry, and whether a new Pod would have it. */
export function judgePod(pod: PodView, around: PodSurroundings): PodFinding {
  const { secretName, account, attach } = around
  if (!pod.pending || pod.terminating || pod.mirror || pod.list.includes(secretName)) return NONE
  if (!around.namespaceCurrent || !around.targeted || pod.optedOut) return NONE
  if (attach === 'serviceAccounts' && account?.optedOut) return NONE
  const image = pod.failing.find((one) => around.domains.some((domain) => isCoveredBy(domain, parseImage(one))))
  if (image === undefined) return NONE
  const why = reasonOf(pod, around)
  return { kind: 'masked', image, why, evictable: why === 'too-old' && isReplaceable(pod) }
}

function reasonOf(pod: PodView, { attach, account, secretName }: PodSurroundings): 'too-old' | 'own-list' | 'account' {
  if (attach !== 'serviceAccounts') return 'too-old'
  if (!account?.list.includes(secretName)) return 'account'
  return isCopiedList(pod.list, account.list, secretName) ? 'too-old' : 'own-list'
}

function isReplaceable({ namespace, owner }: PodView): boolean {
  if (owner === undefined || namespace.startsWith('kube-')) return false
  return REPLACING[`${owner.apiVersion} ${owner.kind}`] === true
}

/** The state by which a Pod is judged. `domainsOf`: the domains of a registry's active credential. */
export function createPodSurroundings(
  context: () => PlanContext,
  domainsOf: (registry: string) => readonly string[],
): (pod: Pick<PodView, 'namespace' | 'serviceAccount'>) => PodSurroundings {
  return (pod) => {
    const around = context()
    const { observed, targets, config } = around
    const namespace = observed.namespace(pod.namespace)
    const attached = namespace !== undefined && targets.includes(namespace)
    return {
      secretName: config.secretName,
      attach: config.attach,
      namespaceCurrent: attached && planKey(around, { namespace: pod.namespace })?.kind === 'current',
      domains: attached ? targets.registriesOf(namespace).flatMap(domainsOf) : [],
      targeted: targets.takesServiceAccount(pod.serviceAccount),
      account: observed.serviceAccount(pod.namespace, pod.serviceAccount),
    }
  }
}

/** What happens to a masked Pod. */
export type Treatment = 'left' | 'to-evict' | 'unhelped'

/** The problem of a masked Pod with its fix; the same for all Pods of an owner. */
export function problemOfPod(
  pod: PodView,
  finding: PodFinding & { kind: 'masked' },
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
    hint: fixOf(pod, why, secretName, treatment),
  })
}

function fixOf(
  pod: PodView,
  why: (PodFinding & { kind: 'masked' })['why'],
  secretName: string,
  treatment: Treatment,
): string {
  if (treatment === 'to-evict') return 'Nothing to do: it is evicted, and the next one has the reference.'
  if (treatment === 'unhelped') {
    return `A Pod created after an eviction lacks it too, so no more are evicted: add {name: ${secretName}} to imagePullSecrets in the Pod template.`
  }
  switch (why) {
    case 'own-list':
      return `Add {name: ${secretName}} to imagePullSecrets in the Pod template, or use attach: admission.`
    case 'account':
      return `See the status for why ServiceAccount ${pod.serviceAccount} lacks it; then delete the Pod.`
    case 'too-old':
      return pod.owner
        ? `Delete the Pod: kubectl -n ${pod.namespace} delete pod ${pod.name}; the next one has the reference.`
        : 'Delete the Pod and apply its manifest again; it then has the reference.'
  }
}
