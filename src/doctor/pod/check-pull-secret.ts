import { itemsOf, type RegistryStatus } from '../../installation/helper-status.ts'
import { isCopiedList, type SecretView } from '../../installation/object-views.ts'
import { shell } from '../../lib/shell-command.ts'
import { summarize } from '../../lib/text.ts'
import type { ContainerFacts, PodFacts } from '../observed.ts'
import { explainPull } from './node-words.ts'
import {
  coveringRegistries,
  explainedWrong,
  hasImage,
  isWaiting,
  ok,
  type PodCheck,
  type PodContext,
  recreate,
  type StepResult,
  unknown,
  wrong,
} from './pod-context.ts'

/**
 * Checks whether the Pod references the pull secret, and if not, why. A Pod's list of pull secrets
 * never changes after its creation.
 */
export const checkReference: PodCheck = (pod, container, context) => {
  const { image } = container
  if (coveringRegistries(image, context).length === 0) return ok('not needed')
  const { secretName, attach } = context.config
  if (pod.references.includes(secretName)) return ok(`the Pod names ${secretName}`)
  if (pod.isStatic) return explainStaticPod(pod, container)
  const untargeted = checkAccountTarget(pod, context)
  if (untargeted !== undefined) return untargeted
  // The container runs, so one of the Pod's own pull secrets may work. Nothing shows that a new
  // pull would fail.
  if (!isWaiting(container) && pod.references.length > 0) {
    return unknown(`the Pod names other pull secrets (${summarize(pod.references)}); whether they work is not known`)
  }
  return (
    (attach === 'serviceAccounts' ? checkAccountList(pod, context) : checkPodLabel(pod)) ??
    explainTooOld(pod, container, context)
  )
}

/**
 * A static Pod cannot have the reference: the API server refuses a mirror Pod that names Secrets or
 * a ServiceAccount (plugin/pkg/admission/noderestriction, serviceaccount).
 */
function explainStaticPod({ node = '', namespace, name }: PodFacts, container: ContainerFacts): StepResult {
  if (!isWaiting(container))
    return unknown('a static Pod names no pull secret; whether the node could pull again is not known')
  return wrong({
    id: 'POD_STATIC',
    cause: `It is a static Pod: ${node || 'its node'} creates it from a file, so neither a ServiceAccount nor an admission policy can add a pull secret.`,
    fix: 'Let the node log in itself (`acr-nopass node script` installs an image credential provider), or preload the image on the node.',
    command: shell`kubectl -n ${namespace} describe pod ${name}`,
  })
}

function checkAccountTarget(pod: PodFacts, { targets }: PodContext): StepResult | undefined {
  if (targets.takesServiceAccount(pod.serviceAccount)) return undefined
  return wrong({
    id: 'POD_NOT_TARGETED',
    cause: `ServiceAccount ${pod.serviceAccount} is not one of \`targets.serviceAccounts\`.`,
    fix: `Add it to \`targets.serviceAccounts.include\` of the values and upgrade, ${recreate(pod)}.`,
    command: shell`kubectl -n ${pod.namespace} get serviceaccount ${pod.serviceAccount}`,
  })
}

function checkPodLabel(pod: PodFacts): StepResult | undefined {
  if (!pod.optedOut) return undefined
  return wrong({
    id: 'POD_OPTED_OUT',
    cause: 'The Pod carries the label acr-nopass.io/skip: "true".',
    fix: 'Remove the label from the Pod template.',
    command: shell`kubectl -n ${pod.namespace} get pod ${pod.name} --show-labels`,
  })
}

function checkAccountList(pod: PodFacts, { observed, config }: PodContext): StepResult | undefined {
  if (observed.accounts === undefined) {
    return wrong({
      id: 'POD_STUCK',
      cause: `The Pod does not name ${config.secretName}; without the right to read ServiceAccounts, doctor cannot find out why.`,
      fix: 'Run doctor again as a user who can list ServiceAccounts.',
      command: shell`kubectl -n ${pod.namespace} get serviceaccount ${pod.serviceAccount} -o yaml --show-managed-fields`,
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
      fix: `Remove the annotation, ${recreate(pod)}.`,
      command: shell`kubectl -n ${pod.namespace} annotate serviceaccount ${pod.serviceAccount} acr-nopass.io/skip-`,
    })
  }
  if (!account.list.includes(config.secretName)) {
    return wrong({
      id: 'POD_UNREFERENCED',
      cause: `ServiceAccount ${pod.serviceAccount} does not name ${config.secretName}, so none of its Pods does.`,
      fix: `See the finding about ServiceAccounts; ${recreate(pod)}.`,
      command: shell`kubectl -n ${pod.namespace} get serviceaccount ${pod.serviceAccount} -o yaml --show-managed-fields`,
    })
  }
  if (isCopiedList(pod.references, account.list, config.secretName)) return undefined
  return wrong({
    id: 'POD_HAS_OWN_PULL_SECRETS',
    cause: `The Pod names its own pull secrets (${summarize(pod.references)}); Kubernetes then ignores those of its ServiceAccount.`,
    fix: `Add {name: ${config.secretName}} to imagePullSecrets in the Pod template, or use attach: admission (Kubernetes 1.36 or newer).`,
    command: shell`kubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.imagePullSecrets}'`,
  })
}

