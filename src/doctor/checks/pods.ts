import { keyOf } from '../../kube/types.ts'
import { shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Draft, Found, Verdict } from '../finding.ts'
import type { ContainerFacts, NodeFacts, Observed, PodFacts } from '../observed.ts'
import { nodeThatPulls } from '../plugin-nodes.ts'
import {
  coveringRegistries,
  createPodContext,
  describePod,
  hasImage,
  isWaiting,
  type PodContext,
} from '../pod/pod-context.ts'
import { judgeContainer, type Outcome } from '../pod/pull-outcome.ts'
import { sandboxFindings } from './pod-sandboxes.ts'

/** Reports why Pods cannot pull: one finding per cause, image and fix. */
export function podFindings(observed: Observed): Found {
  if (observed.focus !== undefined) return []
  const context = createPodContext(observed)
  const pods = observed.pods ?? []
  const failing = pods.flatMap((pod) =>
    pod.containers.flatMap((container) => {
      const { outcome } = judgeContainer(pod, container, observed, context)
      return 'verdict' in outcome ? [{ outcome, image: container.image, pod }] : []
    }),
  )
  const groups = Map.groupBy(failing, ({ outcome: { state, verdict }, image, pod }) => {
    return JSON.stringify([state, verdict.id, pod.namespace, image, verdict.cause, verdict.fix])
  })
  return [
    [...groups.values()].flatMap(describe),
    sandboxFindings(pods, observed.now),
    context?.config.helper.enabled ? findPodsWithoutReference(context) : [],
  ].flat()
}

type Failing = Extract<Outcome, { readonly verdict: Verdict }>

function describe(
  group: readonly { readonly outcome: Failing; readonly image: string; readonly pod: PodFacts }[],
): readonly Draft[] {
  const objects = [...new Set(group.map(({ pod }) => keyOf(pod)))]
  const isOne = objects.length === 1
  const subject = isOne ? `Pod ${objects[0]}` : pluralize(objects.length, 'Pod')
  const list = isOne ? '' : `: ${summarize(objects)}`
  return group.slice(0, 1).map(({ outcome, image }) => {
    return {
      ...outcome.verdict,
      ...healthOf(outcome),
      subject,
      message: `${describeFailure(outcome)} ${image}${list}`,
      objects,
    }
  })
}

function healthOf({ state }: Failing): Pick<Draft, 'health'> {
  return { health: state === 'cannot' ? 'failing' : 'unknown' }
}

function describeFailure({ state }: Failing): string {
  return state === 'cannot' ? 'cannot pull' : 'may be unable to pull'
}

/** Reports Pods that run without the reference. */
function findPodsWithoutReference(context: PodContext): Found {
  const { observed, config, targets, namespaces } = context
  const lacking = (observed.pods ?? []).filter((pod) => {
    const namespace = namespaces.get(pod.namespace)
    if (namespace === undefined || namespace.terminating || !targets.includes(namespace) || pod.optedOut) return false
    if (pod.references.includes(config.secretName) || !targets.takesServiceAccount(pod.serviceAccount)) return false
    if (pod.isStatic || pod.containers.some(isWaiting)) return false
    return pod.containers.some(({ image }: ContainerFacts) => {
      const isCovered = coveringRegistries(image, context).length > 0
      return isCovered && nodeThatPulls(observed, pod.node, image) === undefined
    })
  })
  const [first] = lacking
  if (first === undefined) return []
  const objects = lacking.map(keyOf)
  return {
    id: 'PODS_OLD',
    severity: 'info',
    subject: pluralize(objects.length, 'Pod'),
    message: `run without the reference: ${summarize(objects)}`,
    cause:
      'They were admitted before the reference existed. Without another pull secret they cannot pull their image again; doctor does not know whether another one works.',
    fix: 'Nothing to do now: after a rollout restart of their owners, the new Pods have the reference.',
    command: shell`kubectl -n ${first.namespace} get pod ${first.name} -o jsonpath='{.metadata.ownerReferences}'`,
    objects,
  }
}

/**
 * Since this minor version a kubelet lets a Pod use an image that the node has only if the Pod has
 * a credential for it.
 */
const STRICT_MINOR = 35

/** Reports findings about the requested Pod, whether it waits or runs. */
export function onePodFindings(observed: Observed): Found {
  const { focus } = observed
  if (focus === undefined) return []
  const context = createPodContext(observed)
  const { pod, node } = focus
  const findings = pod.containers.flatMap((container) => containerFindings(pod, container, observed, context))
  const isCovered = context && pod.containers.some(({ image }) => coveringRegistries(image, context).length > 0)
  const kubelet = node && isCovered ? kubeletFindings(node) : []
  const found = [findings, node === null ? checkScheduling(pod) : [], sandboxFindings([pod], observed.now)].flat()
  // One finding is enough to say that the Pod is not known to pull.
  const unseen = found.some(({ health }) => health !== undefined) ? [] : findUnseen(pod, observed, context)
  return [found, unseen, kubelet].flat()
}

