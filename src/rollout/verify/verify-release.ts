import { NopassError } from '../../errors.ts'
import { hasStatus, KubeApiError, unlessStatus } from '../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../kube/client.ts'
import { ANNOTATION_AWAITED_CONFIG } from '../../kube/names.ts'
import { isTransient, pollUntil } from '../../kube/poll-until.ts'
import { type HelperStatus, type RegistryStatus, requestRefresh } from '../../release/helper-status.ts'
import { type Cause, findCauses, type PodView } from '../../release/release-causes.ts'
import { type ReleaseParts, readPods, readStatus, type WatchedRelease } from '../../release/release-watch.ts'
import { type Probe, type ProbeRequest, RESTRICTED_CONTAINER, withProbe } from './probe.ts'
import { verifyImage } from './verify-image.ts'
import { waitForSecret } from './wait-for-secret.ts'
import type { ProbePlan } from './what-to-verify.ts'

export interface VerifyRequest extends Pick<ProbeRequest, 'client' | 'folder' | 'target'> {
  readonly parts: WatchedRelease
  readonly secretName: string
  /** Undefined: no probe is created. */
  readonly probe: ProbePlan | undefined
  readonly image: string | undefined
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Milliseconds for each of the waits. */
  readonly limitMs: number
  readonly report: (line: string) => void
}

/**
 * Verifies that the deployed release works: every registry is live with the deployed configuration, a new namespace gets its
 * Secret, a new Pod the reference. Only metadata of Secrets is read.
 * @returns notes for the summary
 * @throws HELPER_FAILING, VERIFY_STATUS, VERIFY_SECRET, VERIFY_ATTACH, VERIFY_IMAGE
 */
export async function verifyRelease(request: VerifyRequest, signal: AbortSignal): Promise<readonly string[]> {
  const status = await verifyStatus(request, signal)
  const live = status.registries.map(({ name, verified }) => `${name} ${verified === 'accepted' ? 'accepted' : 'live'}`)
  const notes = [`registries: ${live.join(', ')}`]
  request.report(notes[0] ?? '')
  const { client, folder, target, probe, image } = request
  if (!probe) {
    const pulled = image === undefined ? '' : `, so ${image} was not pulled`
    return [...notes, `no probe: new namespaces are not among the targets${pulled}`]
  }
  const existing = probe.existing?.namespace
  const probed = await withProbe(
    { client, folder, target, existing, makesPod: image !== undefined },
    (made) => verifyProbe(request, probe, made, signal),
    signal,
  )
  return [...notes, ...probed]
}

/** A restarted Pod may become ready again: one that is not ready fails the verification only after this time. */
const POD_PATIENCE_MS = 20_000

/**
 * Waits until a helper runs and reports every registry as live with the deployed configuration and a credential that has not
 * expired. The status ConfigMap outlives a dead helper, so a ready Pod is required too.
 */
async function verifyStatus(
  request: Pick<VerifyRequest, 'client' | 'parts' | 'limitMs' | 'now'>,
  signal: AbortSignal,
): Promise<HelperStatus> {
  const { client, parts, limitMs, now } = request
  const since = new Map<string, number>()
  let last: HelperStatus | undefined
  let running = false
  let refreshRequested = false
  let pushed = false
  const waited = await pollUntil(limitMs, signal, async () => {
    const [pods, status] = await Promise.all([listPods(client, parts, signal), readStatus(client, parts, signal)])
    last = status
    running = pods === undefined || pods.some(({ ready }) => ready)
    // The backoff of a helper that was refused may be long, and its permission has just been granted.
    if (
      !refreshRequested &&
      parts.ramChanged &&
      parts.statusConfigMap &&
      last?.registries.some(({ state }) => state === 'failing')
    ) {
      refreshRequested = true
      await requestRefresh(client, { namespace: parts.namespace, name: parts.statusConfigMap }, new Date(), signal)
    }
    const current = last !== undefined && (parts.configHash === undefined || last.configHash === parts.configHash)
    if (last !== undefined && !current && !pushed) {
      pushed = true
      await pushConfig(client, parts, signal)
    }
    const causes = [
      ...findCauses({ ...parts, pods: [], status: last }),
      ...(running ? [] : findCauses({ ...parts, pods: pods ?? [], status: undefined }).map(patiently)),
    ]
    for (const key of since.keys()) if (!causes.some((cause) => cause.key === key)) since.delete(key)
    for (const { key, patienceMs, error } of causes) {
      const begin = since.get(key) ?? performance.now()
      since.set(key, begin)
      if (performance.now() - begin >= patienceMs) throw error
    }
    return running && current && (last?.registries.every((registry) => isInUse(registry, now())) ?? false)
  })
  if (waited !== undefined && last !== undefined) return last
  throw new NopassError('VERIFY_STATUS', describeStatus(last, running, parts.configHash, { limitMs, now: now() }))
}

/** Undefined: the chart is not ours, or the deployer may not list Pods; then the status alone decides. */
async function listPods(
  client: KubeClient,
  parts: WatchedRelease,
  signal: AbortSignal,
): Promise<readonly PodView[] | undefined> {
  if (parts.selector === undefined) return undefined
  return unlessStatus(readPods(client, parts, signal), 403)
}

