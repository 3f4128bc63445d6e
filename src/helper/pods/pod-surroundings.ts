import { type PlanContext, planKey } from '../plan/plan.ts'
import type { PodSurroundings } from './judge-pod.ts'
import type { PodView } from './pod-view.ts'

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
