import type { Finding } from '../finding.ts'
import type { ContainerFacts, NodeFacts, Observed, PodFacts } from '../observed.ts'
import { coveringRegistries, createPodContext, isWaiting, type PodContext } from '../pod/pod-context.ts'
import { judgeContainer } from '../pod/pod-steps.ts'

/** From this kubelet on an image on the node is not given to Pods without a credential of their own. */
const STRICT_MINOR = 35

/** Findings about the requested Pod, whether it waits or runs. */
export function onePodFindings(observed: Observed): readonly Finding[] {
  const context = createPodContext(observed)
  const { focus } = observed
  if (context === undefined || focus === undefined) return []
  const findings = focus.pod.containers.flatMap((container) => containerFindings(focus.pod, container, context))
  const isCovered = focus.pod.containers.some(({ image }) => coveringRegistries(image, context).length > 0)
  return [...findings, ...(focus.node && isCovered ? kubeletFindings(focus.node) : [])]
}

function containerFindings(pod: PodFacts, container: ContainerFacts, context: PodContext): readonly Finding[] {
  const { image, name, running, pullPolicy } = container
  const object = `${pod.namespace}/${pod.name}`
  const verdict = judgeContainer(pod, container, context)
  const base = { subject: `Pod ${object}`, objects: [object] }
  if (verdict !== undefined) {
    const { severity = 'error', ...rest } = verdict
    // A running container is not affected now.
    const mild = !isWaiting(container) && running === true
    const message = mild ? `${name} runs, but could not pull ${image} again` : `${name} cannot pull ${image}`
    return [{ ...base, ...rest, severity: mild ? 'warning' : severity, message }]
  }
  const asked = context.observed.focus?.answers.get(image)?.result === 'found'
  if (!running || pullPolicy !== 'IfNotPresent' || asked || coveringRegistries(image, context).length === 0) return []
  return [
    {
      ...base,
      id: 'POD_CACHED',
      severity: 'info',
      message: `${name} runs ${image}, which may have come from the node's cache`,
      cause: 'imagePullPolicy is IfNotPresent: that it runs does not prove that the credential of today pulls.',
      fix: 'Ask the registry itself; that reads the pull secret with your rights, and shows nothing of it.',
      command: `acr-nopass doctor pod ${object} --ask-registry`,
    },
  ]
}

function kubeletFindings({ name, version, cachePolicy }: NodeFacts): readonly Finding[] {
  const minor = Number(/^v?\d+\.(\d+)/.exec(version)?.[1] ?? Number.NaN)
  const isOld = cachePolicy === undefined && minor < STRICT_MINOR && minor > 0
  if (cachePolicy !== 'NeverVerify' && !isOld) return []
  return [
    {
      id: 'KUBELET_LENIENT',
      severity: 'info',
      subject: `node ${name}`,
      message: 'it gives an image that it has to any Pod, with or without a credential',
      cause: isOld
        ? `Kubelet ${version} does not check credentials for images it has (KubeletEnsureSecretPulledImages is on from 1.35).`
        : 'imagePullCredentialsVerificationPolicy is NeverVerify.',
      fix: 'Where namespaces must not use the images of others: imagePullCredentialsVerificationPolicy: NeverVerifyPreloadedImages, or imagePullPolicy: Always.',
      command: `kubectl get node ${name} -o wide`,
    },
  ]
}
