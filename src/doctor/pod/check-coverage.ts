import { isAcrHost, parseImage } from '../../acr/registry-domains.ts'
import { summarize } from '../finding.ts'
import { explainPull, isBeyondCredentials } from './node-words.ts'
import {
  coveringRegistries,
  describePod,
  isWaiting,
  knowsDomains,
  ok,
  type PodCheck,
  unknown,
  wrong,
} from './pod-context.ts'

/** Whether the node requests this image from a registry at all. */
export const checkImage: PodCheck = (pod, { image, waiting }) => {
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

/** Which registry of the values has a credential for the image. */
export const checkRegistry: PodCheck = (_pod, container, context) => {
  const { image, detail } = container
  const covering = coveringRegistries(image, context)
  if (covering.length > 0) return ok(covering.join(', '))
  const { host } = parseImage(image)
  if (isAcrHost(host) && !knowsDomains(context)) return unknown(`the helper has not reported whether it covers ${host}`)
  const command = 'acr-nopass validate -f values.yaml'
  const explained = explainPull(detail, image)
  if (isAcrHost(host) && !(isWaiting(container) && isBeyondCredentials(explained.id))) {
    return wrong({
      id: 'POD_UNCOVERED',
      cause: `No registry of the release covers ${host} (it has ${summarize(context.config.registries.map(({ name }) => name))}).`,
      fix: `Add the instance of ${host} to \`registries\`, or the host to \`domains\` of the registry that it belongs to; then upgrade.`,
      command,
    })
  }
  // A running Pod needs nothing from another registry.
  if (!isWaiting(container)) return ok('none: it is pulled without a credential of ours')
  if (isAcrHost(host)) return ok('none; the reason is another one')
  const { cause } = explained
  return wrong({
    id: 'POD_UNCOVERED',
    severity: 'warning',
    cause: `${host} is not a registry of the release. ${cause}`,
    fix: `If ${image} is meant to be pulled with a login, add its registry with \`edition: static\`; otherwise see the message of the node.`,
    command,
  })
}

/** Whether the Pod's namespace is a target of that registry. */
export const checkTarget: PodCheck = (pod, { image }, context) => {
  const covering = coveringRegistries(image, context)
  if (covering.length === 0) return ok('of no matter')
  const namespace = context.namespaces.get(pod.namespace)
  if (namespace === undefined) return unknown('you lack the right to read the Namespace')
  if (namespace.optedOut) {
    return wrong({
      id: 'POD_OPTED_OUT',
      cause: `Namespace ${pod.namespace} carries the label acr-nopass.io/skip: "true".`,
      fix: 'Remove the label, then delete the Pod.',
      command: `kubectl label namespace ${pod.namespace} acr-nopass.io/skip-`,
    })
  }
  const here = context.targets.registriesOf(namespace)
  if (covering.some((name) => here.includes(name))) return ok(`${pod.namespace} is a target`)
  return wrong({
    id: 'POD_NOT_TARGETED',
    cause: `Namespace ${pod.namespace} is not a target of registry ${covering.join(', ')}.`,
    fix: 'Add it to `targets.namespaces` of the values (or to those of the registry) and upgrade, then delete the Pod.',
    command: `kubectl get namespace ${pod.namespace} --show-labels`,
  })
}
