import type { ManifestResult } from '../../acr/query-manifest.ts'
import type { Verdict } from '../finding.ts'
import type { PodFacts } from '../observed.ts'
import { explainPull, isBeyondCredentials } from './node-words.ts'
import {
  coveringRegistries,
  describePod,
  isWaiting,
  knowsDomains,
  ok,
  type PodCheck,
  type StepResult,
  unknown,
  wrong,
} from './pod-context.ts'

type Result = ManifestResult['result']

const VERDICTS: Readonly<Partial<Record<Result, Verdict>>> = {
  'login-refused': {
    id: 'POD_LOGIN_REFUSED',
    cause: 'The registry rejects the credential in the Secret',
    fix: 'Request a new credential; if that is refused too, check instanceId, region and domains of the registry.',
    command: 'acr-nopass refresh',
  },
  denied: {
    id: 'POD_DENIED',
    cause:
      'The registry accepts the credential and grants it no right on this repository (or hides that the repository does not exist)',
    fix: 'Check the name of the repository; add it to `repositories` of the registry in values and apply the RAM policy again (`acr-nopass apply`).',
    command: 'acr-nopass policy -f values.yaml',
  },
  'repository-absent': {
    id: 'POD_IMAGE_ABSENT',
    cause: 'The registry does not have this repository',
    fix: 'Check the namespace and the name of the image, or push it.',
  },
  'tag-absent': {
    id: 'POD_TAG_ABSENT',
    cause: 'The registry has the repository, and not this tag',
    fix: 'Check the tag of the image, or push it.',
  },
  throttled: {
    id: 'POD_THROTTLED',
    cause: 'The registry throttles the pulls',
    fix: 'Wait; if it persists, request a higher limit for the instance, or pull through the VPC domain.',
  },
}

/** The registry's response to the Secret's credential, independent of the node's cache. */
export const checkResponse: PodCheck = (pod, { image }, { observed: { focus } }) => {
  const response = focus?.responses.get(image)
  if (response === undefined) return unknown('not requested: --ask-registry reads the Secret and queries the registry')
  const verdict = VERDICTS[response.result]
  if (verdict !== undefined) {
    return wrong({ command: describePod(pod), ...verdict, cause: `${verdict.cause}: ${response.detail}.` })
  }
  if (response.result !== 'found') return unknown(response.detail)
  return fits(response, focus?.node?.platform, pod)
}

function fits(response: ManifestResult, platform: string | undefined, { namespace, name }: PodFacts): StepResult {
  const { platforms } = response
  if (platform === undefined || platforms.length === 0 || platforms.includes(platform)) {
    return ok(platforms.length === 0 ? 'it is there' : `it is there for ${platforms.join(', ')}`)
  }
  return wrong({
    id: 'POD_ARCHITECTURE',
    cause: `The node is ${platform}, and the image is there for ${platforms.join(', ')} only.`,
    fix: 'Build the image for that architecture too, or bind the Pod to other nodes (nodeSelector kubernetes.io/arch).',
    command: `kubectl -n ${namespace} get pod ${name} -o wide`,
  })
}

/** A reason that no credential changes: it counts, whatever the Pod's references are. The registry's own response is more exact than the node's. */
export const checkOtherReason: PodCheck = (pod, container, context) => {
  if (!isWaiting(container)) return undefined
  const result = checkResponse(pod, container, context)
  if (result?.state === 'wrong') return isBeyondCredentials(result.verdict.id) ? result : undefined
  const explained = explainPull(container.detail, container.image)
  if (!isBeyondCredentials(explained.id)) return undefined
  return wrong({ ...explained, command: describePod(pod) })
}

/** The node's own message about the pull. */
export const checkPull: PodCheck = (pod, container, context) => {
  const { focus } = context.observed
  const { image, running, detail, waiting } = container
  if (isWaiting(container)) {
    const explained = explainPull(detail, image)
    // A credential that it refuses may be no one's of ours.
    if (!knowsDomains(context) && coveringRegistries(image, context).length === 0) return unknown(explained.cause)
    return wrong({ ...explained, command: describePod(pod) })
  }
  if (running) return ok(`${pod.node ?? 'the node'} runs it`)
  if (focus?.node === null) {
    return wrong({
      id: 'POD_UNSCHEDULED',
      severity: 'warning',
      cause: 'The Pod has no node yet, so nothing pulls its image.',
      fix: 'Read the Events of the Pod: it fits on no node, or the scheduler does not run.',
      command: describePod(pod),
    })
  }
  return unknown(waiting === undefined ? 'it does not mention the image' : waiting)
}