/** Reports the containers of which no pull was seen, although nothing is wrong. */
function findUnseen(pod: PodFacts, observed: Observed, context: PodContext | undefined): Found {
  const waiting = pod.containers.flatMap((container) => {
    const { outcome } = judgeContainer(pod, container, observed, context)
    return outcome.state === 'waits' ? [`${container.name} ${outcome.detail}`] : []
  })
  if (waiting.length === 0) return []
  const isOver = pod.over !== undefined
  const object = keyOf(pod)
  return {
    id: 'POD_UNKNOWN',
    severity: 'info',
    health: 'unknown',
    subject: `Pod ${object}`,
    message: `no pull was seen${isOver ? '' : ' yet'}: ${summarize(waiting)}`,
    cause: isOver
      ? 'The Pod has finished, and its status does not show that its node had the image.'
      : 'Only a container that its node has created shows that the image can be pulled.',
    fix: isOver
      ? 'Run doctor for the Pod that replaced it.'
      : 'Run doctor again when the container has started; the Events of the Pod show what it waits for.',
    command: describePod(pod),
    objects: [object],
  }
}

function containerFindings(
  pod: PodFacts,
  container: ContainerFacts,
  observed: Observed,
  context: PodContext | undefined,
): Found {
  const { image, name, pullPolicy } = container
  const object = keyOf(pod)
  const { outcome, steps } = judgeContainer(pod, container, observed, context)
  const base = { subject: `Pod ${object}`, objects: [object] }
  if ('verdict' in outcome) {
    return {
      ...base,
      ...outcome.verdict,
      ...healthOf(outcome),
      message: `${name} ${describeFailure(outcome)} ${image}`,
    }
  }
  const failed = steps.find(({ state }) => state === 'wrong')
  if (failed?.state === 'wrong') {
    // A container that runs is not affected now; a container that waits may fail soon.
    const isThere = outcome.state === 'pulled'
    const message = isThere ? `${name} runs, but could not pull ${image} again` : `${name} could not pull ${image} now`
    return { ...base, ...failed.verdict, severity: 'warning', ...(!isThere && { health: 'unknown' }), message }
  }
  const isFound = observed.focus?.responses.get(image)?.result === 'found'
  const isCovered = context !== undefined && coveringRegistries(image, context).length > 0
  if (!container.running || pullPolicy !== 'IfNotPresent' || isFound || !isCovered) return []
  return {
    ...base,
    id: 'POD_CACHED',
    severity: 'info',
    message: `${name} runs ${image}, which may have come from the node's cache`,
    cause: 'With imagePullPolicy IfNotPresent a running Pod does not prove that the current credential can pull.',
    fix: 'Query the registry itself. This reads the pull secret with your rights, and prints no part of the Secret.',
    command: shell`acr-nopass doctor pod ${pod.namespace}/${pod.name} --ask-registry`,
  }
}

function checkScheduling(pod: PodFacts): Found {
  const isReported = pod.containers.some((container) => container.waiting !== undefined || hasImage(container))
  if (pod.over !== undefined || isReported) return []
  const object = keyOf(pod)
  return {
    id: 'POD_UNSCHEDULED',
    severity: 'warning',
    health: 'unknown',
    subject: `Pod ${object}`,
    message: 'waits for a node',
    cause: 'The Pod has no node yet, so nothing pulls its image.',
    fix: 'Read the Events of the Pod: no node is suitable, or the scheduler does not run.',
    command: describePod(pod),
    objects: [object],
  }
}

function kubeletFindings({ name, version, cachePolicy }: NodeFacts): Found {
  const minor = Number(/^v?\d+\.(\d+)/.exec(version)?.[1] ?? Number.NaN)
  const isOld = cachePolicy === undefined && minor < STRICT_MINOR && minor > 0
  if (cachePolicy !== 'NeverVerify' && !isOld) return []
  return {
    id: 'KUBELET_LENIENT',
    severity: 'info',
    subject: `node ${name}`,
    message: 'it gives its cached images to any Pod, with or without a credential',
    cause: isOld
      ? `Kubelet ${version} does not check credentials for cached images (KubeletEnsureSecretPulledImages is on by default from 1.35).`
      : 'imagePullCredentialsVerificationPolicy is NeverVerify.',
    fix: "If namespaces must not use each other's images, set imagePullCredentialsVerificationPolicy: NeverVerifyPreloadedImages, or imagePullPolicy: Always.",
    command: shell`kubectl get node ${name} -o wide`,
  }
}
