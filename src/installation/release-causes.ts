import { ERROR_CODES } from '../error-codes.ts'
import { type ErrorCode, NopassError } from '../errors.ts'
import { withoutSecrets } from '../kube/api-error.ts'
import { meaningOf } from '../kube/waiting-reasons.ts'
import { type ShellCommand, shell, shellWords } from '../lib/shell-command.ts'
import { exceededQuota } from '../lib/text.ts'
import { FAILED_MOUNT, type HelperPod } from './helper-pod.ts'
import type { HelperStatus, RegistryStatus } from './helper-status.ts'

/** A Deployment whose Pods the API server refuses, so that there is no Pod to inspect. */
export interface PodRefusal {
  readonly namespace: string
  readonly deployment: string
  readonly message: string
}

/** The condition of a Deployment that reports that its Pods are refused. */
export interface DeploymentView {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly message?: string
      readonly lastTransitionTime?: string
    }[]
  }
}

/** Returns the API server's own reason for refusing every Pod of a Deployment. */
export function findPodRefusal(status: DeploymentView['status']): string | undefined {
  return status?.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')?.message
}

/**
 * Returns the fix for a Pod that a quota, a LimitRange, a Pod Security level or a webhook refuses.
 * Only names that Kubernetes allows go into the command, because a webhook may write anything.
 */
export function refusalFix(message: string, namespace: string): string {
  const quota = exceededQuota(message)
  if (quota !== undefined) {
    const show = shows(shell`kubectl describe resourcequota ${quota.name} -n ${namespace}`, 'what is used')
    return `Raise ${quota.limits} of ResourceQuota ${quota.name}, or lower \`resources\` or \`replicas\` in the values; ${show}`
  }
  const [, strict, missing] = /failed quota: ([a-z0-9.-]+): must specify ([\w./,-]+)/.exec(message) ?? []
  if (strict !== undefined)
    return `ResourceQuota ${strict} needs ${missing} of every container: write it in \`resources\` of the values.`
  if (/(minimum|maximum) \S+ usage per|max limit to request ratio per/i.test(message))
    return `Change \`resources\` in the values, or the LimitRange; ${shows(shell`kubectl describe limitrange -n ${namespace}`, 'what it allows')}`
  return 'The message names the Pod Security level, the policy or the webhook: change what it rejects in the values, or the namespace.'
}

/**
 * Makes a sentence about a command. If there is no command, the sentence names what the command
 * would show.
 */
function shows(command: ShellCommand | undefined, what: string): string {
  return command === undefined ? `Read ${what}.` : `\`${command}\` shows ${what}.`
}

/** A problem that prevents the release from becoming ready. */
export interface Cause {
  /** Identifies the cause, to measure how long it lasts. */
  readonly key: string
  /**
   * How long the cause may last before waiting is useless (milliseconds). Infinity if it may
   * resolve itself.
   */
  readonly patienceMs: number
  readonly error: NopassError
}

/**
 * Reasons that waiting does not fix, with the time for which a slow node may show them temporarily
 * (milliseconds).
 */
const WAITING: Readonly<Record<string, number>> = {
  InvalidImageName: 0,
  ErrImageNeverPull: 0,
  CreateContainerConfigError: 20_000,
  CreateContainerError: 20_000,
  RunContainerError: 20_000,
  // A registry may be unavailable for a moment. A wrong name stays wrong.
  ImagePullBackOff: 45_000,
  ErrImagePull: 45_000,
  RegistryUnavailable: 45_000,
  SignatureValidationFailed: 20_000,
  ImageInspectError: 20_000,
  // Another tool may create the missing Secret later.
  [FAILED_MOUNT]: Number.POSITIVE_INFINITY,
}

/** Errors of the cloud that waiting does not fix, with their patience (milliseconds). */
const REGISTRY_PATIENCE: Readonly<Record<string, number>> = {
  CLOUD_NOT_FOUND: 15_000,
  CLOUD_REJECTED: 15_000,
  CLOUD_DENIED: 10_000,
  IDENTITY_NOT_TRUSTED: 10_000,
  IDENTITY_UNAVAILABLE: 30_000,
  CREDENTIALS_MISSING: 30_000,
  CREDENTIALS_REFUSED: 30_000,
}

