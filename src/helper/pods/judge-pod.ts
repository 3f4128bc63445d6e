import { isCoveredBy, parseImage } from '../../acr/image-reference.ts'
import { isCopiedList, type ServiceAccountView } from '../../release/views.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import { type PlanContext, planKey } from '../plan/plan.ts'
import type { PodView } from './pod-view.ts'

/** The state by which a Pod is judged. */
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
