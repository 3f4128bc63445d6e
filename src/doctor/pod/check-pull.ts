import { answerCheck } from './check-answer.ts'
import { explainPull, isBeyondCredentials } from './node-words.ts'
import { coveringRegistries, isWaiting, knowsDomains, ok, type PodCheck, unknown, wrong } from './pod-context.ts'

/** A reason that no credential changes: it counts, whatever the Pod's references are. The registry's own response is more exact than the node's. */
export const otherReasonCheck: PodCheck = {
  name: 'node',
  check: (pod, container, context) => {
    if (!isWaiting(container)) return undefined
    const answered = answerCheck.check(pod, container, context)
    if (answered?.state === 'wrong') return isBeyondCredentials(answered.verdict.id) ? answered : undefined
    const explained = explainPull(container.detail, container.image)
    if (!isBeyondCredentials(explained.id)) return undefined
    return wrong({ ...explained, command: `kubectl -n ${pod.namespace} describe pod ${pod.name}` })
  },
}

/** The node's own message about the pull. */
export const pullCheck: PodCheck = {
  name: 'node',
  check: (pod, container, context) => {
    const { focus } = context.observed
    const { image, running, detail, waiting } = container
    if (isWaiting(container)) {
      const explained = explainPull(detail, image)
      // A credential that it refuses may be no one's of ours.
      if (!knowsDomains(context) && coveringRegistries(image, context).length === 0) return unknown(explained.cause)
      return wrong({ ...explained, command: `kubectl -n ${pod.namespace} describe pod ${pod.name}` })
    }
    if (running) return ok(`${pod.node ?? 'the node'} runs it`)
    if (focus?.node === null) {
      return wrong({
        id: 'POD_UNSCHEDULED',
        severity: 'warning',
        cause: 'The Pod has no node yet, so nothing asks for its image.',
        fix: 'Look at the Events of the Pod: it fits on no node, or the scheduler does not run.',
        command: `kubectl -n ${pod.namespace} describe pod ${pod.name}`,
      })
    }
    return unknown(waiting === undefined ? 'it says nothing of the image' : waiting)
  },
}