/**
 * Takes all causes that are present now, and returns the first one that has lasted for its
 * patience.
 */
export function createCauseTimer(): (causes: readonly Cause[]) => Cause | undefined {
  const since = new Map<string, number>()
  return (causes) => {
    const now = performance.now()
    for (const key of since.keys()) if (!causes.some((cause) => cause.key === key)) since.delete(key)
    for (const { key } of causes) since.set(key, since.get(key) ?? now)
    return causes.find(({ key, patienceMs }) => now - (since.get(key) ?? now) >= patienceMs)
  }
}

/** Returns all current causes. The causes that the helper reports come first. */
export function findCauses(observed: {
  readonly namespace: string
  readonly pods: readonly HelperPod[]
  readonly status: HelperStatus | undefined
  readonly refusal?: PodRefusal | undefined
  readonly configHash: string | undefined
  /**
   * True if this run changed RAM. A change takes up to a minute to reach every region, so a denial
   * or an unknown role may be temporary.
   */
  readonly ramChanged: boolean
}): readonly Cause[] {
  const { namespace, pods, status, refusal, configHash, ramChanged } = observed
  const current = status !== undefined && (configHash === undefined || status.configHash === configHash)
  // `pending` with an error: the registry has no credential yet. `failing`: the last good
  // credential is still used.
  const failing = current ? status.registries.filter(({ state }) => state !== 'live') : []
  return [
    ...failing.flatMap((registry) => registryCauses(registry, ramChanged)),
    ...(refusal === undefined ? [] : [refusalCause(refusal)]),
    ...pods.flatMap((pod) => podCauses(pod, namespace)),
  ]
}

/**
 * This cause never ends the wait early, because a quota may have room again once old Pods leave.
 */
function refusalCause({ namespace, deployment, message }: PodRefusal): Cause {
  const words = `the API server creates no Pod of Deployment ${namespace}/${deployment}: ${withoutSecrets(message)}`
  return podFailing(`deployment ${deployment} refused`, words, refusalFix(message, namespace))
}

function podFailing(
  key: string,
  message: string,
  hint: string,
  { patienceMs = Number.POSITIVE_INFINITY, reason }: { readonly patienceMs?: number; readonly reason?: string } = {},
): Cause {
  return { key, patienceMs, error: new NopassError('POD_FAILING', message, { hint, reason }) }
}

/** How long a change of RAM may take to become effective (milliseconds). */
const RAM_DELAY = 60_000

function registryCauses({ name, instanceId, region, error }: RegistryStatus, ramChanged: boolean): readonly Cause[] {
  if (error === undefined) return []
  const patience = REGISTRY_PATIENCE[error.code] ?? Number.POSITIVE_INFINITY
  const isDenied = error.code === 'CLOUD_DENIED' || error.code === 'IDENTITY_NOT_TRUSTED'
  // A role that was just created is unknown to STS until the change reaches STS.
  const isOfRam = isDenied || error.reason?.startsWith('EntityNotExist.') === true
  const what = [instanceId, region].filter(Boolean).join(' in ')
  const message = `registry ${name}${what === '' ? '' : ` (${what})`}: ${error.message}`
  return [
    {
      key: `registry ${name} ${error.code}`,
      patienceMs: isOfRam && ramChanged ? Math.max(patience, RAM_DELAY) : patience,
      error: new NopassError('HELPER_FAILING', message, { hint: error.fix, reason: error.reason ?? error.code }),
    },
  ]
}

