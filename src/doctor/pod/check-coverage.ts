import { isAcrHost, parseImage } from '../../acr/registry-domains.ts'
import { shell } from '../../lib/shell-command.ts'
import { summarize } from '../../lib/text.ts'
import { includesRepository } from '../../values/repositories.ts'
import type { ContainerFacts, PodFacts } from '../observed.ts'
import { explainPull } from './node-words.ts'
import {
  coveringRegistries,
  credentialsHere,
  describePod,
  hasImage,
  isWaiting,
  knowsDomains,
  ok,
  type PodCheck,
  recreate,
  type StepResult,
  unknown,
  wrong,
} from './pod-context.ts'

/** Checks whether the node requests this image from a registry at all. */
export function checkImage(pod: PodFacts, { image, waiting }: ContainerFacts): StepResult {
  const { host } = parseImage(image)
  const describe = describePod(pod)
  if (waiting === 'InvalidImageName' || /^https?:\/\//.test(image)) {
    return wrong({
      id: 'POD_IMAGE_NAME',
      cause: `${image} is not the name of an image.`,
      fix: 'Write host/namespace/name:tag in the Pod template: no https:// before it, no capitals in the path, no blanks.',
      command: describe,
    })
  }
  if (waiting === 'ErrImageNeverPull') {
    return wrong({
      id: 'POD_NEVER_PULLS',
      cause:
        'imagePullPolicy is Never: the node uses only images that it has, and it does not have this one for this Pod.',
      fix: 'Set imagePullPolicy: IfNotPresent in the Pod template.',
      command: describe,
    })
  }
  return ok(host)
}

const UNCOVERED = 'no registry of the release covers the image'

/** Checks which registry of the values has a credential for the image. */
export const checkRegistry: PodCheck = (_pod, container, context) => {
  const { image } = container
  const covering = coveringRegistries(image, context)
  if (covering.length > 0) return ok(covering.join(', '))
  const { host } = parseImage(image)
  if (isAcrHost(host) && !knowsDomains(context)) return unknown(`the helper has not reported whether it covers ${host}`)
  // A public repository needs no credential, also on ACR:
  // registry.cn-hangzhou.aliyuncs.com/google_containers is a common mirror.
  if (hasImage(container)) return ok('not needed: the node has the image without a credential of acr-nopass')
  if (!isWaiting(container)) {
    return isAcrHost(host)
      ? unknown(`${UNCOVERED}; it is not known whether the image needs a credential until the node pulls it`)
      : ok(UNCOVERED)
  }
  const { about, cause, quote } = explainPull(container, context.observed.now)
  const command = shell`acr-nopass validate -f values.yaml`
  if (isAcrHost(host)) {
    if (about === 'other') return ok(`${UNCOVERED}, and the pull fails for another reason`)
    return wrong({
      id: 'POD_UNCOVERED',
      cause: `No registry of the release covers ${host} (it has ${summarize(context.config.registries.map(({ name }) => name))}).${quote}`,
      fix: `Add the instance of ${host} to \`registries\`, or the host to \`domains\` of its registry; then upgrade.`,
      command,
    })
  }
  return wrong({
    id: 'POD_UNCOVERED',
    severity: 'warning',
    cause: `${host} is not a registry of the release. ${cause}${quote}`,
    fix: `If ${image} needs a login, add its registry with \`edition: static\`; otherwise read the message of the node.`,
    command,
  })
}

/** Checks whether the Pod's namespace is a target of the registry that covers the image. */
export const checkTarget: PodCheck = (pod, { image }, context) => {
  const covering = coveringRegistries(image, context)
  if (covering.length === 0) return ok('not needed')
  const namespace = context.namespaces.get(pod.namespace)
  if (namespace === undefined) return unknown('you lack the right to read the Namespace')
  if (namespace.optedOut) {
    return wrong({
      id: 'POD_OPTED_OUT',
      cause: `Namespace ${pod.namespace} carries the label acr-nopass.io/skip: "true".`,
      fix: `Remove the label, ${recreate(pod)}.`,
      command: shell`kubectl label namespace ${pod.namespace} acr-nopass.io/skip-`,
    })
  }
  const here = context.targets.registriesOf(namespace)
  if (covering.some((name) => here.includes(name))) return ok(`${pod.namespace} is a target`)
  return wrong({
    id: 'POD_NOT_TARGETED',
    cause: `Namespace ${pod.namespace} is not a target of registry ${covering.join(', ')}.`,
    fix: `Add it to \`targets.namespaces\` of the values (or to those of the registry) and upgrade, ${recreate(pod)}.`,
    command: shell`kubectl get namespace ${pod.namespace} --show-labels`,
  })
}

/**
 * Checks whether the limit of the namespace's credential includes the image's repository. Left out
 * if the credential is not limited.
 */
export const checkLimit: PodCheck = (pod, container, context) => {
  const { image } = container
  const { repository } = parseImage(image)
  const unions = credentialsHere(pod.namespace, coveringRegistries(image, context), context).map(({ union }) => union)
  if (unions.length === 0 || unions.includes(undefined)) return undefined
  const lists = unions.flatMap((union) => union?.repositories ?? [])
  if (includesRepository(lists, repository)) return ok(`limited to ${summarize(lists)}, which includes ${repository}`)
  const cause = `The credential of namespace ${pod.namespace} is limited to ${summarize(lists)}, so it may not pull ${repository}.`
  if (!isWaiting(container)) return unknown(`${cause} A new pull works only if the repository is public.`)
  return wrong({
    id: 'POD_OUTSIDE_LIMIT',
    cause,
    fix: `Add the repository to \`repositories\` of an entry that targets this namespace, or let an entry that has it target this namespace; then upgrade, ${recreate(pod)}.`,
    command: shell`acr-nopass validate -f values.yaml`,
  })
}
