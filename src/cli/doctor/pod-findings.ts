import { isAcrHost, isCoveredBy, parseImage } from '../../acr/image-reference.ts'
import { createTargets, type Targets } from '../../helper/targets.ts'
import type { NamespaceView } from '../../helper/views.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import { explainPull } from './explain-pull.ts'
import { count, type Finding, type FindingId, few } from './finding.ts'
import type { ContainerFacts, Observed, PodFacts } from './observed.ts'

const WAITING = /^(ImagePullBackOff|ErrImagePull)$/

interface Verdict {
  readonly id: FindingId
  readonly severity?: 'warning'
  readonly cause: string
  readonly cure: string
  readonly command?: string
}

interface Scene {
  readonly observed: Observed
  readonly config: HelperConfig
  readonly targets: Targets
  readonly namespaces: ReadonlyMap<string, NamespaceView>
}

/** Why Pods wait for their image; Pods with one cause and image are one finding. */
export function podFindings(observed: Observed): readonly Finding[] {
  const { release, pods = [], namespaces = [] } = observed
  const { config } = release ?? {}
  if (config === undefined) return []
  const scene: Scene = {
    observed,
    config,
    targets: createTargets(config),
    namespaces: new Map(namespaces.map((namespace) => [namespace.name, namespace])),
  }
  const groups = new Map<string, { readonly verdict: Verdict; readonly image: string; readonly pods: PodFacts[] }>()
  for (const pod of pods) {
    for (const container of pod.containers.filter(({ waiting }) => WAITING.test(waiting ?? ''))) {
      const verdict = judge(pod, container, scene)
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

function judge(pod: PodFacts, container: ContainerFacts, scene: Scene): Verdict {
  const { config, targets, observed } = scene
  const { secretName } = config
  const restart = `kubectl -n ${pod.namespace} delete pod ${pod.name}`
  const covering = coveringRegistries(container.image, scene)
  const { host } = parseImage(container.image)
  if (covering.length === 0) return uncovered(host, container, scene)
  const namespace = scene.namespaces.get(pod.namespace)
  if (namespace?.optedOut) {
    return {
      id: 'POD_OPTED_OUT',
      cause: `Namespace ${pod.namespace} carries the label acr-nopass.io/skip: "true".`,
      cure: 'Remove the label, then delete the Pod.',
      command: `kubectl label namespace ${pod.namespace} acr-nopass.io/skip-`,
    }
  }
  const here = namespace === undefined ? covering : targets.registriesOf(namespace)
  if (!covering.some((name) => here.includes(name))) {
    return {
      id: 'POD_NOT_TARGETED',
      cause: `Namespace ${pod.namespace} is no target of registry ${covering.join(', ')}.`,
      cure: 'Add it to `targets.namespaces` of the values (or to those of the registry), then delete the Pod.',
    }
  }
  if (!pod.references.includes(secretName)) return unreferenced(pod, restart, scene)
  const secret = observed.secrets?.get(pod.namespace)
  if (observed.secrets !== undefined && secret === undefined) {
    return {
      id: 'POD_WITHOUT_SECRET',
      cause: `There is no Secret ${secretName} in namespace ${pod.namespace}.`,
      cure: 'See the finding about the missing pull secret; the Pod pulls by itself once it is there.',
    }
  }
  const failing = observed.release?.status?.registries.find(({ name, state, verified, expiresAt }) => {
    const isOver = expiresAt !== undefined && Date.parse(expiresAt) <= observed.now
    return covering.includes(name) && (state === 'pending' || verified === 'refused' || isOver)
  })
  const isForeign = secret !== undefined && !secret.ours && !config.adopt
  const hasExpired = secret?.expiresAt !== undefined && secret.expiresAt <= observed.now
  if (failing !== undefined || isForeign || hasExpired) {
    const why = isForeign
      ? `Secret ${secretName} in namespace ${pod.namespace} belongs to somebody else.`
      : failing !== undefined
        ? `Registry ${failing.name} has no working credential.`
        : `The credential in Secret ${secretName} has expired.`
    return { id: 'POD_CREDENTIAL', cause: why, cure: 'See the finding about it; the Pod pulls by itself after that.' }
  }
  const explained = explainPull(container.detail)
  return { ...explained, command: `kubectl -n ${pod.namespace} describe pod ${pod.name}` }
}

/** The Pod does not name the Secret, and no Pod's list ever changes: which of the reasons was it? */
function unreferenced(pod: PodFacts, restart: string, { config, targets, observed }: Scene): Verdict {
  const atAdmission = config.attach !== 'serviceAccounts'
  if (atAdmission && pod.optedOut) {
    return {
      id: 'POD_OPTED_OUT',
      cause: 'The Pod carries the label acr-nopass.io/skip: "true".',
      cure: 'Remove the label where the Pod is made.',
    }
  }
  if (!targets.takesServiceAccount(pod.serviceAccount)) {
    return {
      id: 'POD_NOT_TARGETED',
      cause: `ServiceAccount ${pod.serviceAccount} is none of \`targets.serviceAccounts\`.`,
      cure: 'Add it to `targets.serviceAccounts.include` of the values, then delete the Pod.',
    }
  }
  const account = observed.accounts?.find(
    ({ namespace, name }) => namespace === pod.namespace && name === pod.serviceAccount,
  )
  if (!atAdmission) {
    if (account?.optedOut) {
      return {
        id: 'POD_OPTED_OUT',
        cause: `ServiceAccount ${pod.serviceAccount} carries the annotation acr-nopass.io/skip: "true".`,
        cure: 'Remove the annotation, then delete the Pod.',
        command: `kubectl -n ${pod.namespace} annotate serviceaccount ${pod.serviceAccount} acr-nopass.io/skip-`,
      }
    }
    if (pod.references.length > 0 && account?.list.includes(config.secretName)) {
      return {
        id: 'POD_MASKED',
        cause: `The Pod names pull secrets of its own (${few(pod.references)}); those of its ServiceAccount are then not used.`,
        cure: `Add {name: ${config.secretName}} to imagePullSecrets where the Pod is made, or use attach: admission.`,
      }
    }
    if (account !== undefined && !account.list.includes(config.secretName)) {
      return {
        id: 'POD_UNREFERENCED',
        cause: `ServiceAccount ${pod.serviceAccount} does not name ${config.secretName}, so no Pod of it does.`,
        cure: 'See the finding about ServiceAccounts; then delete the Pod.',
      }
    }
  }
  const alone =
    pod.owner === undefined ? '; nothing makes a Pod on its own again, so apply its manifest after that' : ''
  return {
    id: 'POD_TOO_OLD',
    cause: "The Pod was admitted before the reference was there, and a Pod's list never changes.",
    cure: `Delete the Pod${alone}.`,
    command: restart,
  }
}

function uncovered(host: string, { image, detail }: ContainerFacts, { config }: Scene): Verdict {
  const names = config.registries.map(({ name }) => name)
  if (isAcrHost(host)) {
    return {
      id: 'POD_UNCOVERED',
      cause: `No registry of the release covers ${host} (it has ${few(names)}).`,
      cure: `Add the instance of ${host} to \`registries\`, or the host to \`domains\` of the registry that it belongs to.`,
    }
  }
  const { cause } = explainPull(detail)
  return {
    id: 'POD_UNCOVERED',
    severity: 'warning',
    cause: `${host} is no registry of the release. ${cause}`,
    cure: `If ${image} is meant to be pulled with a login, add its registry with \`edition: static\`; else see what the node says.`,
  }
}

/** Names of the registries that have a login for the image, by what is in use and by what values say. */
function coveringRegistries(image: string, { observed, config }: Scene): readonly string[] {
  const reference = parseImage(image)
  const known = observed.release?.status?.registries ?? []
  return config.registries
    .filter(({ name, domains }) => {
      const used = known.find((registry) => registry.name === name)?.domains ?? []
      return [...used, ...(domains ?? [])].some((domain) => isCoveredBy(domain, reference))
    })
    .map(({ name }) => name)
}

/** Pods that run, but could not pull once more. */
function older(scene: Scene): readonly Finding[] {
  const { observed, config, targets, namespaces } = scene
  const lacking = (observed.pods ?? []).filter((pod) => {
    const namespace = namespaces.get(pod.namespace)
    if (namespace === undefined || namespace.terminating || !targets.includes(namespace) || pod.optedOut) return false
    if (pod.references.includes(config.secretName) || !targets.takesServiceAccount(pod.serviceAccount)) return false
    if (pod.containers.some(({ waiting }) => WAITING.test(waiting ?? ''))) return false
    return pod.containers.some(({ image }) => coveringRegistries(image, scene).length > 0)
  })
  if (lacking.length === 0) return []
  const objects = lacking.map(({ namespace, name }) => `${namespace}/${name}`)
  return [
    {
      id: 'PODS_OLD',
      severity: 'info',
      subject: count(objects.length, 'Pod'),
      message: `run without the reference: ${few(objects)}`,
      cause: 'They were admitted before it was there; another pull of their image on the same node would fail.',
      cure: 'Nothing to do now; a rollout restart of their owners makes new ones.',
      objects,
    },
  ]
}
