import { coveringRegistries, ok, type PodCheck, unknown, wrong } from './pod-context.ts'

/** Whether the Pod's namespace is a target of that registry. */
export const targetCheck: PodCheck = {
  name: 'namespace',
  check: (pod, { image }, context) => {
    const covering = coveringRegistries(image, context)
    if (covering.length === 0) return ok('of no matter')
    const namespace = context.namespaces.get(pod.namespace)
    if (namespace === undefined) return unknown('you may not read the Namespace')
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
  },
}
