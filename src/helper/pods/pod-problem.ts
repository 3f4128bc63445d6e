import { NopassError } from '../../errors.ts'
import type { PodFinding } from './judge-pod.ts'
import type { PodView } from './pod-view.ts'

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
    'too-old': 'admitted before the reference to it was there, and the list of a Pod never changes',
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
    return `One made after an eviction lacks it as well, so no more are evicted: add {name: ${secretName}} to imagePullSecrets where the Pod is made.`
  }
  switch (why) {
    case 'own-list':
      return `Add {name: ${secretName}} to imagePullSecrets where the Pod is made, or use attach: admission.`
    case 'account':
      return `See the status for why ServiceAccount ${pod.serviceAccount} lacks it; then delete the Pod.`
    case 'too-old':
      return pod.owner
        ? `Delete the Pod: kubectl -n ${pod.namespace} delete pod ${pod.name}; the next one has the reference.`
        : 'Delete the Pod and apply its manifest again; it then has the reference.'
  }
}