function explainTooOld(pod: PodFacts, container: ContainerFacts, { observed }: PodContext): StepResult {
  const { namespace, name, owner, isReplaced } = pod
  const cause = "The Pod was admitted before the reference existed, and a Pod's list never changes."
  const ownerOf = shell`kubectl -n ${namespace} get pod ${name} -o jsonpath='{.metadata.ownerReferences}'`
  if (hasImage(container)) {
    const fix = "Nothing to do now: after a rollout restart of the Pod's owner, the new Pods have the reference."
    return wrong({ id: 'POD_TOO_OLD', cause, fix, command: ownerOf })
  }
  const explained = explainPull(container, observed.now)
  if (isWaiting(container) && explained.about === 'unknown') {
    return explainedWrong(
      {
        ...explained,
        cause: `${explained.cause} The Pod also lacks the reference, because it was admitted before the reference existed; but that may not be the reason.`,
        fix: 'Read the message of the node first: a new Pod has the reference, but may fail for the same reason.',
      },
      pod,
    )
  }
  // The controller creates the new Pod from its current template:
  // https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/
  const onDelete = /^(?:DaemonSet|StatefulSet)\//.test(owner ?? '')
    ? ' With updateStrategy OnDelete, deleting the Pod also rolls out later changes of the template.'
    : ''
  return wrong({
    id: 'POD_TOO_OLD',
    cause,
    fix: isReplaced
      ? `Delete the Pod; its controller creates it again with the reference.${onDelete}`
      : owner !== undefined
        ? `Let ${owner} create its Pods again; not every controller replaces a Pod that is deleted.`
        : 'Create the Pod again from its manifest; no controller replaces it, so keep the manifest before you delete it.',
    command: isReplaced
      ? shell`kubectl -n ${namespace} delete pod ${name}`
      : shell`kubectl -n ${namespace} get pod ${name} -o yaml`,
  })
}

/** Checks whether the pull secret exists, is ours, and has not expired. */
export const checkSecret: PodCheck = (pod, { image }, context) => {
  const covering = coveringRegistries(image, context)
  if (covering.length === 0) return ok('not needed')
  const { observed, config } = context
  const { secretName } = config
  if (observed.secrets === undefined) return unknown('you lack the right to list Secrets by that name')
  const secret = observed.secrets.get(pod.namespace)
  if (secret === undefined) {
    return wrong({
      id: 'POD_WITHOUT_SECRET',
      cause: `There is no Secret ${secretName} in namespace ${pod.namespace}.`,
      fix: 'See the finding about the missing pull secret; once it is fixed, the Pod pulls automatically.',
      command: shell`kubectl -n ${pod.namespace} get secret ${secretName}`,
    })
  }
  const why = findCredentialProblem(secret, pod.namespace, covering, context)
  if (why !== undefined) {
    return wrong({
      id: 'POD_CREDENTIAL',
      cause: why,
      fix: 'See the finding about that; once it is fixed, the Pod pulls automatically.',
      command: shell`acr-nopass refresh`,
    })
  }
  const { expiresAt } = secret
  if (expiresAt === undefined) return unknown(`${secretName}, which does not say when it expires`)
  return ok(
    expiresAt === null ? `${secretName}, without expiry` : `${secretName}, until ${new Date(expiresAt).toISOString()}`,
  )
}

function findCredentialProblem(
  secret: SecretView,
  namespace: string,
  covering: readonly string[],
  { observed, config, namespaces, targets }: PodContext,
): string | undefined {
  if (!secret.ours && !config.adopt)
    return `Secret ${config.secretName} in namespace ${namespace} belongs to another owner.`
  const { status = { registries: [] } } = observed.release ?? {}
  const isBad = ({ state, verified, expiresAt }: RegistryStatus): boolean =>
    state === 'pending' || verified === 'refused' || (expiresAt && Date.parse(expiresAt) <= observed.now) === true
  const view = namespaces.get(namespace)
  const here = view && targets.registriesOf(view)
  // A limited registry can have several credentials. Which of them the namespace has is not decided
  // here, so all of them must be bad.
  const failing = covering.find((name) => {
    const items = here === undefined || here.includes(name) ? itemsOf(status, name) : []
    return items.length > 0 && items.every(isBad)
  })
  if (failing !== undefined) return `Registry ${failing} has no working credential.`
  if ((secret.expiresAt ?? Number.POSITIVE_INFINITY) <= observed.now) {
    return `The credential in Secret ${config.secretName} has expired.`
  }
  return undefined
}