function podCauses(pod: HelperPod, namespace: string): readonly Cause[] {
  if (pod.ready) return []
  const { addedContainer } = pod
  const what = `${addedContainer === undefined ? '' : `Container ${addedContainer} of `}Pod ${namespace}/${pod.name}`
  const events = shows(shell`kubectl describe pod ${pod.name} -n ${namespace}`, 'its Events')
  const key = `pod ${pod.name}${addedContainer === undefined ? '' : ` ${addedContainer}`}`
  if (pod.waiting === 'CrashLoopBackOff' || pod.restarts >= 3) return [crashCause(pod, { key, what, namespace })]
  const waiting = pod.waiting === undefined ? undefined : WAITING[pod.waiting]
  if (pod.waiting !== undefined && waiting !== undefined) {
    const isOfImage = meaningOf(pod.waiting) === 'cannot'
    const image = isOfImage ? ` (${pod.image})` : ''
    const message = `${what} does not start: ${pod.waiting}${image}${pod.detail ? `: ${pod.detail}` : ''}`
    const hint = `${waitingFix(pod, isOfImage)} ${events}`
    // While helm waits, the other system that added the container may correct it.
    const patienceMs = addedContainer === undefined ? waiting : Number.POSITIVE_INFINITY
    return [podFailing(`${key} ${pod.waiting}`, message, hint, { patienceMs })]
  }
  if (pod.unscheduled) {
    const message = `${what} fits on no node${pod.detail ? `: ${pod.detail}` : ''}`
    return [podFailing(`${key} unscheduled`, message, `${NODE_FIX} ${events}`)]
  }
  return []
}

function waitingFix({ waiting, addedContainer }: HelperPod, isOfImage: boolean): string {
  if (waiting === FAILED_MOUNT) return VOLUME_FIX
  if (addedContainer !== undefined) return ADDED_FIX
  return isOfImage ? IMAGE_FIX : CONTAINER_FIX
}

const ADDED_FIX =
  'The helper has no such container: a webhook, such as that of a service mesh, may have added it. Fix it there, or exclude the helper with `podAnnotations` or `podLabels` in the values.'
const IMAGE_FIX =
  'Check `image` and `global.imageRegistry` in the values, that the nodes reach that registry, and `imagePullSecrets` if it needs a login.'
const CONTAINER_FIX =
  'Create what the message names, or change `extraEnv`, `extraVolumeMounts` or `podSecurityContext` in the values.'
const VOLUME_FIX =
  'Create the Secret or ConfigMap that the message names, or correct `existingSecret` or `extraVolumes` in the values.'
const NODE_FIX =
  'Make room on a node or add one, or change `resources`, `nodeSelector`, `tolerations`, `affinity` or `topologySpread` in the values.'

function crashCause(
  pod: HelperPod,
  { key, what, namespace }: { readonly key: string; readonly what: string; readonly namespace: string },
): Cause {
  const added = pod.addedContainer
  const logged = added === undefined ? lastLogError(pod.lastLog) : undefined
  const message = `${what} ended ${pod.restarts} times with exit code ${pod.exitCode ?? '?'}${logged ? `: ${logged.message}` : ''}`
  const container = added === undefined ? shellWords`` : shellWords` -c ${added}`
  const logs = shows(shell`kubectl logs ${pod.name}${container} -n ${namespace} --previous`, 'why')
  const hint = logged?.hint ?? (added === undefined ? logs : `${ADDED_FIX} ${logs}`)
  const patienceMs = pod.restarts >= 3 && added === undefined ? 0 : Number.POSITIVE_INFINITY
  return podFailing(`${key} crash`, message, hint, { patienceMs, ...(logged && { reason: logged.code }) })
}

/** The level of warnings in the helper's log (pino). */
const WARNING = 40

/**
 * Explains from the helper's log why a running Pod is not ready. Undefined if the log does not
 * explain it.
 */
export function loggedCause(pod: string, namespace: string, log: string): Cause | undefined {
  const logged = lastLogError(log)
  if (logged === undefined) return undefined
  const { code: reason, message, hint } = logged
  return podFailing(`pod ${pod} log`, `Pod ${namespace}/${pod} is not ready: ${message}`, hint, { reason })
}

/**
 * Finds the last error, or warning with a code, in the helper's log (one JSON line per event). The
 * termination message is the end of this log.
 */
export function lastLogError(
  text: string | undefined,
): { readonly code: ErrorCode; readonly message: string; readonly hint: string } | undefined {
  for (const line of (text ?? '').split('\n').toReversed()) {
    try {
      const { level, code, msg, message, fix } = JSON.parse(line)
      if (typeof code === 'string' && code in ERROR_CODES && !(level < WARNING)) {
        const known = code as ErrorCode
        return { code: known, message: String(message ?? msg), hint: String(fix ?? ERROR_CODES[known].fix) }
      }
    } catch {
      // The helper did not write this line.
    }
  }
  return undefined
}
