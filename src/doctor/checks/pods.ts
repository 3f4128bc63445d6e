import { type Finding, pluralize, summarize } from '../finding.ts'
import type { ContainerFacts, Observed, PodFacts } from '../observed.ts'
import { coveringRegistries, createPodContext, isWaiting, type PodContext, type Verdict } from '../pod/pod-context.ts'
import { judgeContainer } from '../pod/pod-steps.ts'

/** Why Pods wait for their image, one finding per cause and image. */
export function podFindings(observed: Observed): readonly Finding[] {
  const context = createPodContext(observed)
  if (context === undefined || observed.focus !== undefined) return []
  const groups = new Map<string, { readonly verdict: Verdict; readonly image: string; readonly pods: PodFacts[] }>()
  for (const pod of observed.pods ?? []) {
    for (const container of pod.containers.filter(isWaiting)) {
      const verdict = judgeContainer(pod, container, context)
      if (verdict === undefined) continue
      const key = `${verdict.id} ${pod.namespace} ${container.image} ${verdict.cause}`
      const group = groups.get(key) ?? { verdict, image: container.image, pods: [] }
      if (!group.pods.includes(pod)) group.pods.push(pod)
      groups.set(key, group)
    }
  }
  return [...[...groups.values()].map(({ verdict, image, pods }) => describe(verdict, image, pods)), ...older(context)]
}

function describe(verdict: Verdict, image: string, pods: readonly PodFacts[]): Finding {
  const objects = pods.map(({ namespace, name }) => `${namespace}/${name}`)
  const { severity = 'error', ...rest } = verdict
  const [first = ''] = objects
  const subject = objects.length === 1 ? `Pod ${first}` : pluralize(objects.length, 'Pod')
  const list = objects.length === 1 ? '' : `: ${summarize(objects)}`
  return { ...rest, severity, subject, message: `cannot pull ${image}${list}`, objects }
}

/** Pods that run without the reference. */
function older(context: PodContext): readonly Finding[] {
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
  const objects = lacking.map(({ namespace, name }) => `${namespace}/${name}`)
  return [
    {
      id: 'PODS_OLD',
      severity: 'info',
      subject: pluralize(objects.length, 'Pod'),
      message: `run without the reference: ${summarize(objects)}`,
      cause:
        'They were admitted before it was there. Without another pull secret they cannot pull their image again; whether another one works is not known.',
      fix: 'Nothing now; after a rollout restart of their owners the new Pods have the reference.',
      command: `kubectl -n ${first.namespace} get pod ${first.name} -o jsonpath='{.metadata.ownerReferences}'`,
      objects,
    },
  ]
}
