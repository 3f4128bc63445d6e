import { keyOf } from '../../kube/types.ts'
import { type Draft, type Found, pluralize, summarize, type Verdict } from '../finding.ts'
import type { ContainerFacts, NodeFacts, Observed, PodFacts } from '../observed.ts'
import { coveringRegistries, createPodContext, isWaiting, type PodContext } from '../pod/pod-context.ts'
import { judgeContainer } from '../pod/pod-steps.ts'

/** Why Pods wait for their image, one finding per cause and image. */
export function podFindings(observed: Observed): Found {
  const context = createPodContext(observed)
  if (context === undefined || observed.focus !== undefined) return []
  const waiting = (observed.pods ?? []).flatMap((pod) =>
    pod.containers.filter(isWaiting).flatMap((container) => {
      const verdict = judgeContainer(pod, container, context)
      return verdict === undefined ? [] : [{ verdict, image: container.image, pod }]
    }),
  )
  const groups = Map.groupBy(waiting, ({ verdict, image, pod }) => {
    return `${verdict.id} ${pod.namespace} ${image} ${verdict.cause}`
  })
  return [[...groups.values()].flatMap(describe), older(context)].flat()
}

function describe(
  group: readonly { readonly verdict: Verdict; readonly image: string; readonly pod: PodFacts }[],
): readonly Draft[] {
  const objects = [...new Set(group.map(({ pod }) => keyOf(pod)))]
  const isOne = objects.length === 1
  const subject = isOne ? `Pod ${objects[0]}` : pluralize(objects.length, 'Pod')
  const list = isOne ? '' : `: ${summarize(objects)}`
  return group.slice(0, 1).map(({ verdict, image }) => {
    return { ...verdict, subject, message: `cannot pull ${image}${list}`, objects }
  })
}

/** Pods that run without the reference. */
function older(context: PodContext): Found {
  const { observed, config, targets, namespaces } = context
  const lacking = (observed.pods ?? []).filter((pod) => {
    const namespace = namespaces.get(pod.namespace)
    if (namespace === undefined || namespace.terminating || !targets.includes(namespace) || pod.optedOut) return false
    if (pod.references.includes(config.secretName) || !targets.takesServiceAccount(pod.serviceAccount)) return false
    if (pod.containers.some(isWaiting)) return false
    return pod.containers.some(({ image }: ContainerFacts) => coveringRegistries(image, context).length > 0)
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
      'They were admitted before it existed. Without another pull secret they cannot pull their image again; whether another one works is not known.',
    fix: 'Nothing for now; after a rollout restart of their owners the new Pods have the reference.',
    command: `kubectl -n ${first.namespace} get pod ${first.name} -o jsonpath='{.metadata.ownerReferences}'`,
    objects,
  }
}

/** From this kubelet on an image on the node is not given to Pods without a credential of their own. */
const STRICT_MINOR = 35

/** Findings about the requested Pod, whether it waits or runs. */
export function onePodFindings(observed: Observed): Found {
  const context = createPodContext(observed)
  const { focus } = observed
  if (context === undefined || focus === undefined) return []
  const findings = focus.pod.containers.flatMap((container) => containerFindings(focus.pod, container, context))
  const isCovered = focus.pod.containers.some(({ image }) => coveringRegistries(image, context).length > 0)
  const kubelet = focus.node && isCovered ? kubeletFindings(focus.node) : []
  return [findings, kubelet].flat()
}

function containerFindings(pod: PodFacts, container: ContainerFacts, context: PodContext): Found {
  const { image, name, running, pullPolicy } = container
  const object = keyOf(pod)
  const verdict = judgeContainer(pod, container, context)
  const base = { subject: `Pod ${object}`, objects: [object] }
  if (verdict !== undefined) {
    // A running container is not affected now.
    const mild = !isWaiting(container) && running === true
    const message = mild ? `${name} runs, but could not pull ${image} again` : `${name} cannot pull ${image}`
    return { ...base, ...verdict, ...(mild && { severity: 'warning' }), message }
  }
  const isFound = context.observed.focus?.responses.get(image)?.result === 'found'
  if (!running || pullPolicy !== 'IfNotPresent' || isFound || coveringRegistries(image, context).length === 0) return []
  return {
    ...base,
    id: 'POD_CACHED',
    severity: 'info',
    message: `${name} runs ${image}, which may have come from the node's cache`,
    cause: 'With imagePullPolicy IfNotPresent a running Pod does not prove that the current credential can pull.',
    fix: 'Query the registry itself; that reads the pull secret with your rights, and prints no part of it.',
    command: `acr-nopass doctor pod ${object} --ask-registry`,
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
    message: 'it gives an image that it has to any Pod, with or without a credential',
    cause: isOld
      ? `Kubelet ${version} does not check credentials for images it has (KubeletEnsureSecretPulledImages is on from 1.35).`
      : 'imagePullCredentialsVerificationPolicy is NeverVerify.',
    fix: 'Where namespaces must not use the images of others: imagePullCredentialsVerificationPolicy: NeverVerifyPreloadedImages, or imagePullPolicy: Always.',
    command: `kubectl get node ${name} -o wide`,
  }
}