const patiently = (cause: Cause): Cause => ({ ...cause, patienceMs: Math.max(cause.patienceMs, POD_PATIENCE_MS) })

/** A refused credential may be in use because there is no better one; such a registry does not count as working. */
function isInUse({ state, verified, expiresAt }: RegistryStatus, now: number): boolean {
  return state === 'live' && verified !== 'refused' && !(expiresAt !== undefined && Date.parse(expiresAt) <= now)
}

function describeStatus(
  status: HelperStatus | undefined,
  running: boolean,
  hash: string | undefined,
  { limitMs, now }: { readonly limitMs: number; readonly now: number },
): string {
  const time = `after ${Math.round(limitMs / 1000)} s`
  if (!running) {
    const report = status === undefined ? '' : `; its last report is of ${status.updatedAt}`
    return `no Pod of the helper is ready ${time}${report}`
  }
  if (status === undefined) return `the helper has written no report ${time}`
  if (hash !== undefined && status.configHash !== hash)
    return `the helper still works with an older configuration ${time}`
  const bad = status.registries.filter((registry) => !isInUse(registry, now))
  const words = bad.map(({ name, state, verified, error, expiresAt }) =>
    state === 'live' && verified === 'refused'
      ? `registry ${name} refuses the credential that is in use`
      : state === 'live'
        ? `the credential of registry ${name} expired at ${expiresAt} and the helper has not replaced it`
        : `registry ${name} is ${state}${error ? ` (${error.message})` : ''}`,
  )
  return `${words.join('; ')} ${time}`
}

async function verifyProbe(
  request: VerifyRequest,
  { existing, attaches }: ProbePlan,
  probe: Probe,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { client, secretName, target, image, limitMs, report } = request
  const expected = {
    name: secretName,
    instance: `${target.namespace}.${target.release}`,
    registries: existing?.registries,
  }
  const secret = await waitForSecret(client, probe.namespace, expected, request, signal)
  const where = probe.isNew ? 'a new namespace' : `namespace ${probe.namespace}`
  if ('seen' in secret) {
    const words = `Secret ${secretName} in ${where} ${secret.seen}`
    throw new NopassError('VERIFY_SECRET', `${words} after ${limitMs / 1000} s`)
  }
  const notes = [`${where} had its Secret after ${Math.round(secret.ms)} ms`]
  if (attaches) {
    notes.push(await verifyAttachment(request, probe, signal))
    if (image !== undefined) notes.push(await verifyImage(client, probe, image, limitMs, signal))
  } else {
    const pulled = image === undefined ? '' : `, and ${image} not pulled`
    notes.push(
      `the reference was not checked${pulled}: ServiceAccount ${probe.serviceAccount} is not among the targets`,
    )
  }
  for (const note of notes) report(note)
  return notes
}

/** Checks that a Pod (dry run) gets the reference from the admission policy or from its ServiceAccount. */
async function verifyAttachment(
  request: VerifyRequest,
  { namespace, serviceAccount, pod: name }: Probe,
  signal: AbortSignal,
): Promise<string> {
  const { client, secretName } = request
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      serviceAccountName: serviceAccount,
      containers: [{ name: 'probe', image: 'probe.invalid/probe', ...RESTRICTED_CONTAINER }],
    },
  }
  let refused: string | undefined
  const waited = await pollUntil(request.limitMs, signal, async () => {
    try {
      const answer = await client.request<{ spec: { imagePullSecrets?: readonly { name: string }[] } }>(
        { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, query: { dryRun: 'All' }, body: pod },
        signal,
      )
      refused = undefined
      return answer.spec.imagePullSecrets?.some(({ name }) => name === secretName) ?? false
    } catch (error) {
      // The default ServiceAccount of a new namespace takes a moment to appear.
      if (hasStatus(error, 403) && /serviceaccount/i.test(error.message)) return false
      if (!(error instanceof KubeApiError) || error.status === 0) throw error
      // An unavailable webhook looks like an unavailable API server: it may come back.
      refused = error.message
      return !isTransient(error)
    }
  })
  if (refused !== undefined) return `the reference was not checked: a Pod is refused there (${refused})`
  if (waited !== undefined) return `a new Pod had the reference after ${Math.round(waited)} ms`
  throw new NopassError(
    'VERIFY_ATTACH',
    `a new Pod did not get the reference to ${secretName} in ${request.limitMs / 1000} s`,
  )
}

/**
 * Makes the kubelets of the helper's Pods update the mounted configuration now. A kubelet syncs the ConfigMap of a running Pod every
 * 60 to 90 s (`syncFrequency` 1m plus jitter), but immediately when the Pod object changes, so an annotation is enough. A deployer
 * that may not patch Pods has to wait.
 */
export async function pushConfig(client: KubeClient, parts: ReleaseParts, signal: AbortSignal): Promise<void> {
  if (parts.configHash === undefined) return
  const body = { metadata: { annotations: { [ANNOTATION_AWAITED_CONFIG]: parts.configHash } } }
  const pods = await ignoringRefusals(readPods(client, parts, signal))
  for (const { name } of pods ?? []) {
    const path = `/api/v1/namespaces/${parts.namespace}/pods/${name}`
    await ignoringRefusals(client.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body }, signal))
  }
}

async function ignoringRefusals<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof KubeApiError && error.status >= 400 && error.status < 500) return undefined
    throw error
  }
}
