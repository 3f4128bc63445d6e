import { isCopiedList, type SecretView } from '../../release/object-views.ts'
import { summarize } from '../finding.ts'
import type { PodFacts } from '../observed.ts'
import {
  coveringRegistries,
  isWaiting,
  ok,
  type PodCheck,
  type PodContext,
  type StepResult,
  unknown,
  wrong,
} from './pod-context.ts'

/** Whether the Pod refers to the pull secret, and if not, why: a Pod's list never changes. */
export const checkReference: PodCheck = (pod, container, context) => {
  const { image } = container
  if (coveringRegistries(image, context).length === 0) return ok('of no matter')
  const { secretName, attach } = context.config
  if (pod.references.includes(secretName)) return ok(`the Pod names ${secretName}`)
  const untargeted = notTargeted(pod, context)
  if (untargeted !== undefined) return untargeted
  // It runs, so one of its own pull secrets may work: nothing shows that it could not pull again.
  if (!isWaiting(container) && pod.references.length > 0) {
    return unknown(`the Pod names other pull secrets (${summarize(pod.references)}); whether they work is not known`)
  }
  return (attach === 'serviceAccounts' ? byAccount(pod, context) : byLabel(pod)) ?? tooOld(pod)
}

function notTargeted(pod: PodFacts, { targets }: PodContext): StepResult | undefined {
  if (targets.takesServiceAccount(pod.serviceAccount)) return undefined
  return wrong({
    id: 'POD_NOT_TARGETED',
    cause: `ServiceAccount ${pod.serviceAccount} is not one of \`targets.serviceAccounts\`.`,
    fix: 'Add it to `targets.serviceAccounts.include` of the values and upgrade, then delete the Pod.',
    command: `kubectl -n ${pod.namespace} get serviceaccount ${pod.serviceAccount}`,
  })
}

function byLabel(pod: PodFacts): StepResult | undefined {
  if (!pod.optedOut) return undefined
  return wrong({
    id: 'POD_OPTED_OUT',
    cause: 'The Pod carries the label acr-nopass.io/skip: "true".',
    fix: 'Remove the label from the Pod template.',
    command: `kubectl -n ${pod.namespace} get pod ${pod.name} --show-labels`,
  })
}

function byAccount(pod: PodFacts, { observed, config }: PodContext): StepResult | undefined {
  if (observed.accounts === undefined) {
    return wrong({
      id: 'POD_STUCK',
      cause: `The Pod does not name ${config.secretName}; without the right to read ServiceAccounts it is not known why.`,
      fix: 'Run doctor again as a user who can list ServiceAccounts.',
      command: `kubectl -n ${pod.namespace} get serviceaccount ${pod.serviceAccount} -o yaml --show-managed-fields`,
    })
  }
  const account = observed.accounts.find(
    ({ namespace, name }) => namespace === pod.namespace && name === pod.serviceAccount,
  )
  if (account === undefined) return undefined
  if (account.optedOut) {
    return wrong({
      id: 'POD_OPTED_OUT',
      cause: `ServiceAccount ${pod.serviceAccount} carries the annotation acr-nopass.io/skip: "true".`,
      fix: 'Remove the annotation, then delete the Pod.',
      command: `kubectl -n ${pod.namespace} annotate serviceaccount ${pod.serviceAccount} acr-nopass.io/skip-`,
    })
  }
  if (!account.list.includes(config.secretName)) {
    return wrong({
      id: 'POD_UNREFERENCED',
      cause: `ServiceAccount ${pod.serviceAccount} does not name ${config.secretName}, so no Pod of it does.`,
      fix: 'See the finding about ServiceAccounts; then delete the Pod.',
      command: `kubectl -n ${pod.namespace} get serviceaccount ${pod.serviceAccount} -o yaml --show-managed-fields`,
    })
  }
  if (isCopiedList(pod.references, account.list, config.secretName)) return undefined
  return wrong({
    id: 'POD_MASKED',
    cause: `The Pod names its own pull secrets (${summarize(pod.references)}); those of its ServiceAccount are then not used.`,
    fix: `Add {name: ${config.secretName}} to imagePullSecrets in the Pod template, or use attach: admission.`,
    command: `kubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.imagePullSecrets}'`,
  })
}

/** Controllers that create a deleted Pod again. A Job counts it as a failure; Workflows, TaskRuns and others fail with it. */
const REPLACES_PODS = /^(?:ReplicaSet|StatefulSet|DaemonSet|ReplicationController|CloneSet)\//

function tooOld({ namespace, name, owner }: PodFacts): StepResult {
  const isReplaced = owner !== undefined && REPLACES_PODS.test(owner)
  return wrong({
    id: 'POD_TOO_OLD',
    cause: "The Pod was admitted before the reference existed, and a Pod's list never changes.",
    fix: isReplaced
      ? 'Delete the Pod; its controller creates it again with the reference.'
      : owner !== undefined
        ? `Let ${owner} create its Pods again; not every controller replaces a Pod that is deleted.`
        : 'Create the Pod again from its manifest; no controller replaces it, so keep the manifest before you delete it.',
    command: `kubectl -n ${namespace} ${isReplaced ? `delete pod ${name}` : `get pod ${name} -o yaml`}`,
  })
}

/** Whether the pull secret exists, is ours, and has not expired. */
export const checkSecret: PodCheck = (pod, { image }, context) => {
  const covering = coveringRegistries(image, context)
  if (covering.length === 0) return ok('of no matter')
  const { observed, config } = context
  const { secretName } = config
  if (observed.secrets === undefined) return unknown('you lack the right to list Secrets by that name')
  const secret = observed.secrets.get(pod.namespace)
  if (secret === undefined) {
    return wrong({
      id: 'POD_WITHOUT_SECRET',
      cause: `There is no Secret ${secretName} in namespace ${pod.namespace}.`,
      fix: 'See the finding about the missing pull secret; the Pod then pulls automatically.',
      command: `kubectl -n ${pod.namespace} get secret ${secretName}`,
    })
  }
  const why = credentialTrouble(secret, pod.namespace, covering, context)
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
}

function credentialTrouble(
  secret: SecretView,
  namespace: string,
  covering: readonly string[],
  { observed, config }: PodContext,
): string | undefined {
  if (!secret.ours && !config.adopt)
    return `Secret ${config.secretName} in namespace ${namespace} belongs to another owner.`
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
