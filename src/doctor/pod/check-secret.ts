import { coveringRegistries, ok, type PodCheck, unknown, wrong } from './pod-context.ts'

/** Whether the pull secret exists, is ours, and has not expired. */
export const secretCheck: PodCheck = {
  name: 'Secret',
  check: (pod, { image }, context) => {
    const covering = coveringRegistries(image, context)
    if (covering.length === 0) return ok('of no matter')
    const { observed, config } = context
    const { secretName } = config
    if (observed.secrets === undefined) return unknown('you may not list Secrets by that name')
    const secret = observed.secrets.get(pod.namespace)
    if (secret === undefined) {
      return wrong({
        id: 'POD_WITHOUT_SECRET',
        cause: `There is no Secret ${secretName} in namespace ${pod.namespace}.`,
        fix: 'See the finding about the missing pull secret; the Pod then pulls automatically.',
        command: `kubectl -n ${pod.namespace} get secret ${secretName}`,
      })
    }
    const why = credentialTrouble(pod.namespace, covering, context)
    if (why !== undefined) {
      return wrong({
        id: 'POD_CREDENTIAL',
        cause: why,
        fix: 'See the finding about it; the Pod then pulls automatically.',
        command: 'acr-nopass refresh',
      })
    }
    const { expiresAt } = secret
    return ok(
      expiresAt === undefined
        ? `${secretName}, without expiry`
        : `${secretName}, until ${new Date(expiresAt).toISOString()}`,
    )
  },
}

function credentialTrouble(
  namespace: string,
  covering: readonly string[],
  { observed, config }: Parameters<PodCheck['check']>[2],
): string | undefined {
  const secret = observed.secrets?.get(namespace)
  if (secret === undefined) return undefined
  if (!secret.ours && !config.adopt) {
    return `Secret ${config.secretName} in namespace ${namespace} belongs to another owner.`
  }
  const failing = observed.release?.status?.registries.find(({ name, state, verified, expiresAt }) => {
    const isOver = expiresAt !== undefined && Date.parse(expiresAt) <= observed.now
    return covering.includes(name) && (state === 'pending' || verified === 'refused' || isOver)
  })
  if (failing !== undefined) return `Registry ${failing.name} has no working credential.`
  if (secret.expiresAt !== undefined && secret.expiresAt <= observed.now) {
    return `The credential in Secret ${config.secretName} has expired.`
  }
  return undefined
}
