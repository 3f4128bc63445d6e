import type { ManifestResult } from '../../acr/query-manifest.ts'
import { shell } from '../../lib/shell-command.ts'
import type { FindingId, Verdict } from '../finding.ts'
import type { ContainerFacts, PodFacts } from '../observed.ts'
import { explainPull } from './node-words.ts'
import {
  coveringRegistries,
  describePod,
  explainedWrong,
  isWaiting,
  knowsDomains,
  ok,
  type PodCheck,
  type PodContext,
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
    command: shell`acr-nopass refresh`,
  },
  denied: {
    id: 'POD_DENIED',
    cause:
      'The registry accepts the credential, but denies access to this repository (or hides that the repository does not exist)',
    fix: 'Check the name of the repository; add it to `repositories` of the registry in values and apply the RAM policy again (`acr-nopass apply`).',
    command: shell`acr-nopass policy -f values.yaml`,
  },
  'repository-absent': {
    id: 'POD_IMAGE_ABSENT',
    cause: 'The registry does not have this repository',
    fix: 'Check the namespace and the name of the image, or push it.',
  },
  'tag-absent': {
    id: 'POD_TAG_ABSENT',
    cause: 'The registry has the repository, but not this tag',
    fix: 'Check the tag of the image, or push it.',
  },
  throttled: {
    id: 'POD_THROTTLED',
    cause: 'The registry throttles the pulls',
    fix: 'Wait; if it persists, request a higher limit for the instance, or pull through the VPC domain.',
  },
}

/**
 * Checks how the registry responds to the Secret's credential. The node's image cache does not
 * matter.
 */
export const checkResponse: PodCheck = (pod, { image }, { observed: { focus } }) => {
  const response = focus?.responses.get(image)
  if (response === undefined) return unknown('not requested: --ask-registry reads the Secret and queries the registry')
  const verdict = VERDICTS[response.result]
  if (verdict !== undefined) {
    return wrong({ command: describePod(pod), ...verdict, cause: `${verdict.cause}: ${response.detail}.` })
  }
  if (response.result !== 'found') return unknown(response.detail)
  return checkPlatform(response, focus?.node?.platform, pod)
}

function checkPlatform(
  response: ManifestResult,
  platform: string | undefined,
  { namespace, name }: PodFacts,
): StepResult {
  const { platforms } = response
  if (platform === undefined || platforms.length === 0 || platforms.includes(platform)) {
    return ok(platforms.length === 0 ? 'it is there' : `it is there for ${platforms.join(', ')}`)
  }
  return wrong({
    id: 'POD_ARCHITECTURE',
    cause: `The node's platform is ${platform}, but the image exists only for ${platforms.join(', ')}.`,
    fix: 'Build the image for that architecture too, or bind the Pod to other nodes (nodeSelector kubernetes.io/arch).',
    command: shell`kubectl -n ${namespace} get pod ${name} -o wide`,
  })
}

/**
 * Checks for a reason that no credential changes, whatever the Pod references. The registry's own
 * response is more exact than the node's message, so it comes first.
 */
export const checkOtherReason: PodCheck = (pod, container, context) => {
  if (!isWaiting(container)) return undefined
  const result = checkResponse(pod, container, context)
  if (result?.state === 'wrong') return ABOUT_CREDENTIALS.has(result.verdict.id) ? undefined : result
  const explained = explainPull(container, context.observed.now)
  return explained.about === 'other' ? explainedWrong(explained, pod) : undefined
}

const ABOUT_CREDENTIALS: ReadonlySet<FindingId> = new Set(['POD_LOGIN_REFUSED', 'POD_DENIED'])

/** Explains the node's own message about the pull. */
export const checkPull: PodCheck = (pod, container, context) => {
  if (!isWaiting(container)) return undefined
  const { image } = container
  const { observed } = context
  const explained = explainPull(container, observed.now)
  // The registry may have refused a credential that is not ours.
  if (!knowsDomains(context) && coveringRegistries(image, context).length === 0) return unknown(explained.cause)
  const earlier = explained.about === 'credential' ? checkMessageAge(pod, container, context) : undefined
  return earlier ?? explainedWrong(explained, pod)
}

/**
 * The kubelet pauses at most 5 minutes between two pulls (kubelet.go, imageBackOffPeriod and
 * MaxImageBackOff), and a pull takes a while.
 */
const LONGEST_PAUSE = 10 * 60_000

/**
 * Returns an unknown result if the node's message may be older than the current credential, because
 * then the message says nothing about that credential.
 */
function checkMessageAge(
  pod: PodFacts,
  { image, saidAt }: ContainerFacts,
  context: PodContext,
): StepResult | undefined {
  const { observed } = context
  if (coveringRegistries(image, context).length === 0) return undefined
  const writtenAt = observed.secrets?.get(pod.namespace)?.writtenAt
  // No message about a Pod is older than the Pod.
  const earliest = Math.max(saidAt ?? observed.now - LONGEST_PAUSE, pod.createdAt ?? 0)
  if (writtenAt === undefined || earliest >= writtenAt) return undefined
  return unknown(
    `the node's message may be from an earlier attempt, before the Secret was written at ${new Date(writtenAt).toISOString()}`,
  )
}

/**
 * Explains the node's message without the release's configuration, when that message is all that is
 * known.
 */
export function checkMessage(pod: PodFacts, container: ContainerFacts, now: number): StepResult | undefined {
  if (!isWaiting(container)) return undefined
  const explained = explainPull(container, now)
  if (explained.about !== 'credential') return explainedWrong(explained, pod)
  const fix =
    'Check the pull secrets of the Pod. doctor does not know which of them belongs to acr-nopass, because the release could not be read. Ask the operator of the release to run this command.'
  return explainedWrong({ ...explained, fix }, pod)
}
