import { findCauses } from '../../../rollout/release-causes.ts'
import { count, type Finding } from '../finding.ts'
import type { Observed, ReleaseFacts } from '../observed.ts'
import { applyAgain } from './mend.ts'

/** Whether the helper's Pods run, and if not, why. */
export function helperPodFindings({ release, deployment, helperPods }: Observed): readonly Finding[] {
  if (release === undefined || deployment === undefined) return []
  const { namespace, fullname } = release
  const subject = `helper ${namespace}/${fullname}`
  if (deployment === null || deployment.wanted === 0) {
    return [{ id: 'HELPER_DOWN', severity: 'error', subject, ...absent(release, deployment === null) }]
  }
  if (deployment.available >= deployment.wanted) return []
  const isDown = deployment.available === 0
  const [first] = findCauses({ pods: helperPods ?? [], status: undefined, configHash: undefined, ramChanged: false })
  return [
    {
      id: isDown ? 'HELPER_DOWN' : 'HELPER_DEGRADED',
      severity: isDown ? 'error' : 'warning',
      subject,
      message: `${deployment.available} of ${count(deployment.wanted, 'replica')} available`,
      cause: first?.error.message ?? 'Its Pods are not ready yet, or fit on no node.',
      cure: first?.error.hint ?? 'Look at the Events of its Pods.',
      command: `kubectl -n ${namespace} describe deployment,pods -l app.kubernetes.io/instance=${release.name}`,
    },
  ]
}

function absent(release: ReleaseFacts, isGone: boolean): Pick<Finding, 'message' | 'cause' | 'cure' | 'command'> {
  if (isGone) {
    return {
      message: 'its Deployment does not exist',
      cause: 'It was deleted, or never made.',
      cure: 'Make it again as the release has it, or install the release again.',
      command: applyAgain(release),
    }
  }
  return {
    message: 'its Deployment is scaled to 0',
    cause: 'Somebody scaled it down.',
    cure: 'Scale it up: two replicas, one of which stands by.',
    command: `kubectl -n ${release.namespace} scale deployment ${release.fullname} --replicas=2`,
  }
}
