import { count, type Finding, few } from '../finding.ts'
import type { ContainerFacts, Observed, PodFacts } from '../observed.ts'
import { judgeContainer } from '../pod/pod-steps.ts'
import { coveringRegistries, createScene, isWaiting, type Scene, type Verdict } from '../pod/scene.ts'

/** Why Pods wait for their image; Pods with one cause and image are one finding. */
export function podFindings(observed: Observed): readonly Finding[] {
  const scene = createScene(observed)
  if (scene === undefined || observed.focus !== undefined) return []
  const groups = new Map<string, { readonly verdict: Verdict; readonly image: string; readonly pods: PodFacts[] }>()
  for (const pod of observed.pods ?? []) {
    for (const container of pod.containers.filter(isWaiting)) {
      const verdict = judgeContainer(pod, container, scene)
      if (verdict === undefined) continue
      const key = `${verdict.id} ${pod.namespace} ${container.image} ${verdict.cause}`
      const group = groups.get(key) ?? { verdict, image: container.image, pods: [] }
      if (!group.pods.includes(pod)) group.pods.push(pod)
      groups.set(key, group)
    }
  }
  return [...[...groups.values()].map(({ verdict, image, pods }) => describe(verdict, image, pods)), ...older(scene)]
}

function describe(verdict: Verdict, image: string, pods: readonly PodFacts[]): Finding {
  const objects = pods.map(({ namespace, name }) => `${namespace}/${name}`)
  const { severity = 'error', ...rest } = verdict
  const [first = ''] = objects
  const subject = objects.length === 1 ? `Pod ${first}` : count(objects.length, 'Pod')
  const list = objects.length === 1 ? '' : `: ${few(objects)}`
  return { ...rest, severity, subject, message: `cannot pull ${image}${list}`, objects }
}

/** Pods that run without the reference. */
function older(scene: Scene): readonly Finding[] {
  const { observed, config, targets, namespaces } = scene
  const lacking = (observed.pods ?? []).filter((pod) => {
    const namespace = namespaces.get(pod.namespace)
    if (namespace === undefined || namespace.terminating || !targets.includes(namespace) || pod.optedOut) return false
    if (pod.references.includes(config.secretName) || !targets.takesServiceAccount(pod.serviceAccount)) return false
    if (pod.containers.some(isWaiting)) return false
    return pod.containers.some(({ image }: ContainerFacts) => coveringRegistries(image, scene).length > 0)
  })
  const [first] = lacking
  if (first === undefined) return []
  const objects = lacking.map(({ namespace, name }) => `${namespace}/${name}`)
  return [
    {
      id: 'PODS_OLD',
      severity: 'info',
      subject: count(objects.length, 'Pod'),
      message: `run without the reference: ${few(objects)}`,
      cause:
        'They were admitted before it was there. Without another pull secret they cannot pull their image again; whether another one works is not known.',
      fix: 'Nothing now; after a rollout restart of their owners the new Pods have the reference.',
      command: `kubectl -n ${first.namespace} get pod ${first.name} -o jsonpath='{.metadata.ownerReferences}'`,
      objects,
    },
  ]
}
